"""Changes of points from one grading to the next: none is lost, and nothing else is called one."""

import pytest
from filled import fill

from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.store import Store
from sheet11.course.hand_back.changes import keep_points, write_changes
from sheet11.course.submissions.adjustments import table_of

TASKS = [
    Task("01/f", "A function", "", 2.0, False, ""),
    Task("01/g", "Another", "", 1.0, False, ""),
]


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as store:
        grade(store, (2.0, "correct"), (1.0, "correct"))
        yield store


def grade(store, *scores):
    """Grade anna with these points and statuses."""
    tasks = [task.name for task in TASKS]
    answers = [
        Answer("anna", task, "f = 1", {}, *score, "")
        for task, score in zip(tasks, scores, strict=True)
    ]
    fill(store, TASKS, answers)


def changes(store):
    return write_changes(store.path.parent, store, table_of(store))


def test_a_grading_that_was_killed_is_compared_with_the_one_before(store, tmp_path):
    keep_points(store)
    grade(store, (0.0, "wrong"), (1.0, "correct"))
    keep_points(store)
    grade(store, (0.0, "error"), (0.5, "partial"))
    assert changes(store) == [
        "01/f: check or sheet changed: anna 2 of 2 → 0 of 2",
        "01/g: check or sheet changed: anna 1 of 1 → 0.5 of 1",
        "total: check or sheet changed: anna 3 of 3 → 0.5 of 3",
    ]
    keep_points(store)
    assert changes(store) == []
    table = (tmp_path / "changes.csv").read_text().splitlines()
    assert table[0] == "time,student,task,before,after,why" and len(table) == 4


def test_a_failure_of_ours_is_said_and_so_is_its_end(store):
    for score, change in (
        ((None, "failed"), "2 of 2 → – of 2"),
        ((2.0, "correct"), "– of 2 → 2 of 2"),
    ):
        keep_points(store)
        grade(store, score, (1.0, "correct"))
        assert changes(store)[0] == f"01/f: failed: anna {change}"
