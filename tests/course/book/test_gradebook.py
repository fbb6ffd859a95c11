"""Tests of the table of all points."""

import pytest
from filled import row_of

from sheet11.course.book.gradebook import (
    KINDS,
    Table,
    days_late,
    grades_csv,
    line_of,
    results_csv,
    still_open,
)
from sheet11.course.book.marks import Task
from sheet11.course.book.scores import Score

CODE = Task("01/f", "A function", "", 2.0, False, "")
PROOF = Task("01/proof", "A proof", "", 3.0, True, "")


def test_a_student_who_is_graded_in_part_has_the_points_in_their_columns():
    rows = [
        row_of("anna", PROOF, Score(5 / 3, "read", "sign")),
        row_of("=bert", CODE, Score(1e-9, "wrong", "@x has shape (1,)")),
        row_of("=bert", PROOF, Score(None, "to read")),
    ]
    tasks = [CODE, PROOF]
    lines = {"anna": line_of(rows[:1], tasks), "=bert": line_of(rows[1:], tasks)}
    table = Table(tasks, lines)
    assert still_open(rows) == 1
    assert grades_csv(table).splitlines() == [
        "student,01/f,01/proof (by hand / 3),total,max,to read,before adjustments,adjustments",
        "anna,,1.666667,1.666667,5,0,1.666667,",
        "'=bert,0,,0,5,1,0,",
    ]
    assert results_csv(table).splitlines() == [
        "student,notebook,task,title,points,max_points,status,remark",
        "anna,01,proof,A proof,1.666667,3,read,sign",
        "'=bert,01,f,A function,0,2,wrong,\"'@x has shape (1,)\"",
        "'=bert,01,proof,A proof,,3,to read,",
    ]


def points(adjustments=(), late="", penalty=0.0):
    """Total of somebody with 1 of 2 for the function and 3 of 3 for the proof."""
    rows = [row_of("a", CODE, Score(1, "wrong")), row_of("a", PROOF, Score(3, "read"))]
    found = [dict.fromkeys(KINDS, "") | {"reason": ""} | each for each in adjustments]
    line = line_of(rows, [CODE, PROOF], found, late, penalty)
    assert line.before == 4
    return line.total


@pytest.mark.parametrize(
    ("adjustments", "total"),
    [
        ([], 4),
        ([{"bonus": "0,5"}, {"bonus": "0.25"}], 4.75),
        ([{"bonus": "7"}], 5),
        ([{"deduction": "7"}], 0),
        ([{"excused": "01/f"}], 5 * 3 / 3),
        ([{"excused": "01/proof"}], 5 * 1 / 2),
        ([{"excused": "01/proof", "days late": "2"}, {"bonus": "1"}], 5 * 1 / 2 * 0.8 + 1),
        ([{"days late": "99"}], 0),
        ([{"excused": "sheet"}, {"bonus": "1"}], None),
        ([{"excused": "01/f"}, {"excused": "01/proof"}], None),
    ],
)
def test_totals_after_adjustments(adjustments, total):
    assert points(adjustments, penalty=0.1) == pytest.approx(total)


@pytest.mark.parametrize(
    ("late", "days"),
    [
        ("", 0),
        ("0:00:01 late", 1),
        ("1 day, 2:03:00 late", 2),
        ("2 days 3 hours late", 3),
        ("1 Tag 2 Stunden verspätet", 2),
        ("late", 0),
    ],
)
def test_days_late_have_begun(late, days):
    assert days_late(late) == days
    assert points(late=late, penalty=0.25) == 4 * (1 - 0.25 * days)
    assert points([{"days late": "1"}], late, 0.25) == 3, "what a person says counts"


@pytest.mark.parametrize(
    ("own", "other", "counts"),
    [
        ((1, "read"), (2, "read"), 2),
        ((0, "not answered"), (1, "read"), 1),
        ((1, "read"), (None, "to read"), None),
        ((0, "not answered"), (None, "to read"), None),
    ],
)
def test_the_better_answer_of_merged_accounts_counts(own, other, counts):
    rows = [row_of("a", PROOF, Score(*own)), row_of("b", PROOF, Score(*other))._replace(digest="b")]
    for each in (rows, rows[::-1]):
        (row,) = line_of(each, [PROOF]).rows
        assert row.score.points == counts


def test_the_same_answer_from_two_accounts_is_read_once():
    rows = [row_of("a", PROOF, Score(1, "read")), row_of("b", PROOF, Score(None, "to read"))]
    assert line_of(rows, [PROOF]).rows == rows[:1]
