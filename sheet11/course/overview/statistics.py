"""Statistics of a class by task, and the most frequent reasons for lost points."""

from collections.abc import Sequence

import pandas as pd

from sheet11.course.book.marks import Task
from sheet11.course.book.scores import Status
from sheet11.course.book.store import Store

FEWEST = 5  # smallest number of students for a correlation
MOST_REASONS = 3  # reasons for each task


def answers_of(store: Store) -> pd.DataFrame:
    """Return a table with a row for each answer; unknown points are NaN."""
    rows = []
    for entry in store.entries():
        source, _ = store.content(entry.digest)
        rows.append((entry.student, entry.task.name, source, *entry.score))
    columns = ["student", "task", "source", "points", "status", "remark"]
    answers = pd.DataFrame(rows, columns=columns).astype({"points": float})
    answers["answered"] = ~answers["status"].isin([Status.NOT_ANSWERED, Status.FAILED])
    return answers


def points_by_student(answers: pd.DataFrame) -> pd.DataFrame:
    """Return a table of points with a row for each student and a column for each task."""
    return answers.pivot(index="student", columns="task", values="points")


def task_statistics(tasks: Sequence[Task], answers: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a row for each task.

    `students` is the number of students whose points are known, `answered` the number who handed in an answer, and
    `mean` the mean of the points. `earned`, called difficulty in test theory, is the mean as a share of the task's
    points. `discrimination` is Pearson's correlation of the points with the sum of all other tasks' points: near 0 the
    task is unrelated to the others, and a negative value suggests that something is wrong with it.
    """
    points = points_by_student(answers).reindex(columns=[task.name for task in tasks])
    totals = points.sum(axis=1)
    sheet = pd.DataFrame(tasks).rename(columns={"name": "task"}).set_index("task")
    statistics = sheet[["title", "points"]]
    statistics["students"] = points.count()
    statistics["answered"] = answers.groupby("task")["answered"].sum()
    statistics["mean"] = points.mean()
    statistics["earned"] = statistics["mean"] / statistics["points"]
    statistics["discrimination"] = points.apply(
        lambda own: own.corr(totals - own, min_periods=FEWEST)
    )
    return statistics.reset_index()


def frequent_reasons(tasks: Sequence[Task], answers: pd.DataFrame) -> pd.DataFrame:
    """Return the most frequent remarks on answers that lost points, by task, each with an example answer."""
    sheet = pd.DataFrame(tasks).rename(columns={"name": "task", "points": "maximum"})
    both = sheet[["task", "title", "maximum"]].merge(answers, on="task")
    has_lost = (both["points"] < both["maximum"]) & both["answered"] & (both["remark"] != "")
    reasons = both[has_lost].groupby(["task", "title", "remark"], sort=False, as_index=False)
    counted = reasons.agg(times=("source", "size"), example=("source", "first"))
    often = counted.sort_values("times", ascending=False, kind="stable").groupby("task")
    return often.head(MOST_REASONS).sort_index()
