"""Intake of a class: the same hand-ins give the same answers in every layout."""

import json
from datetime import UTC, datetime

import pytest
from class_of_twelve import (
    CLASS,
    HANDED_IN,
    LAYOUTS,
    ROSTER,
    WORKSHEET,
    Answers,
    write,
    zipped,
)
from sheets import waves

from sheet11.course.errors import FolderError
from sheet11.course.submissions.attachments import stored_images
from sheet11.course.submissions.intake import Wanted, summary_of, take_in
from sheet11.course.submissions.matching import blank_of
from sheet11.course.submissions.reading import UnreadableError
from sheet11.course.submissions.roster import read_roster

LOGINS = {str(member.number): member.login for member in CLASS}
DEADLINE = datetime(2026, 11, 21, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return waves(tmp_path_factory.mktemp("sheet"))


@pytest.fixture(scope="module")
def blanks(answers):
    return {stem: blank_of(stem, blank) for stem, blank in answers.blank.items()}


@pytest.fixture(scope="module")
def answers(course):
    return Answers(course)


@pytest.fixture(scope="module")
def rosters(tmp_path_factory):
    """Return a handwritten roster, and Moodle's worksheet, which serves as one."""
    folder = tmp_path_factory.mktemp("rosters")
    (folder / "roster.csv").write_text(ROSTER, encoding="cp1252", errors="replace")
    (folder / "worksheet.csv").write_text(WORKSHEET)
    return {name: read_roster(folder / f"{name}.csv") for name in ("roster", "worksheet")}


@pytest.fixture(scope="module", params=LAYOUTS)
def taken(request, blanks, answers, rosters, tmp_path_factory):
    """Read the class in one layout; return its name, the intake, and (person, submission) by login."""
    given = LAYOUTS[request.param](answers, tmp_path_factory.mktemp(request.param))
    roster = rosters["worksheet" if request.param.startswith("moodle") else "roster"]
    intake = take_in(given, Wanted(blanks, roster, DEADLINE))
    pairs = zip(intake.people, intake.submissions, strict=True)
    return request.param, intake, {LOGINS[pair[0].who.id]: pair for pair in pairs}


def answers_in(submission, solutions):
    found = {}
    for stem, cells in submission.notebooks.items():
        found[stem] = {cell.name: cell.source for cell in cells if cell.name in solutions[stem]}
    return found


def test_the_same_answers_in_every_layout(taken, course):
    found = {login: submission for login, (_, submission) in taken[2].items()}
    assert set(found) == {member.login for member in HANDED_IN}
    right = course.solutions
    answers = {login: answers_in(submission, right) for login, submission in found.items()}
    for login in ("amueller", "boezdemir", "crossi", "diwanow", "eschaefer", "hsuzuki"):
        assert (answers[login], found[login].problems) == (right, {}), login
    assert answers["fpetersen"] == {"2_slopes": right["2_slopes"]}
    (proof,) = [cell for cell in found["kmensah"].notebooks["1_waves"] if cell.name == "proof"]
    assert len(stored_images(proof.images)) == 1
    assert answers["ldubois"] == {}


def test_decisions_groups_and_lateness(taken):
    name, intake, found = taken
    people = {login: person for login, (person, _) in found.items()}
    again = "1_waves-1.ipynb" if name == "canvas" else "1_waves (1).ipynb"
    assert {login: person.notes for login, person in people.items() if person.notes} == {
        "eschaefer": (f"1_waves.ipynb and {again} differ, and the last one was taken",),
        "ldubois": ("no notebook; other files: answers.pdf",),
    }
    assert intake.unrecognised == [
        f"no notebook of the sheet was found in the hand-in of {people['ldubois'].student}"
    ]
    shared = {login: person.members for login, person in people.items() if person.members[1:]}
    assert [LOGINS[each.id] for each in shared.pop("hsuzuki")] == ["hsuzuki", "ihorvat", "jbecker"]
    assert shared == {} and intake.absent == []
    summary = summary_of(intake, 2)
    assert summary.startswith("students: 10, notebooks of each: 2; 1 with fewer: "), summary
    late = {"moodle": "2 hours late", "moodle_unpacked": "2 hours late", "canvas": "late"}
    late["nbgrader"] = "18:00:00 late"
    expected = {"fpetersen": late[name]} if name in late else {}
    assert {login: person.late for login, person in people.items() if person.late} == expected


def test_the_summary_names_those_whose_answers_stand_elsewhere(blanks, answers, tmp_path):
    for student in ("anna", "bert"):
        notebook = json.loads(answers.notebook("2_slopes"))
        if student == "bert":
            for cell in notebook["cells"]:
                cell["metadata"].pop("nbgrader", None)
        (tmp_path / student).mkdir()
        (tmp_path / student / "2_slopes.ipynb").write_text(json.dumps(notebook))
    intake = take_in(tmp_path, Wanted({"2_slopes": blanks["2_slopes"]}))
    summary = summary_of(intake, 1)
    assert summary.endswith(
        "; 1 with answers outside their cells or without nbgrader metadata: bert"
    )
    assert intake.submissions[0].notebooks == intake.submissions[1].notebooks


def test_other_assignments_are_left_aside(blanks, answers, tmp_path):
    for folder, members in (
        ("anna/sheet3", "bert"), ("anna/sheet4", "carl"), ("dora/sheet4", "")
    ):  # fmt: skip
        content = answers.notebook("1_waves", members=members)
        write(tmp_path / "submitted" / folder, {"1_waves.ipynb": content})
    (tmp_path / "submitted" / "emil").symlink_to(tmp_path / "submitted" / "anna")
    intake = take_in(tmp_path, Wanted(blanks, assignment="sheet3"))
    assert [len(each.notebooks) for each in intake.submissions] == [1, 0]
    assert [member.name for member in intake.people[0].members] == ["anna", "bert"]
    assert "emil belongs to no student" in intake.unrecognised
    assert len(take_in(tmp_path, Wanted(blanks, assignment="sheet5")).submissions[1].notebooks) == 1


def test_what_belongs_to_no_student(blanks, answers, tmp_path):
    content = answers.notebook("1_waves")
    folders = ("anna/", "build/grade/students/anna/", "__MACOSX/anna/", ".ipynb_checkpoints/", "")
    write(tmp_path / "class", {f"{name}1_waves.ipynb": content for name in folders})
    intake = take_in(tmp_path / "class", Wanted(blanks), tmp_path / "class" / "build" / "grade")
    assert [person.student for person in intake.people] == ["anna"]
    assert intake.unrecognised == ["1_waves.ipynb belongs to no student"]
    assert summary_of(intake, 2).splitlines() == [
        "students: 1, notebooks of each: 2; 1 with fewer: anna",
        "1_waves.ipynb belongs to no student",
    ]


def test_archives_of_a_student(blanks, answers, tmp_path):
    content = {"1_waves.ipynb": answers.notebook("1_waves")}
    for _ in range(3):
        content = {"all.zip": zipped(content)}
    others = {"bad.zip": b"PK\x03\x04 and so on"}
    write(tmp_path / "class" / "anna", content | others)
    for _ in range(18):
        content = {"all.zip": zipped(content)}
    write(tmp_path / "class" / "bert", content)
    intake = take_in(tmp_path / "class", Wanted(blanks))
    assert [person.notebooks for person in intake.people] == [1, 0]
    assert "all.zip is one archive too many" in intake.people[1].notes
    (note,) = intake.people[0].notes
    assert note.startswith("bad.zip cannot be unpacked: it is damaged")


def test_what_of_a_class_could_not_be_unpacked_is_said(blanks, answers, tmp_path):
    name = "Anna_1_assignsubmission_file/1_waves.ipynb"
    content = {name: answers.notebook("1_waves"), "../x.ipynb": b"{}"}
    (tmp_path / "all.zip").write_bytes(zipped(content))
    intake = take_in(tmp_path / "all.zip", Wanted(blanks))
    (note,) = intake.unrecognised
    assert note.startswith("all.zip: '../x.ipynb' cannot be unpacked: ")


def test_what_is_no_class(blanks, tmp_path):
    with pytest.raises(FolderError, match="there is no folder or file '.*given'"):
        take_in(tmp_path / "given", Wanted(blanks))
    (tmp_path / "given").touch()
    with pytest.raises(UnreadableError, match="given cannot be unpacked: it is damaged, not a zip"):
        take_in(tmp_path / "given", Wanted(blanks))


@pytest.mark.parametrize(
    ("stamp", "late"),
    [
        ("2026-11-21 18:00:00.000000 UTC", ""),
        ("2026-11-21 18:00:01.5 UTC", "0:00:01 late"),
        ("2026-11-22 20:03:00 UTC", "1 day, 2:03:00 late"),
        ("2026-11-21 19:30:00+01:00", "0:30:00 late"),
        ("2026-11-21 18:30:00", "0:30:00 late"),
        ("2026-11-21 19:30:00.000000 Europe/Berlin", "0:30:00 late"),
        ("2026-11-21 13:30:00 EST", "0:30:00 late"),
        ("2026-11-21 19:30:00 CEST", "perhaps late"),
        ("2026-11-21 12:00:00 Mars", "perhaps late"),
    ],
)
def test_late(blanks, answers, tmp_path, stamp, late):
    own = {"1_waves.ipynb": answers.notebook("1_waves"), "timestamp.txt": stamp.encode()}
    write(tmp_path / "class" / "anna", own)
    assert take_in(tmp_path / "class", Wanted(blanks, deadline=DEADLINE)).people[0].late == late


@pytest.mark.parametrize(
    ("own", "late"),
    [
        ({}, "1 day, 2:00:00 late"),
        ({"anna": "2026-11-22T21:00+00:00"}, ""),
        ({"anna": "2026-11-22T19:00+00:00"}, "1:00:00 late"),
        ({"bert": "2026-11-22T21:00+00:00"}, "1 day, 2:00:00 late"),
    ],
)
def test_a_deadline_of_ones_own(blanks, answers, tmp_path, own, late):
    stamp = b"2026-11-22 20:00:00 UTC"
    files = {"1_waves.ipynb": answers.notebook("1_waves"), "timestamp.txt": stamp}
    write(tmp_path / "class" / "anna", files)
    rows = [{"id": name, "deadline": time} for name, time in own.items()]
    wanted = Wanted(blanks, deadline=DEADLINE, adjustments=rows)
    assert take_in(tmp_path / "class", wanted).people[0].late == late


def test_a_hand_in_is_late_if_one_of_its_files_is(blanks, answers, tmp_path):
    files = answers.both("anna_LATE_1_11_1_waves.ipynb", "anna_1_12_2_slopes.ipynb")
    write(tmp_path / "class", files)
    (person,) = take_in(tmp_path / "class", Wanted(blanks)).people
    assert (person.late, person.label) == ("late", "anna_1_12_2_slopes.ipynb")


def test_timestamps_of_other_sheets_do_not_count(blanks, answers, tmp_path):
    own = {
        "sheet3/timestamp.txt": b"2026-11-21 20:00:00 UTC",
        "sheet3/1_waves.ipynb": answers.notebook("1_waves"),
        "sheet4/timestamp.txt": b"2026-11-28 12:00:00 UTC",
        "sheet4/3_tides.ipynb": b'{"cells": []}',
    }
    write(tmp_path / "submitted" / "anna", own)
    (person,) = take_in(tmp_path, Wanted(blanks, deadline=DEADLINE)).people
    assert person.late == "2:00:00 late"


@pytest.mark.parametrize("text", ["", "2026-11-21 12:00 Mars"])
def test_a_time_that_cannot_be_read_is_said(blanks, answers, tmp_path, text):
    own = {"1_waves.ipynb": answers.notebook("1_waves"), "timestamp.txt": text.encode()}
    write(tmp_path / "class" / "anna", own)
    (person,) = take_in(tmp_path / "class", Wanted(blanks, deadline=DEADLINE)).people
    assert person.notes == (
        f"timestamp.txt says {text!r}, which is not a time: the hand-in may be late",
    )
    assert take_in(tmp_path / "class", Wanted(blanks)).people[0].notes == ()


def taken_from_moodle(folder, blanks, answers, *names, **wanted):
    content = answers.notebook("1_waves")
    files = {f"{name}_assignsubmission_file/1_waves.ipynb": content for name in names}
    (folder / "all.zip").write_bytes(zipped(files))
    return take_in(folder / "all.zip", Wanted(blanks, **wanted)).people


def test_a_corrected_name_keeps_its_key(blanks, answers, tmp_path):
    earlier = ["Anna Muller_7", "Jan Kim_8", "Jan Kim_9"]
    names = ("Anna Müller_7", "Jan Kim_9", "Jan Kim_88")
    people = taken_from_moodle(tmp_path, blanks, answers, *names, students=earlier)
    keys = {person.student: person.who.name for person in people}
    assert keys == {"Anna Muller_7": "Anna Müller", "Jan Kim_88": "Jan Kim", "Jan Kim_9": "Jan Kim"}


@pytest.mark.parametrize(("numbers", "ids"), [("78", ["7", "9"]), ("12", ["1", "2"])])
def test_a_roster_s_numbers_are_the_platform_s_or_not(blanks, answers, tmp_path, numbers, ids):
    """If they are, somebody with another number is somebody else, even of the same name."""
    first, second = numbers
    (tmp_path / "roster.csv").write_text(f"id,name\n{first},Anna\n{second},Jan Kim\n5,Bo\n")
    roster = read_roster(tmp_path / "roster.csv")
    names = ("Anna_7", "Jan Kim_9", "Bo_5")[: 3 if numbers == "78" else 2]
    people = taken_from_moodle(tmp_path, blanks, answers, *names, roster=roster)
    assert [person.who.id for person in people if person.who.name != "Bo"] == ids


def test_a_platform_s_group_is_nobody_s_number(blanks, answers, tmp_path):
    """Moodle puts the number of the group behind its name, which may be that of a participant."""
    content = answers.notebook("1_waves")
    names = ("Tides_1001_assignsubmission_file", "Default group_assignsubmission_file")
    (tmp_path / "all.zip").write_bytes(zipped({f"{name}/1_waves.ipynb": content for name in names}))
    (tmp_path / "worksheet.csv").write_text(
        "Identifier,Full name,Group\nParticipant 1001,Anna Müller,Default group\n"
        "Participant 1002,Bert Özdemir,Tides\nParticipant 1003,Chiara Rossi,Tides\n"
    )
    intake = take_in(tmp_path / "all.zip", Wanted(blanks, read_roster(tmp_path / "worksheet.csv")))
    members = {
        person.who.name: [member.id for member in person.members] for person in intake.people
    }
    assert members == {"Default group": ["1001"], "Tides": ["1002", "1003"]}
    assert intake.absent == [] and intake.unrecognised == []
