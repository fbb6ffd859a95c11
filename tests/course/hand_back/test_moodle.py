"""Return of results to Moodle, by the rules of its mod/assign/feedback/{file,offline}."""

import csv
import io
import zipfile

import pytest
from class_of_twelve import CLASS, HANDED_IN, WORKSHEET

from sheet11.course.book.store import Store
from sheet11.course.submissions.people import Identity, keep_people, kept_people

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


def returned(graded, invoke, tmp_path, worksheet, *options, **choices):
    """Hand back; the result, and the paths of grades and pages."""
    (tmp_path / "w.csv").write_text(worksheet)
    out = graded(label, scan=worksheet == WORKSHEET, **choices)
    return hand_back(invoke, out, *options)


def hand_back(invoke, out, *options):
    result = invoke("return", out, "moodle", "--worksheet", "w.csv", *options, cwd=out.parent)
    return result, out / "return" / "moodle-grades.csv", out / "return" / "moodle-feedback.zip"


def test_moodle_takes_grades_and_pages(graded, invoke, tmp_path):
    result, grades, pages = returned(graded, invoke, tmp_path, WORKSHEET)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:2] == [str(grades), str(pages)], "in the order of upload"
    assert "Upload the worksheet first" in result.stdout
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


def test_moodle_needs_a_worksheet(graded, invoke, tmp_path):
    """One of ours would not know the assignment's maximum, nor whether a number is a participant's or a group's."""
    result = invoke("return", graded(label), "moodle", cwd=tmp_path)
    assert result.returncode == 2 and "moodle needs --worksheet" in result.stderr


@pytest.mark.parametrize(
    ("worksheet", "message"),
    [
        ("student,points\nanna,3\n", "w.csv is not a grading worksheet with"),
        (WORKSHEET.replace("5.00", "20.00"), "the sheet's maximum grade, 5: if the assignment has"),
        (WORKSHEET.replace("5.00", "5.00", 3).replace("5.00", "6", 1), "maximum grade, 5:"),
        (WORKSHEET.replace("5.00", "poor; good"), "another one, or a scale, change it in Moodle"),
        (WORKSHEET.replace("Participant 1", "Participant 2"), "w.csv has other numbers for Anna"),
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
    result, grades, pages = returned(graded, invoke, tmp_path, left)
    assert (result.returncode, result.stderr) == (0, "w.csv does not list Léa Dubois: left out\n")
    assert taken_grades(grades) == dict.fromkeys(EVERYBODY - {"ldubois"}, 4.5)
    assert {login for (login, _), _ in taken_files(pages)} == EVERYBODY - {"ldubois"}


def test_answers_of_those_who_have_left_need_not_be_read(graded, invoke, tmp_path):
    lines = WORKSHEET.splitlines(keepends=True)
    out = graded(label, read=False)
    with Store(out) as store:
        others = [student for student in store.results() if student != "hsuzuki"]
        store.set_mark(others, "1/why", "eve", 1.5)
    (tmp_path / "w.csv").write_text("".join(line for line in lines if "Suzuki" not in line))
    result, _, _ = hand_back(invoke, out)
    assert result.returncode == 2 and "1 answers of 1 students" in result.stderr, "Ivo's group"
    left = [line for line in lines if "Suzuki" not in line and "Horvat" not in line]
    (tmp_path / "w.csv").write_text("".join(left))
    result, _, _ = hand_back(invoke, out)
    assert result.returncode == 0 and "Hana Suzuki, Ivo Horvat: left out" in result.stderr


def test_a_member_without_a_number_harms_nobody(graded, invoke, tmp_path):
    """Somebody who is named in a notebook, and has left the course."""
    out = graded(label)
    with Store(out) as store:
        people = kept_people(store)
        kept = people["hsuzuki"]
        members = (kept.who, Identity(name="Jule Becker the Younger"))
        keep_people(store, (people | {"hsuzuki": kept._replace(members=members)}).values())
    (tmp_path / "w.csv").write_text(WORKSHEET)
    result, grades, _ = hand_back(invoke, out)
    assert (result.returncode, result.stderr.count("Jule Becker the Younger")) == (0, 1)
    assert taken_grades(grades) == dict.fromkeys(EVERYBODY - {"ihorvat"}, 4.5)


def test_a_corrected_name_is_the_same_participant(graded, invoke, tmp_path):
    result, grades, _ = returned(
        graded, invoke, tmp_path, WORKSHEET.replace("Anna Müller", "Ann Miller")
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert taken_grades(grades) == dict.fromkeys(EVERYBODY, 4.5)


def test_a_group_s_number_is_no_participant_s(graded, invoke, tmp_path):
    """Without a roster, the group `Tides` in Moodle's zip looks like a student."""
    out = graded(label)
    with Store(out) as store:
        people = kept_people(store)
        tides = Identity("1002", name="Tides")
        person = people["amueller"]._replace(who=tides, members=(tides,))
        keep_people(store, (people | {"amueller": person}).values())
    rows = [f"{line},{'Tides' if 'Rossi' in line else ''}" for line in WORKSHEET.splitlines()[1:]]
    (tmp_path / "w.csv").write_text("\n".join([WORKSHEET.splitlines()[0] + ",Group", *rows]))
    result, grades, _ = hand_back(invoke, out)
    assert result.returncode == 2 and "for Tides: " in result.stderr and "--roster" in result.stderr
    assert not grades.parent.exists()


HEADERS = {
    "German": "ID;Vollständiger Name;Bewertung;Bestwertung;Zuletzt geändert (Bewertung)",
    "French": "Identifiant;Nom complet;Note;Note maximale;Dernière modification (note)",
    "Japanese": "識別子;フルネーム;評点;最大評点;最終更新日時",
}


@pytest.mark.parametrize(
    ("header", "word"),
    [(HEADERS["German"], "Teilnehmer/in"), (HEADERS["French"], "Participant "),
     (HEADERS["Japanese"], "参加者")],
)  # fmt: skip
def test_languages(graded, invoke, tmp_path, header, word):
    rows = [f"{word}{member.number};{member.name};-;5,00;-" for member in CLASS]
    result, grades, _ = returned(graded, invoke, tmp_path, "\n".join([header, *rows]))
    assert result.returncode == 0
    rows = list(csv.reader(io.StringIO(grades.read_text())))
    assert rows[:2] == [header.split(";"), [f"{word}1001", "Anna Müller", "4.5", "5,00", "-"]]
