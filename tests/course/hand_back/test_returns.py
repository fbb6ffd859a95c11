"""Return of results: only after all marking, each student once, and as a plain folder."""

from nbformat.v4 import new_notebook, writes

from sheet11.course.book.store import Store
from sheet11.course.submissions.people import keep_people, kept_people


def test_not_before_all_is_read(graded, invoke, tmp_path):
    out = graded(read=False)
    result = invoke("return", out, "folder", cwd=tmp_path)
    assert result.returncode == 2 and not (out / "return").exists()
    assert "10 answers of 10 students are still open" in result.stderr
    result = invoke("return", out, "folder", "--partial", cwd=tmp_path)
    assert result.returncode == 0 and (out / "return" / "points-partial.csv").exists()
    page = (out / "return" / "students-partial" / "amueller" / "feedback.html").read_text()
    assert "3 of 5 points" in page and "1 answer is still to be read" in page


def test_two_groups_with_one_member_wait_for_a_decision(graded, invoke, tmp_path):
    out = graded()
    with Store(out) as store:
        people = kept_people(store)
        anna, ivo = people["amueller"], people["hsuzuki"].members[1]
        anna = anna._replace(members=(anna.who, ivo))
        keep_people(store, (people | {"amueller": anna}).values())
    result = invoke("return", out, "folder", cwd=tmp_path)
    assert result.returncode == 2 and "several groups have handed in for Ivo" in result.stderr
    assert invoke("return", out, "folder", "--partial", cwd=tmp_path).returncode == 0
    names = {path.name for path in (out / "return" / "students-partial").iterdir()}
    assert {"amueller", "hsuzuki"} <= names and "ihorvat" not in names


def test_answers_that_two_people_marked_differently_wait_for_a_decision(graded, invoke, tmp_path):
    out = graded()
    with Store(out) as store:
        store.set_mark(["amueller"], "1/why", "tom", 2.0)
    result = invoke("return", out, "folder", cwd=tmp_path)
    assert result.returncode == 2 and "1 answers of 1 students are still open" in result.stderr
    with Store(out) as store:
        store.set_mark(["amueller"], "1/why", "eve", 1.5)
    assert invoke("return", out, "folder", cwd=tmp_path).returncode == 0
    assert "4.5 of 5" in (out / "return/students/amueller/feedback.html").read_text()


def test_a_folder_by_login(graded, invoke, tmp_path):
    out = graded(scan=True)
    (out / "students" / "amueller" / "1.ipynb").write_text(writes(new_notebook()))
    assert invoke("return", out, "folder", cwd=tmp_path).returncode == 0
    assert "1.ipynb" in (out / "students" / "amueller" / "index.html").read_text()
    files = [path for path in (out / "return" / "students").rglob("*") if path.is_file()]
    pages = {path.parent.name: path.read_text() for path in files}
    assert len(pages) == 11
    assert max(path.stat().st_size for path in files) <= 500_000
    assert "1.ipynb" not in pages["amueller"], "what is not handed back"
    assert pages["ihorvat"] == pages["hsuzuki"] and "For Hana Suzuki, Ivo" in pages["ihorvat"]
    rows = (out / "return" / "points.csv").read_text().splitlines()
    finn = "fpetersen,fpetersen,Finn Petersen,1006,fpetersen@uni.example,4.5,5,late,0,"
    assert finn in rows and len(rows) == 12


def test_a_folder_by_name_where_there_is_no_login(graded, invoke, tmp_path):
    out = graded()
    with Store(out) as store:
        people = kept_people(store)
        for student in ("amueller", "boezdemir"):
            who = people[student].who._replace(login="", name="Anna/Müller")
            people[student] = people[student]._replace(who=who, members=(who,))
        keep_people(store, people.values())
    assert invoke("return", out, "folder", cwd=tmp_path).returncode == 0
    names = sorted(path.name for path in (out / "return" / "students").iterdir())
    assert names[:2] == ["Anna-Müller", "Anna-Müller 1002"]


def test_commands_that_cannot_be(graded, invoke, tmp_path):
    result = invoke("return", "nowhere", "folder", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (2, "Error: nowhere holds no grading\n")
    assert not (tmp_path / "nowhere").exists()
    result = invoke("return", "nowhere", "canvas", "--worksheet", "w.csv", cwd=tmp_path)
    assert result.returncode == 2 and "--worksheet is only for moodle" in result.stderr
