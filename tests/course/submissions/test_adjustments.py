"""The table of adjustments: whom each row is for, and what is refused."""

from datetime import datetime

import pytest

from sheet11.course.errors import TableError
from sheet11.course.submissions.adjustments import (
    by_student,
    deadline_of,
    read_adjustments,
    student_called,
)
from sheet11.course.submissions.people import Identity, Person
from sheet11.course.submissions.roster import NO_ROSTER, Roster

ANNA, BERT = (
    Identity("1", "amueller", "Anna Müller"),
    Identity("2", "boe", "Bert Ö", "", "b@uni.example"),
)
EMIL, GROUP = Identity("6", "ek", "Emil K"), Identity("9", "", "Group 9")
ROSTER = Roster({ANNA: "", BERT: "", EMIL: ""})


def people():
    members = (Identity("3", "", "Cleo X"), Identity("4", "", "Cleo X"))
    persons = [
        Person("Anna Müller_1", ANNA, (ANNA,)),
        Person("Bert Ö_2", BERT, (BERT,)),
        Person("Group 9_9", GROUP, members),
        Person("elsewhere", Identity("5", "", "Anna Müller"), ()),
    ]
    return {person.student: person for person in persons}


def rows(tmp_path, *lines):
    path = tmp_path / "adjustments.csv"
    path.write_text("\n".join(lines))
    return read_adjustments(path, ["01/f", "01/proof"])


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("1", "Anna Müller_1"),
        ("boe", "Bert Ö_2"),
        ("b@uni.example", "Bert Ö_2"),
        ("Bert Ö", "Bert Ö_2"),
        ("Bert Ö_2", "Bert Ö_2"),
        ("4", "Group 9_9"),
        ("Cleo X", "Group 9_9"),
        ("Anna Müller", None),
        ("Bert", None),
        ("", None),
    ],
)
def test_names_that_people_use(name, student):
    assert student_called(name, people()) == student


def test_rows_are_sorted_by_student(tmp_path):
    found = rows(tmp_path, "id,excused,merged with", "1,01/f,2", "6,sheet,", "1,01/proof,")
    everybody = people()
    adjusted = by_student(found, everybody, ROSTER)
    excused = {student: [each["excused"] for each in own] for student, own in adjusted.items()}
    assert excused == {"Anna Müller_1": ["01/f", "01/proof"], "Emil K_6": ["sheet"]}
    assert adjusted["Anna Müller_1"][0]["merged with"] == "Bert Ö_2"
    assert everybody["Emil K_6"].who == EMIL, "who is excused without a hand-in"


def test_an_extension_before_the_hand_in_changes_nothing(tmp_path):
    found = rows(tmp_path, "id,deadline", "6,2026-12-04T18:00")
    everybody = people()
    adjusted = by_student(found, everybody, ROSTER)
    assert list(adjusted) == ["6"] and len(everybody) == 4
    assert by_student(adjusted["6"], everybody, NO_ROSTER) == adjusted, "kept without the roster"
    assert deadline_of(found, EMIL) == datetime(2026, 12, 4, 18).astimezone()
    assert deadline_of(found, ANNA) is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "7"),
        ("id", ""),
        ("id", "Anna Müller"),
        ("excused", "01/g"),
        ("bonus", "-1"),
        ("deduction", "nan"),
        ("days late", "two"),
        ("deadline", "2026-02-31T12:00"),
        ("deadline", "tomorrow"),
        ("merged with", "8"),
        ("merged with", "1"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path, column, value):
    row = {"id": "1", "reason": "so", "bonus": "1,5"} | {column: value}
    lines = [";".join(row), "", "2;so;;;", ";".join(row.values())]
    with pytest.raises(TableError) as error:
        by_student(rows(tmp_path, *lines), people(), NO_ROSTER)
    message = str(error.value)
    assert f"adjustments.csv, row 3: {column} must be " in message and f"got {value!r}" in message


def test_a_bonus_has_a_reason_and_columns_are_known(tmp_path):
    with pytest.raises(TableError, match="row 2: reason must be given for a bonus"):
        rows(tmp_path, "id,bonus", "1,1")
    with pytest.raises(TableError, match="columns must be id, .*, got 'bonsu'"):
        rows(tmp_path, "id,bonsu", "1,1")
