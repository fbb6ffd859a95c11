"""Handing back: not before all is read, everybody once, and as a plain folder."""

import csv

from sheet11.course.book.store import Store
from sheet11.course.submissions.people import keep_people, kept_people


def test_not_before_all_is_read(graded, invoke, tmp_path):
    out = graded(read=False)
    result = invoke("return", out, "folder", cwd=tmp_path)
    assert result.returncode == 2 and not (out / "return").exists()
    assert result.stderr == (
        f"Error: 10 answers of 10 students are still open: read them (sheet11 mark {out}), or hand back what there is "
        "with --partial\n"
    )
    result = invoke("return", out, "folder", "--partial", cwd=tmp_path)
    folder, table = out / "return" / "students-partial", out / "return" / "points-partial.csv"
    assert (result.returncode, result.stdout) == (0, f"{folder}\n{table}\n")
    page = (folder / "amueller" / "feedback.html").read_text()
    assert "3 of 5 points</strong>\nso far; 1 answer is still to be read" in page


def test_a_folder_by_login(graded, invoke, tmp_path):
    out = graded()
    (out / "return" / "students" / "earlier").mkdir(parents=True)
    (out / "return" / "points-partial.csv").touch()
    assert invoke("return", out, "folder", cwd=tmp_path).returncode == 0
    assert {path.name for path in (out / "return").iterdir()} == {"students", "points.csv"}
    folders = {
        path.parent.name: path
        for path in (out / "return" / "students").rglob("*")
        if path.is_file()
    }
    assert len(folders) == 11 and {"ihorvat", "hsuzuki"} < folders.keys()
    assert all(
        path.name == "feedback.html" and path.stat().st_size <= 500_000 for path in folders.values()
    )
    page = folders["ihorvat"].read_text()
    assert page == folders["hsuzuki"].read_text()
    assert (
        "<p>For Hana Suzuki, Ivo Horvat.</p>" in page and "late" in folders["fpetersen"].read_text()
    )
    with open(out / "return" / "points.csv", newline="", encoding="utf-8") as file:
        rows = {row["login"]: row for row in csv.DictReader(file)}
    assert rows["fpetersen"] == {
        **{
            "folder": "fpetersen",
            "login": "fpetersen",
            "name": "Finn Petersen",
            "id": "1006",
            "e-mail": "fpetersen@uni.example",
        },
        **{"points": "4.5", "max": "5", "late": "late", "to read": "0"},
    }
    assert rows["ihorvat"]["points"] == "4.5" and len(rows) == 11


def test_where_no_grading_is(invoke, tmp_path):
    result = invoke("return", "nowhere", "folder", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (2, "Error: nowhere holds no grading\n")
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_by_name_where_there_is_no_login(graded, invoke, tmp_path):
    out = graded()
    with Store(out) as store:
        people = list(kept_people(store).values())
        for place, who in enumerate(
            each.who._replace(login="", name="Anna/Müller") for each in people[:2]
        ):
            people[place] = people[place]._replace(who=who, members=(who,))
        keep_people(store, people)
    assert invoke("return", out, "folder", cwd=tmp_path).returncode == 0
    names = sorted(path.name for path in (out / "return" / "students").iterdir())
    assert names[:2] == ["Anna-Müller", "Anna-Müller 1002"]
