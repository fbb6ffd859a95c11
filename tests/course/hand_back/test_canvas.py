"""Return of results to Canvas, by the rules of its lib/gradebook_importer.rb and models/assignment.rb."""

import csv
import io
import re
import zipfile

import nbformat
from class_of_twelve import CLASS, HANDED_IN

LOGINS = {member.number: member.login for member in CLASS}


def label(member):
    first, last = member.name.split()
    kind = {"crossi": "my_22_work.zip", "ldubois": "answers.pdf"}.get(member.login, "1_waves.ipynb")
    late = "LATE_" * member.late
    return f"{(last + first).lower()}_{late}{member.number}_{member.number + 70000}_{kind}"


def taken_grades(path):
    """Read a gradebook as the importer does: assignment, its maximum, and points by login."""
    with open(path, newline="", encoding="utf-8") as file:
        header, maximum, *rows = csv.reader(file)
    assert re.fullmatch("Student,ID,SIS User ID,SIS Login ID,Section", ",".join(header[:5]))
    assert "Points Possible" in maximum[0] and len(header) == 6
    points = {row[3] if not row[1] else LOGINS[int(row[1])]: float(row[5]) for row in rows}
    return header[5], float(maximum[5]), points


def taken_comments(path):
    """Find what becomes comments, by login: files whose name has two numbers between `_`."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            user, attachment = [int(part) for part in name.split("_") if part.isdecimal()][:2]
            assert attachment == user + 70000, "a file that this student has handed in"
            yield LOGINS[user], archive.read(name)


def test_canvas_takes_grades_and_comments(graded, invoke, tmp_path):
    out = graded(label, scan=True)
    result = invoke("return", out, "canvas", "--assignment", "Waves (4711)", cwd=tmp_path)
    gradebook, comments = map(out.joinpath("return").joinpath, FILES)
    assert (result.returncode, result.stdout) == (0, f"{gradebook}\n{comments}\n"), result.stderr
    everybody = {member.login for member in HANDED_IN}
    points = dict.fromkeys(everybody | {"ihorvat"}, 4.5)
    assert taken_grades(gradebook) == ("Waves (4711)", 5.0, points)
    found = dict(taken_comments(comments))
    assert set(found) == everybody and max(map(len, found.values())) < 500_000
    notebook = nbformat.reads(found["amueller"].decode(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.splitlines() == [
        "# 4.5 of 5 points",
        "",
        "| task | points | remark |",
        "|---|---|---|",
        "| A &lt;function&gt; | 3 of 3 | correct |",
        r"| Why \| so | 1.5 of 2 | nearly \| so |",
    ]
    with zipfile.ZipFile(io.BytesIO(found["crossi"])) as archive:
        assert "4.5 of 5 points" in archive.read("feedback.html").decode()


FILES = ("canvas-gradebook.csv", "canvas-comments.zip")


def test_the_title_of_the_sheet_serves(graded, invoke, tmp_path):
    assert invoke("return", graded(), "canvas", cwd=tmp_path).returncode == 0
    assert taken_grades(tmp_path / "out" / "return" / FILES[0])[0] == "Waves"
