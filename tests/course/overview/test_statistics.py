"""Statistics of a class against a literal computation."""

import numpy as np
import pandas as pd
import pytest

from sheet11.course.overview.statistics import frequent_reasons, task_statistics

TASKS = {"f": ("01/f", "f", 2.0), "proof": ("01/proof", "proof", 3.0)}
POINTS = {"f": [2, 2, 0, 0, 2, 0], "proof": [3, None, 1, 2, 2.5, 0]}


def answers(**points):
    rows = [
        (*TASKS[task], str(student), "", number, True, "")
        for task, numbers in points.items()
        for student, number in enumerate(numbers)
    ]
    columns = ["task", "title", "maximum", "student", "source", "points", "answered", "remark"]
    return pd.DataFrame(rows, columns=columns).astype({"points": float})


def test_statistics():
    found = task_statistics(answers(**POINTS)).set_index("task")
    assert list(found["students"]) == [6, 5] and list(found["answered"]) == [6, 6]
    assert list(found["mean"]) == [1, pytest.approx(8.5 / 5)]
    assert list(found["earned"]) == [0.5, pytest.approx(8.5 / 15)]
    expected = np.corrcoef([2, 2, 0, 0, 2, 0], [3, 0, 1, 2, 2.5, 0])[0, 1]
    assert found.loc["01/f", "discrimination"] == pytest.approx(expected)
    expected = np.corrcoef([3, 1, 2, 2.5, 0], [2, 0, 0, 2, 0])[0, 1]  # of those that were read
    assert found.loc["01/proof", "discrimination"] == pytest.approx(expected)


def test_nothing_is_earned_while_only_empty_answers_are_graded():
    found = answers(proof=[0, 0, None])
    found["answered"] = [False, False, True]
    assert task_statistics(found)[["mean", "earned"]].isna().all(axis=None)
    found["points"] = [0, 0, 3]
    assert task_statistics(found)["mean"].item() == 1
    found["answered"] = False
    assert task_statistics(found.assign(points=0.0))["earned"].item() == 0


@pytest.mark.parametrize("points", [{"f": [2, 0, 1, 2], "proof": [0, 1, 2, 3]}, {"f": [2.0] * 9}])
def test_few_students_and_equal_points_have_no_discrimination(points):
    assert task_statistics(answers(**points))["discrimination"].isna().all()


def test_reasons_are_counted_and_have_an_example():
    found = answers(f=[0, 0, 0, 2, 0, None], proof=[0])
    found["remark"] = ["rare", "often", "often", "", "there is no 01.ipynb", "not graded", "gap"]
    found["source"] = ["", "def f(): ...", "pass", "", "", "", ""]
    found.loc[4:5, "answered"] = False
    reasons = frequent_reasons(found)
    assert reasons[["title", "remark", "times", "example"]].to_numpy().tolist() == [
        ["f", "often", 2, "def f(): ..."],
        ["f", "rare", 1, ""],
        ["proof", "gap", 1, ""],
    ]
