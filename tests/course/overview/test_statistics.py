"""Statistics of a class against a literal computation."""

import numpy as np
import pandas as pd
import pytest

from sheet11.course.book.marks import Task
from sheet11.course.overview.statistics import frequent_reasons, task_statistics

F = Task("01/f", "f", "", 2.0, False, "")
PROOF = Task("01/proof", "proof", "", 3.0, True, "")
POINTS = {"f": [2, 2, 0, 0, 2, 0], "proof": [3, None, 1, 2, 2.5, 0]}


def answers(**points):
    rows = [
        (str(student), f"01/{task}", "", number, "", True, "")
        for task, numbers in points.items()
        for student, number in enumerate(numbers)
    ]
    columns = ["student", "task", "source", "points", "status", "answered", "remark"]
    return pd.DataFrame(rows, columns=columns).astype({"points": float})


def test_statistics():
    found = task_statistics([F, PROOF], answers(**POINTS)).set_index("task")
    assert list(found["students"]) == [6, 5] and list(found["answered"]) == [6, 6]
    assert list(found["mean"]) == [1, pytest.approx(8.5 / 5)]
    assert list(found["earned"]) == [0.5, pytest.approx(8.5 / 15)]
    expected = np.corrcoef([2, 2, 0, 0, 2, 0], [3, 0, 1, 2, 2.5, 0])[0, 1]
    assert found.loc["01/f", "discrimination"] == pytest.approx(expected)
    expected = np.corrcoef([3, 1, 2, 2.5, 0], [2, 0, 0, 2, 0])[0, 1]  # of those that were read
    assert found.loc["01/proof", "discrimination"] == pytest.approx(expected)


@pytest.mark.parametrize("points", [{"f": [2, 0, 1, 2], "proof": [0, 1, 2, 3]}, {"f": [2.0] * 9}])
def test_few_students_and_equal_points_have_no_discrimination(points):
    tasks = [F, PROOF][: len(points)]
    assert task_statistics(tasks, answers(**points))["discrimination"].isna().all()


def test_reasons_are_counted_and_have_an_example():
    found = answers(proof=[0], f=[0, 0, 0, 2, 0, None])
    found["remark"] = ["gap", "rare", "often", "often", "", "there is no 01.ipynb", "not graded"]
    found["source"] = ["", "", "def f(): ...", "pass", "", "", ""]
    found.loc[5:, "answered"] = False
    reasons = frequent_reasons([F, PROOF], found)
    assert reasons[["title", "remark", "times", "example"]].to_numpy().tolist() == [
        ["f", "rare", 1, ""],
        ["f", "often", 2, "def f(): ..."],
        ["proof", "gap", 1, ""],
    ]
