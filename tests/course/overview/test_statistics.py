"""Numbers of a class, against a literal computation."""

import numpy as np
import pytest
from filled import row_of

from sheet11.course.book.gradebook import Table
from sheet11.course.book.marks import Task
from sheet11.course.book.scores import Score
from sheet11.course.overview.statistics import frequent_reasons, task_statistics

F = Task("01/f", "f", "", 2.0, False, "")
G = Task("01/g", "g", "", 4.0, False, "")
PROOF = Task("01/proof", "proof", "", 3.0, True, "")
POINTS = {
    "a": (2, 4, 3),
    "b": (2, 1, None),
    "c": (0, 0, 1),
    "d": (0, 3, 2),
    "e": (2, 4, 2.5),
    "h": (0, 0, 0),
}


def table(tasks, points):
    rows = []
    for student, own in points.items():
        for task, number in zip(tasks, own, strict=True):
            status = "to read" if number is None else "correct"
            rows.append(row_of(student, task, Score(number, status)))
    return Table(tasks, rows)


def test_statistics():
    found = task_statistics(table([F, G, PROOF], POINTS)).set_index("task")
    assert list(found["students"]) == [6, 6, 5] and list(found["answered"]) == [6, 6, 6]
    assert list(found["mean"]) == [1, 2, pytest.approx(8.5 / 5)]
    assert list(found["earned"]) == [0.5, 0.5, pytest.approx(8.5 / 15)]
    own, others = [2, 2, 0, 0, 2, 0], [7, 1, 1, 5, 6.5, 0]
    assert found.loc["01/f", "discrimination"] == pytest.approx(np.corrcoef(own, others)[0, 1])
    own, others = [3, 1, 2, 2.5, 0], [6, 0, 3, 6, 0]  # of those whose proof was read
    assert found.loc["01/proof", "discrimination"] == pytest.approx(np.corrcoef(own, others)[0, 1])


def test_few_students_and_equal_points_have_no_discrimination():
    few = {student: POINTS[student] for student in "abcd"}
    assert task_statistics(table([F, G, PROOF], few))["discrimination"].isna().all()
    same = task_statistics(table([F], {str(k): (2.0,) for k in range(9)}))
    assert same["discrimination"].isna().all() and same["earned"][0] == 1


def test_reasons_are_counted_and_have_an_example():
    lost = {"a": "rare", "b": "often", "c": "often"}
    rows = [row_of(name, F, Score(0, "wrong", words)) for name, words in lost.items()]
    rows += [
        row_of("d", F, Score(2.0, "correct", "")),
        row_of("e", F, Score(0, "not answered", "there is no 01.ipynb")),
        row_of("g", F, Score(None, "failed", "not graded")),
    ]
    first, second = frequent_reasons(Table([F], rows), {("b", "01/f"): "def f(): ..."})
    assert first == ("f", "often", 2, "def f(): ...") and second == ("f", "rare", 1, "")
