"""Tables: what they say, and what counts of a mark."""

import csv
import io

import pytest

from sheet11.course.book.gradebook import (
    Row,
    Table,
    grades_csv,
    harmless,
    results_csv,
    score_of,
    still_open,
    table_of_points,
)
from sheet11.course.book.marks import Answer, Asked, Entry, Mark, decide
from sheet11.course.book.scores import Score

AUTO = Asked("01/f", "1a.1 · A function", "", 2.0, False, "")
READ = Asked("01/proof", "1a.2 · A proof", "", 3.0, True, "")
TABLE = Table(
    [AUTO, READ],
    [
        Row("anna", AUTO, Score(2.0, "correct", "")),
        Row("anna", READ, Score(None, "to read", "")),
        Row('=1+"1', AUTO, Score(0, "wrong", "@x has shape (1,)")),
        Row('=1+"1', READ, Score(1.5, "read", "read by a person")),
    ],
)


def read(text):
    return list(csv.reader(io.StringIO(text)))


def test_tables():
    assert read(grades_csv(TABLE)) == [
        ["student", "01/f", "01/proof (by hand / 3)", "total", "max", "to read"],
        ["anna", "2", "", "2", "5", "1"],
        ["'=1+\"1", "0", "1.5", "1.5", "5", "0"],
    ]
    assert read(results_csv(TABLE)) == [
        ["student", "notebook", "task", "title", "points", "max_points", "status", "remark"],
        ["anna", "01", "f", "1a.1 · A function", "2", "2", "correct", ""],
        ["anna", "01", "proof", "1a.2 · A proof", "", "3", "to read", ""],
        ["'=1+\"1", "01", "f", "1a.1 · A function", "0", "2", "wrong", "'@x has shape (1,)"],
        ["'=1+\"1", "01", "proof", "1a.2 · A proof", "1.5", "3", "read", "read by a person"],
    ]


def entry(task, automatic, *marks):
    """An answer to a task with what the grading found and (who, kind, points, comment, digest) of some marks."""
    newest = [
        Mark(who, "", kind, points, comment, digest, ())
        for who, kind, points, comment, digest in marks
    ]
    answer = Answer("anna", task.name, "", {}, *automatic)
    return Entry(answer, newest, decide(newest, task.points, "now"), frozenset(), "now")


UNREAD, WRONG = (None, "to read", ""), (0.0, "wrong", "x differs")


@pytest.mark.parametrize(
    ("task", "automatic", "marks", "score"),
    [
        (READ, UNREAD, [], UNREAD),
        (READ, UNREAD, [("eve", "read", 3.0, "", "now")], (3.0, "read", "")),
        (READ, UNREAD, [("eve", "read", 1.5, "", "now")], (1.5, "read", "read by a person")),
        (READ, UNREAD, [("eve", "read", 1.5, "sign", "now")], (1.5, "read", "sign")),
        (READ, UNREAD, [("eve", "read", None, "sign?", "now")], (None, "to read", "sign?")),
        (
            READ,
            UNREAD,
            [("eve", "read", 2.0, "good", "then")],
            (2.0, "to read", "this was read before the answer was changed; good"),
        ),
        (
            READ,
            (0, "not answered", "there is no 01.ipynb"),
            [("eve", "read", 2.0, "by mail", "now")],
            (2.0, "read", "by mail"),
        ),
        (
            AUTO,
            WRONG,
            [("eve", "override", None, "nearly", "now")],
            (0.0, "wrong", "x differs; nearly"),
        ),
        (
            AUTO,
            WRONG,
            [("eve", "override", 1.0, "a typo", "now")],
            (1.0, "overridden", "points given by a person; a typo"),
        ),
    ],
)
def test_what_counts(task, automatic, marks, score):
    assert score_of(entry(task, automatic, *marks), task.points) == Score(*score)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("\t=1", r"\t=1"),
        ("\r@x", r"\r@x"),
        (" -1", " '-1"),
        ("a;=1", "a;'=1"),
        ('a,"+1"', 'a,"\'+1"'),
        ("a; ＝1", "a; '＝1"),
        ("a\n=1\x1b", r"a\n=1\x1b"),
        ("1 - 2 = -1, or 'x'", "1 - 2 = -1, or 'x'"),
    ],
)
def test_no_separator_makes_a_formula(text, written):
    assert harmless(text) == written


def test_what_is_to_be_read_again_is_open_and_its_points_count():
    stale = entry(READ, UNREAD, ("eve", "read", 2.0, "", "then"))
    table = table_of_points([AUTO, READ], [entry(AUTO, (2.0, "correct", "")), stale])
    assert still_open(table.rows) == 1
    assert read(grades_csv(table))[1] == ["anna", "2", "2", "4", "5", "1"]
