"""Tests of the table of all points."""

from filled import row_of

from sheet11.course.book.gradebook import Table, grades_csv, line_of, results_csv, still_open
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
