"""Return of results to Moodle, by the rules of its mod/assign/feedback/{file,offline}."""

import csv
import io
import zipfile

import pytest
from class_of_twelve import CLASS, HANDED_IN, WORKSHEET

LOGINS = {str(member.number): member.login for member in CLASS}
EVERYBODY = {member.login for member in HANDED_IN} | {"ihorvat"}


def label(member):
    return f"{member.name}_{member.number}_assignsubmission_file"


def taken_files(path):
    """Read a zip as importziplib.php does: (login, name of the file) and its size."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            folder, name = info.filename.split("/")
            _, number, *plugin = folder.split("_", 3)
            assert plugin == ["assignsubmission", "file"]
            yield (LOGINS[number], name), info.file_size


def taken_grades(path):
    """Read a worksheet as importgradeslib.php does, with commas only: points by login."""
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8").lstrip("\ufeff"))))
    assert "Last modified (grade)" in rows[0]
    return {
        LOGINS[row["Identifier"].removeprefix("Participant ")]: float(row["Grade"])
        for row in rows
        if row["Grade"] != "-"
    }


def returned(graded, invoke, tmp_path, worksheet=None):
    """Hand back; the result, and the paths of grades and pages."""
    options = []
    if worksheet is not None:
        (tmp_path / "w.csv").write_text(worksheet)
        options = ["--worksheet", "w.csv"]
    out = graded(label, scan=worksheet == WORKSHEET)
    result = invoke("return", out, "moodle", *options, cwd=tmp_path)
    return result, out / "return" / "moodle-grades.csv", out / "return" / "moodle-feedback.zip"


def test_moodle_takes_grades_and_pages(graded, invoke, tmp_path):
    result, grades, pages = returned(graded, invoke, tmp_path, WORKSHEET)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [str(grades), str(pages)], "in the order of their upload"
    assert taken_grades(grades) == dict.fromkeys(EVERYBODY, 4.5)
    sizes = dict(taken_files(pages))
    assert sizes.keys() == {(login, "feedback.html") for login in EVERYBODY}
    assert max(sizes.values()) <= 500_000
    before, after = (
        [row[:4] + row[5:] for row in csv.reader(io.StringIO(text))]
        for text in (WORKSHEET[1:], grades.read_text())
    )
    assert before == after, "the rest is as it was"
    assert pages.stat().st_mode & 0o077 == 0


def test_a_worksheet_is_made(graded, invoke, tmp_path):
    result, grades, _ = returned(graded, invoke, tmp_path)
    assert result.returncode == 0 and taken_grades(grades) == dict.fromkeys(EVERYBODY, 4.5)


@pytest.mark.parametrize(
    ("worksheet", "message"),
    [
        ("student,points\nanna,3\n", "'Grade' and 'Maximum grade', got 'student, points'\n"),
        (WORKSHEET.replace("Maximum", "Greatest"), "it needs columns 'Identifier', 'Grade' and"),
        (WORKSHEET.replace("5.00", '"100,00"'), "the assignment's maximum grade is '100,00', and"),
        (WORKSHEET.replace("5.00", "Skala"), "the assignment's maximum grade is 'Skala', and"),
        (
            WORKSHEET.replace("Participant 1", "Participant 2"),
            "w.csv belongs to another class or assignment",
        ),
        ("", "w.csv cannot be read: it is empty"),
    ],
)
def test_what_is_no_worksheet(graded, invoke, tmp_path, worksheet, message):
    result, grades, _ = returned(graded, invoke, tmp_path, worksheet)
    assert result.returncode == 2 and message in result.stderr and result.stderr.count("\n") == 1
    assert not grades.parent.exists()


def test_who_has_left_the_course_harms_nobody(graded, invoke, tmp_path):
    lines = WORKSHEET.splitlines(keepends=True)
    left = "".join(line for line in lines if "Dubois" not in line)
    result, grades, _ = returned(graded, invoke, tmp_path, left)
    assert (result.returncode, result.stderr.count("Léa Dubois")) == (0, 1)
    assert taken_grades(grades) == dict.fromkeys(EVERYBODY - {"ldubois"}, 4.5)


def test_german(graded, invoke, tmp_path):
    german = "ID;Vollständiger Name;Bewertung;Bestwertung;Zuletzt geändert (Bewertung)\n"
    german += "".join(f"Teilnehmer/in{member.number};{member.name};-;5,00;-\n" for member in CLASS)
    result, grades, _ = returned(graded, invoke, tmp_path, german)
    assert result.returncode == 0
    rows = list(csv.reader(io.StringIO(grades.read_text())))
    assert rows[1] == ["Teilnehmer/in1001", "Anna Müller", "4.5", "5,00", "-"]
