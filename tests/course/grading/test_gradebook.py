"""Tables: what is written, and points that come back from a spreadsheet."""

import csv

import pytest

from sheet11.course.errors import PointsError
from sheet11.course.grading.exercises import Task
from sheet11.course.grading.gradebook import Row, Table, harmless, read_manual_points, write_gradebook, write_tables
from sheet11.course.grading.scoring import Verdict

AUTO = Task("01", "f", "1a.1 · A function", "", 2.0, "f-check", 1e-9)
READ = Task("01", "proof", "1a.2 · A proof", "", 3.0, None, 1e-9)
TABLE = Table(
    [AUTO, READ],
    [
        Row("anna", AUTO, Verdict(2.0, "correct", "")),
        Row("anna", READ, Verdict(None, "to be read", "")),
        Row('=1+"1', AUTO, Verdict(0, "wrong", "@x has shape (1,)")),
        Row('=1+"1', READ, Verdict(1.5, "read", "read by a person")),
    ],
)


def read(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))


def test_tables(tmp_path):
    write_tables(tmp_path, TABLE, {})
    assert read(tmp_path / "grades.csv") == [
        ["student", "01/f", "01/proof (by hand / 3)", "total", "max", "to be read"],
        ["anna", "2", "", "2", "5", "1"],
        ["'=1+\"1", "0", "1.5", "1.5", "5", "0"],
    ]
    assert read(tmp_path / "results.csv") == [
        ["student", "notebook", "task", "title", "points", "max_points", "status", "message"],
        ["anna", "01", "f", "1a.1 · A function", "2", "2", "correct", ""],
        ["anna", "01", "proof", "1a.2 · A proof", "", "3", "to be read", ""],
        ["'=1+\"1", "01", "f", "1a.1 · A function", "0", "2", "wrong", "'@x has shape (1,)"],
        ["'=1+\"1", "01", "proof", "1a.2 · A proof", "1.5", "3", "read", "read by a person"],
    ]


def test_moodle(tmp_path):
    assert read(write_gradebook(tmp_path, TABLE, "moodle", "Sheet 3")) == [
        ["Username", "Sheet 3", "Sheet 3 feedback"],
        ["anna", "2", ""],
        ["'=1+\"1", "1.5", "1a.1 · A function: @x has shape (1,); 1a.2 · A proof: read by a person"],
    ]


def test_canvas(tmp_path):
    assert read(write_gradebook(tmp_path, TABLE, "canvas", "Sheet 3")) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Sheet 3"],
        ["    Points Possible", "", "", "", "", "5"],
        ["anna", "", "", "anna", "", "2"],
        ["'=1+\"1", "", "", "'=1+\"1", "", "1.5"],
    ]


def test_points_by_hand_come_back(tmp_path):
    write_tables(tmp_path, TABLE, {})
    path = tmp_path / "grades.csv"
    assert read_manual_points(tmp_path, TABLE.tasks) == {"anna": {}, "'=1+\"1": {READ.column: 1.5}}
    path.write_text(path.read_text().replace("anna,2,,", "anna,2,2.5,"))
    assert read_manual_points(tmp_path, TABLE.tasks)["anna"] == {READ.column: 2.5}
    assert read_manual_points(tmp_path / "empty", TABLE.tasks) == {}


def test_points_of_students_who_are_not_in_the_table_are_kept(tmp_path):
    manual = {"gone": {READ.column: 2.0}, "anna": {READ.column: 3.0}}
    write_tables(tmp_path, TABLE, manual)
    found = read_manual_points(tmp_path, TABLE.tasks)
    assert found["gone"] == {READ.column: 2.0} and found["anna"] == {}, "the table counts for those who are in it"


def test_a_spreadsheet_with_semicolons_and_decimal_commas(tmp_path):
    path = tmp_path / "grades.csv"
    path.write_text(f"\ufeffstudent;01/f;{READ.column};total;max\nanna;2;2,5;4,5;5\n")
    assert read_manual_points(tmp_path, TABLE.tasks) == {"anna": {READ.column: 2.5}}


@pytest.mark.parametrize("entered", ["4", "-1", "good", "nan", "1e9"])
def test_impossible_points(tmp_path, entered):
    path = tmp_path / "grades.csv"
    path.write_text(f"student,01/f,{READ.column}\nanna,2,{entered}\n")
    with pytest.raises(PointsError, match=rf"of 'anna' must be a number from 0 to 3, got '{entered}'"):
        read_manual_points(tmp_path, TABLE.tasks)


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
