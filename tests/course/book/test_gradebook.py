"""The tables of a grading."""

import csv
import io

from sheet11.course.book.gradebook import Row, Table, grades_csv, results_csv, still_open
from sheet11.course.book.marks import Task
from sheet11.course.book.scores import Score

CODE = Task("01/f", "1a.1 · A function", "", 2.0, False, "")
PROOF = Task("01/proof", "1a.2 · A proof", "", 3.0, True, "")
TABLE = Table(
    [CODE, PROOF],
    [
        Row("anna", CODE, Score(2.0, "correct")),
        Row("anna", PROOF, Score(None, "to read")),
        Row('=1+"1', CODE, Score(0, "wrong", "@x has shape (1,)")),
        Row('=1+"1', PROOF, Score(5 / 3, "read", "sign")),
        Row("half graded", PROOF, Score(1e-9, "to read", "stale")),
    ],
)


def read(text):
    return list(csv.reader(io.StringIO(text)))


def test_tables():
    assert read(grades_csv(TABLE)) == [
        ["student", "01/f", "01/proof (by hand / 3)", "total", "max", "to read"],
        ["anna", "2", "", "2", "5", "1"],
        ["'=1+\"1", "0", "1.666667", "1.666667", "5", "0"],
        ["half graded", "", "0", "0", "5", "1"],
    ]
    assert read(results_csv(TABLE)) == [
        ["student", "notebook", "task", "title", "points", "max_points", "status", "remark"],
        ["anna", "01", "f", "1a.1 · A function", "2", "2", "correct", ""],
        ["anna", "01", "proof", "1a.2 · A proof", "", "3", "to read", ""],
        ["'=1+\"1", "01", "f", "1a.1 · A function", "0", "2", "wrong", "'@x has shape (1,)"],
        ["'=1+\"1", "01", "proof", "1a.2 · A proof", "1.666667", "3", "read", "sign"],
        ["half graded", "01", "proof", "1a.2 · A proof", "0", "3", "to read", "stale"],
    ]
    assert still_open(TABLE.rows) == 2
