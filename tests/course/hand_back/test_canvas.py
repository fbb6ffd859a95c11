"""Handing back to Canvas, by its own rules, retold here from lib/gradebook_importer.rb and models/assignment.rb."""

import csv
import io
import re
import zipfile

import nbformat
import pytest
from class_of_twelve import CLASS, HANDED_IN

IDS = {member.number: member.login for member in CLASS}


def label(member):
    first, last = member.name.split()
    kind = {"crossi": "abgabe.zip", "ldubois": "answers.pdf"}.get(member.login, "1_waves.ipynb")
    return f"{(last + first).lower()}_{'LATE_' * member.late}{member.number}_{member.number + 70000}_{kind}"


def taken_grades(path, title):
    """What the importer makes of a gradebook: points by login, and the maximum."""
    with open(path, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert len(header) > 3 and "Student" in header[0] and "ID" in header[1]
    assert re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3])
    columns = 3 + 2
    assert "Section" in header[columns - 1] and header[columns:] == [title]
    found, maximum = {}, None
    for row in rows:
        if "Points Possible" in row[0]:
            maximum = float(row[columns])
            continue
        login = IDS.get(int(row[1]) if row[1] else 0) or next(
            (each for each in IDS.values() if each == row[3]), None
        )
        found[login] = float(row[columns])
    return found, maximum


def taken_comments(path):
    """What becomes comments of a zip: the content by login, of files whose name has two numbers between `_`."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            numbers = [
                part for part in name.rsplit("/", 1)[-1].split("_") if re.fullmatch(r"\d+", part)
            ][:2]
            user, attachment = map(int, numbers)
            assert attachment == user + 70000, "a file that this student has handed in"
            yield IDS[user], (name, archive.read(name))


def test_canvas_takes_grades_and_comments(graded, invoke, tmp_path):
    out = graded(label)
    result = invoke("return", out, "canvas", "--assignment", "Waves (4711)", cwd=tmp_path)
    gradebook, comments = (
        out / "return" / "canvas-gradebook.csv",
        out / "return" / "canvas-comments.zip",
    )
    assert (result.returncode, result.stdout) == (0, f"{gradebook}\n{comments}\n"), result.stderr
    everybody = {member.login for member in HANDED_IN}
    assert taken_grades(gradebook, "Waves (4711)") == (
        dict.fromkeys(everybody | {"ihorvat"}, 4.5),
        5.0,
    )
    found = dict(taken_comments(comments))
    assert set(found) == everybody and max(len(content) for _, content in found.values()) < 500_000
    notebook = nbformat.reads(found["amueller"][1].decode(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.splitlines() == [
        "# 4.5 of 5 points",
        "",
        "| task | points | remark |",
        "|---|---|---|",
        "| A &lt;function> | 3 of 3 | correct |",
        r"| Why \| so | 1.5 of 2 | nearly \| so |",
    ]
    with zipfile.ZipFile(io.BytesIO(found["crossi"][1])) as archive:
        assert archive.namelist() == ["feedback.html"]
        assert "4.5 of 5 points" in archive.read("feedback.html").decode()


def test_the_title_of_the_sheet_serves(graded, invoke, tmp_path):
    out = graded()
    assert invoke("return", out, "canvas", cwd=tmp_path).returncode == 0
    assert taken_grades(out / "return" / "canvas-gradebook.csv", "Waves")[1] == 5.0


def test_what_does_not_belong_together(graded, invoke, tmp_path):
    result = invoke("return", graded(), "canvas", "--worksheet", "w.csv", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr == "Error: --worksheet is Moodle's, and there is none for 'canvas'\n"


@pytest.mark.parametrize("name", ["01.ipynb", "my_22_work.ipynb"])
def test_names_are_given_back_unchanged(graded, name):
    from sheet11.course.hand_back.canvas import to_canvas
    from sheet11.course.hand_back.returns import collect

    given = f"müller_1001_71001_{name}"
    out = graded(lambda member: given if member.number == 1001 else "")
    _, comments = to_canvas(collect(out, False), out, "Waves")
    with zipfile.ZipFile(comments) as archive:
        assert archive.namelist() == [given]
