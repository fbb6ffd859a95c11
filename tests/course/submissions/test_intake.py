"""Taking a class in: the same hand-ins in every layout give the same answers."""

import os
from datetime import UTC, datetime

import pytest
from class_of_twelve import CLASS, HANDED_IN, LAYOUTS, ROSTER, WORKSHEET, Answers, nbgrader, zipped
from sheets import waves

from sheet11.course.errors import FolderError
from sheet11.course.submissions.attachments import taken_out
from sheet11.course.submissions.intake import (
    Wanted,
    lateness,
    not_understood,
    take_in,
    what_was_handed_in,
)
from sheet11.course.submissions.matching import asked_in
from sheet11.course.submissions.roster import NO_ROSTER, read_roster

BY_LOGIN = {member.login: member for member in CLASS}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return waves(tmp_path_factory.mktemp("sheet"))


@pytest.fixture(scope="module")
def asked(answers):
    return {stem: asked_in(stem, blank) for stem, blank in answers.blank.items()}


@pytest.fixture(scope="module")
def answers(course):
    return Answers(course)


@pytest.fixture(scope="module")
def rosters(tmp_path_factory):
    """A roster made by hand, and Moodle's worksheet, which serves as one."""
    folder = tmp_path_factory.mktemp("rosters")
    (folder / "roster.csv").write_text(ROSTER, encoding="cp1252", errors="replace")
    (folder / "worksheet.csv").write_text(WORKSHEET)
    return folder


@pytest.fixture(scope="module", params=LAYOUTS)
def taken(request, course, asked, answers, rosters, tmp_path_factory):
    """The class in one layout: its name, and what is taken in."""
    given = LAYOUTS[request.param](answers, tmp_path_factory.mktemp(request.param))
    of_moodle = request.param.startswith("moodle")
    roster = read_roster(rosters / ("worksheet.csv" if of_moodle else "roster.csv"))
    intake = take_in(given, Wanted(asked, roster, datetime(2026, 11, 21, 18, tzinfo=UTC)))
    number = {member.number: member.login for member in CLASS}
    found = {
        number[int(person.who.id)]: (person, submission)
        for submission, person in zip(*intake[:2], strict=True)
    }
    return request.param, intake, found


def test_everybody_is_there_once(taken):
    name, intake, found = taken
    assert list(found) == sorted(found) or name.startswith(("moodle", "canvas"))
    assert set(found) == {member.login for member in HANDED_IN} and len(intake.submissions) == 10
    assert intake.strange == [] and intake.absent == []


def test_the_same_answers_in_every_layout(taken, course):
    _, _, found = taken
    right = course.solutions
    for login in ("amueller", "boezdemir", "crossi", "diwanow", "eschaefer", "hsuzuki"):
        assert found[login][1].answers == right, login
        assert found[login][1].problems == {}
    assert found["fpetersen"][1].answers == {"2_slopes": right["2_slopes"]}
    assert found["fpetersen"][1].problems == {"1_waves": "there is no 1_waves.ipynb"}
    assert found["gnowak"][1].answers["1_waves"]["wave"] != right["1_waves"]["wave"]
    assert taken_out(found["kmensah"][1].images["1_waves"]["proof"]).keys() == {"scan.png"}
    assert found["ldubois"][1].answers == {} and all(
        submission.error is None for _, submission in found.values()
    )


def test_what_was_decided_is_said(taken):
    name, intake, found = taken
    again = "1_waves-1.ipynb" if name == "canvas" else "1_waves (1).ipynb"
    note = f"1_waves.ipynb and {again} differ, and the last one was taken"
    said = {login: person.notes for login, (person, _) in found.items() if person.notes}
    assert said == {"eschaefer": (note,), "ldubois": ("no notebook, but answers.pdf",)}
    assert not_understood(intake) == [
        f"no notebook was recognised of {found['ldubois'][0].student}"
    ]


def test_a_group_shares_a_hand_in(taken):
    _, _, found = taken
    shared = {
        login: [each.login or each.id for each in person.members]
        for login, (person, _) in found.items()
    }
    mates = (
        ["1008", "1009", "1010"]
        if taken[0].startswith("moodle")
        else ["hsuzuki", "ihorvat", "jbecker"]
    )
    assert shared["hsuzuki"] == mates
    assert all(len(members) == 1 for login, members in shared.items() if login != "hsuzuki")


def test_late_is_who_the_platform_says(taken):
    name, _, found = taken
    late = {"moodle": "2 hours late", "canvas": "late", "nbgrader": "18 h late"}.get(
        name.partition("_")[0], ""
    )
    assert {login: person.late for login, (person, _) in found.items() if person.late} == (
        {"fpetersen": late} if late else {}
    )


def test_names_are_not_those_of_files(taken):
    for login, (person, _) in taken[2].items():
        if taken[0] != "github":
            assert person.who.name.split()[1][1:3] == BY_LOGIN[login].name.split()[1][1:3]
        assert "/" not in person.student


def test_the_summary(asked, answers, tmp_path):
    given = nbgrader(answers, tmp_path)
    intake = take_in(given, Wanted(asked, NO_ROSTER, datetime(2026, 11, 21, 18, tzinfo=UTC)))
    first, *notes = what_was_handed_in(intake, 2).splitlines()
    assert first == (
        "10 students, 2 notebooks each; 1 with fewer: fpetersen; 1 without a recognisable notebook: ldubois; 1 late"
    )
    assert notes == [
        "eschaefer: 1_waves.ipynb and 1_waves (1).ipynb differ, and the last one was taken",
        "ldubois: no notebook, but answers.pdf",
    ]


def test_timestamps_of_other_sheets_do_not_count(asked, answers, tmp_path):
    own = tmp_path / "submitted" / "anna"
    for name, day in (("sheet3", 21), ("sheet4", 28)):
        (own / name).mkdir(parents=True)
        (own / name / "timestamp.txt").write_text(f"2026-11-{day} 12:00:00 UTC")
    (own / "sheet3" / "1_waves.ipynb").write_bytes(answers.notebook("1_waves"))
    (own / "sheet4" / "3_tides.ipynb").write_text('{"cells": []}')
    (person,) = take_in(
        tmp_path, Wanted(asked, deadline=datetime(2026, 11, 21, 10, tzinfo=UTC))
    ).people
    assert person.late == "2 h late"


def test_other_assignments_are_left_aside(asked, answers, tmp_path):
    for student, name, members in (
        ("anna", "sheet3", "bert"), ("anna", "sheet4", "carl"), ("dora", "sheet4", "")
    ):  # fmt: skip
        path = tmp_path / "submitted" / student / name / "1_waves.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(answers.notebook("1_waves", members=members))
        os.utime(path, (0, 0) if name == "sheet3" else None)
    (tmp_path / "submitted" / "emil").symlink_to(tmp_path / "submitted" / "anna")
    intake = take_in(tmp_path, Wanted(asked, assignment="sheet3"))
    assert [len(each.answers) for each in intake.submissions] == [1, 0, 0]
    assert [member.name for member in intake.people[0].members] == ["anna", "bert"]
    assert len(take_in(tmp_path, Wanted(asked, assignment="sheet5")).submissions[1].answers) == 1


def test_two_hand_ins_of_one_group_are_reported(asked, answers, tmp_path, rosters):
    for login in ("hsuzuki", "ihorvat"):
        (tmp_path / "class" / login).mkdir(parents=True)
        content = answers.notebook(
            "1_waves", members="ihorvat; Hana Suzuki; Jule Becker; Nobody Known"
        )
        (tmp_path / "class" / login / "x.ipynb").write_bytes(content)
    intake = take_in(tmp_path / "class", Wanted(asked, read_roster(rosters / "roster.csv")))
    hana, ivo = intake.people
    stranger = "'Nobody Known', named as a member, is not in the roster"
    assert hana.notes == (stranger, "of the same group, and handed in, too: ihorvat")
    assert ivo.notes == (stranger, "of the same group, and handed in, too: hsuzuki")
    assert (
        intake.absent[:2] == ["Anna Müller", "Bert Özdemir"] and "Jule Becker" not in intake.absent
    )


def test_who_is_nobody(asked, answers, tmp_path):
    given = tmp_path / "class"
    for name in ("anna", "build/grade/students/anna", "__MACOSX/anna", ".ipynb_checkpoints"):
        (given / name).mkdir(parents=True)
        (given / name / "1_waves.ipynb").write_bytes(answers.notebook("1_waves"))
    (given / "1_waves.ipynb").write_bytes(answers.notebook("1_waves"))
    intake = take_in(given, Wanted(asked), given / "build" / "grade")
    assert [person.student for person in intake.people] == ["anna"]
    assert (
        what_was_handed_in(intake, 2)
        == "1 student, 2 notebooks each; 1 with fewer: anna\nwhose is 1_waves.ipynb?"
    )
    assert not_understood(intake) == ["whose is 1_waves.ipynb?"]


def test_archives_that_are_none(asked, answers, tmp_path):
    (tmp_path / "class" / "anna").mkdir(parents=True)
    (tmp_path / "class" / "anna" / "all.zip").write_bytes(b"PK\x03\x04 and so on")
    (tmp_path / "class" / "anna" / "all.rar").write_bytes(b"Rar!")
    (person,) = take_in(tmp_path / "class", Wanted(asked)).people
    assert person.notes == (
        "all.rar is no zip file, and was not unpacked",
        "all.zip cannot be unpacked: it is damaged, or no zip file",
    )
    content = {"1_waves.ipynb": answers.notebook("1_waves")}
    for _ in range(5):
        content = {"all.zip": zipped(content)}
    (tmp_path / "class" / "anna" / "all.zip").write_bytes(content["all.zip"])
    (person,) = take_in(tmp_path / "class", Wanted(asked)).people
    assert person.notes[1] == "all.zip is an archive within too many others, and was not unpacked"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no folder or file '{}'"),
        (b"", "{}: given cannot be unpacked: it is damaged, or no zip file"),
    ],
)
def test_what_is_no_class(asked, tmp_path, content, message):
    if content is not None:
        (tmp_path / "given").write_bytes(content)
    with pytest.raises(FolderError, match=message.format(tmp_path / "given")):
        take_in(tmp_path / "given", Wanted(asked))


@pytest.mark.parametrize(
    ("stamps", "late"),
    [
        (["2026-11-21 12:00:00.000000 UTC"], ""),
        (["2026-11-21 12:00:01.5 UTC"], "less than 1 min late"),
        (["2026-11-22 14:03:00 UTC", "2026-11-20 12:00:00 UTC"], "1 d 2 h 3 min late"),
        (["2026-11-21 13:30:00+01:00"], "30 min late"),
        (["yesterday", ""], ""),
        ([], ""),
    ],
)
def test_late(stamps, late):
    assert lateness(stamps, datetime(2026, 11, 21, 12, tzinfo=UTC)) == late
    assert lateness(stamps, None) == ""


def test_a_platform_s_group_is_nobody_s_number(ids, answers, tmp_path):
    """Moodle puts the number of the group behind its name, which may be that of a participant."""
    content = answers.notebook("1_waves")
    names = ("Tides_1001_assignsubmission_file", "Default group_assignsubmission_file")
    (tmp_path / "all.zip").write_bytes(zipped({f"{name}/1_waves.ipynb": content for name in names}))
    worksheet = "Identifier,Full name,Group,Grade\n"
    for number, name, group in (
        (1001, "Anna Müller", ""),
        (1002, "Bert Özdemir", "Tides"),
        (1003, "Chiara Rossi", "Tides"),
    ):
        worksheet += f"Participant {number},{name},{group or 'Default group'},-\n"
    (tmp_path / "worksheet.csv").write_text(worksheet)
    intake = take_in(tmp_path / "all.zip", Wanted(asked, read_roster(tmp_path / "worksheet.csv")))
    members = {
        person.who.name: [member.id for member in person.members] for person in intake.people
    }
    assert members == {"Default group": ["1001"], "Tides": ["1002", "1003"]}
    assert intake.absent == [] and not_understood(intake) == []


def test_what_could_not_be_unpacked_is_said(asked, answers, tmp_path):
    content = {
        "Anna_1_assignsubmission_file/1_waves.ipynb": answers.notebook("1_waves"),
        "../x.ipynb": b"{}",
    }
    (tmp_path / "all.zip").write_bytes(zipped(content))
    intake = take_in(tmp_path / "all.zip", Wanted(asked))
    assert not_understood(intake) == ["all.zip holds '../x.ipynb', which is outside of it"]
    assert what_was_handed_in(intake, 2).splitlines()[1:] == not_understood(intake)
