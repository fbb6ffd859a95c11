"""Numbers of a class, against a literal computation."""

import numpy as np
import pytest

from sheet11.course.book.gradebook import Row, Table
from sheet11.course.book.marks import Task
from sheet11.course.book.scores import Score
from sheet11.course.overview.statistics import frequent_reasons, task_statistics

F, G, PROOF = (
    Task(f"01/{name}", name, "", points, name == "proof", "")
    for name, points in [("f", 2.0), ("g", 4.0), ("proof", 3.0)]
)
POINTS = {
    "a": (2, 4, 3),
    "b": (2, 1, None),
    "c": (0, 0, 1),
    "d": (0, 3, 2),
    "e": (2, 4, 2.5),
    "h": (0, 0, 0),
}


def score(task, points):
    if points is None:
        return Score(None, "to read", "")
    full = points == task.points
    return Score(points, "correct" if full else "wrong", "" if full else f"lost in {task.title}")


TABLE = Table(
    [F, G, PROOF],
    [
        Row(name, task, score(task, p))
        for name, points in POINTS.items()
        for task, p in zip((F, G, PROOF), points, strict=True)
    ],
)


def test_statistics():
    found = task_statistics(TABLE).set_index("task")
    assert list(found["students"]) == [6, 6, 5] and list(found["answered"]) == [6, 6, 6]
    assert found.loc["01/f", "mean"] == 1 and found.loc["01/f", "earned"] == 0.5
    assert found.loc["01/g", "mean"] == 2 and found.loc["01/proof", "earned"] == pytest.approx(
        8.5 / 15
    )
    own, others = [2, 2, 0, 0, 2, 0], [7, 1, 1, 5, 6.5, 0]
    assert found.loc["01/f", "discrimination"] == pytest.approx(np.corrcoef(own, others)[0, 1])
    own, others = [3, 1, 2, 2.5, 0], [6, 0, 3, 6, 0]  # of those whose proof was read
    assert found.loc["01/proof", "discrimination"] == pytest.approx(np.corrcoef(own, others)[0, 1])


def test_few_students_and_equal_points_have_no_discrimination():
    few = Table(
        [F, G], [row for row in TABLE.rows if row.student in "abcd" and row.task is not PROOF]
    )
    assert task_statistics(few)["discrimination"].isna().all()
    same = Table([F], [Row(str(k), F, Score(2.0, "correct", "")) for k in range(9)])
    assert (
        task_statistics(same)["discrimination"].isna().all()
        and task_statistics(same)["earned"][0] == 1
    )


def test_reasons_are_counted_and_have_an_example():
    rows = [
        Row(name, F, Score(0, "wrong", words))
        for name, words in [("a", "rare"), ("b", "often"), ("c", "often")]
    ]
    rows += [
        Row("d", F, Score(2.0, "correct", "")),
        Row("e", F, Score(0, "not answered", "not answered")),
    ]
    rows += [
        Row("f", F, Score(0, "not answered", "there is no 01.ipynb")),
        Row("g", F, Score(None, "failed", "not graded")),
    ]
    first, second = frequent_reasons(Table([F], rows), {("b", "01/f"): "def f(): ..."})
    assert first == ("f", "often", 2, "def f(): ...") and second == ("f", "rare", 1, "")
