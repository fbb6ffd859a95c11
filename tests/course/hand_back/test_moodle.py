"""Handing back to Moodle, by its own rules, retold here from mod/assign/feedback/{file,offline}."""

import csv
import io
import zipfile

import pytest
from class_of_twelve import CLASS, HANDED_IN, WORKSHEET

PLUGINS = {
    ("assignsubmission", "file"),
    ("assignfeedback", "file"),
    ("assignsubmission", "onlinetext"),
}
UNIQUE_IDS = {member.number: member.login for member in CLASS}


def label(member):
    return f"{member.name}_{member.number}_assignsubmission_file"


def taken_files(path):
    """What importziplib.php makes of a zip: (login, name of the file) and its size."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            parts = info.filename.split("/")
            if info.is_dir() or parts[-1].startswith((".", "~")):
                continue
            while parts:
                fields = parts.pop(0).split("_", 4)
                if len(fields) < 4 or not fields[1].isdecimal() or int(fields[1]) not in UNIQUE_IDS:
                    continue
                if (fields[2], fields[3]) not in PLUGINS:
                    continue
                name = "/".join([fields[4] if len(fields) > 4 else "", *parts])
                yield (UNIQUE_IDS[int(fields[1])], name.lstrip("/")), info.file_size
                break


def taken_grades(path, maximum=5.0):
    """What importgradeslib.php and the form make of a worksheet: points by login."""
    text = path.read_text(encoding="utf-8").removeprefix("\ufeff")
    header, *rows = csv.reader(io.StringIO(text))  # with commas; nothing else is tried
    identifier, grade, modified = (
        header.index(name) for name in ("Identifier", "Grade", "Last modified (grade)")
    )
    found = {}
    for row in rows:
        assert len(row) == len(header) and modified >= 0
        number = int(row[identifier][len("Participant ") :])
        if row[grade] not in ("", "-"):  # which unformat_float and the form leave alone
            assert 0 <= float(row[grade]) <= maximum
            found[UNIQUE_IDS[number]] = float(row[grade])
    return found


EVERYBODY = {member.login for member in HANDED_IN} | {"ihorvat"}


def test_moodle_takes_pages_and_grades(graded, invoke, tmp_path):
    out = graded(label)
    (tmp_path / "worksheet.csv").write_text(WORKSHEET)
    result = invoke("return", out, "moodle", "--worksheet", "worksheet.csv", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    pages, grades = out / "return" / "moodle-feedback.zip", out / "return" / "moodle-grades.csv"
    assert result.stdout.splitlines() == [str(grades), str(pages)], "in the order of their upload"
    sizes = dict(taken_files(pages))
    assert (
        set(sizes) == {(login, "feedback.html") for login in EVERYBODY}
        and max(sizes.values()) <= 500_000
    )
    assert taken_grades(grades) == dict.fromkeys(EVERYBODY, 4.5)
    with zipfile.ZipFile(pages) as archive:
        assert (
            f"{label(CLASS[0])}/feedback.html" in archive.namelist()
            and len(archive.namelist()) == 11
        )
    before, after = (
        list(csv.reader(io.StringIO(text))) for text in (WORKSHEET[1:], grades.read_text())
    )
    assert [row[:4] + row[5:] for row in before] == [row[:4] + row[5:] for row in after], (
        "the rest is as it was"
    )
    assert pages.stat().st_mode & 0o077 == 0


def test_a_worksheet_is_made(graded, invoke, tmp_path):
    out = graded()
    assert invoke("return", out, "moodle", cwd=tmp_path).returncode == 0
    assert taken_grades(out / "return" / "moodle-grades.csv") == dict.fromkeys(EVERYBODY, 4.5)
    assert {
        login for (login, _), _ in taken_files(out / "return" / "moodle-feedback.zip")
    } == EVERYBODY


@pytest.mark.parametrize(
    ("worksheet", "message"),
    [
        (
            "student,points\nanna,3\n",
            "it needs columns 'Identifier', 'Grade' and 'Maximum grade', got 'student, points'\n",
        ),
        (WORKSHEET.replace("5.00", '"100,00"'), "the assignment's maximum grade is '100,00', and"),
        (
            WORKSHEET.replace('"5.00"', "5").replace("5.00", "100.00"),
            "the assignment's maximum grade is '100.00', and",
        ),
        (WORKSHEET.replace("Maximum", "Greatest"), "it needs columns 'Identifier', 'Grade' and"),
        (
            WORKSHEET.replace("5.00", "-"),
            "the assignment's maximum grade is '-', and the sheet's 5",
        ),
        (WORKSHEET.replace("Participant 1", "Participant 2"), "w.csv is the worksheet of others"),
        ("", "w.csv is empty"),
    ],
)
def test_what_is_no_worksheet(graded, invoke, tmp_path, worksheet, message):
    if worksheet is not None:
        (tmp_path / "w.csv").write_text(worksheet)
    result = invoke("return", graded(), "moodle", "--worksheet", "w.csv", cwd=tmp_path)
    assert result.returncode == 2 and message in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "out" / "return").exists()


def test_who_has_left_the_course_harms_nobody(graded, invoke, tmp_path):
    lines = WORKSHEET.splitlines(keepends=True)
    (tmp_path / "w.csv").write_text("".join(line for line in lines if "Dubois" not in line))
    result = invoke("return", graded(), "moodle", "--worksheet", "w.csv", cwd=tmp_path)
    assert (result.returncode, result.stderr.count("Léa Dubois")) == (0, 1)
    grades = taken_grades(tmp_path / "out" / "return" / "moodle-grades.csv")
    assert grades == dict.fromkeys(EVERYBODY - {"ldubois"}, 4.5)


def test_german(graded, invoke, tmp_path):
    german = "ID;Vollständiger Name;Bewertung;Bestwertung;Zuletzt geändert (Bewertung)\n"
    german += "".join(f"Teilnehmer/in{member.number};{member.name};-;5,00;-\n" for member in CLASS)
    (tmp_path / "w.csv").write_text(german, encoding="utf-16")
    assert (
        invoke("return", graded(), "moodle", "--worksheet", "w.csv", cwd=tmp_path).returncode == 0
    )
    rows = list(
        csv.reader(io.StringIO((tmp_path / "out" / "return" / "moodle-grades.csv").read_text()))
    )
    assert rows[1] == ["Teilnehmer/in1001", "Anna Müller", "4.5", "5,00", "-"]
