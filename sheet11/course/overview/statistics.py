"""Statistics of a class by task, and the most frequent reasons for lost points."""

import pandas as pd

from sheet11.course.book.gradebook import Table
from sheet11.course.book.scores import Status
from sheet11.course.book.store import Store

TASK = ["task", "title", "maximum"]
FEWEST = 5  # smallest number of students for a correlation
MOST_REASONS = 3  # reasons for each task


def answers_of(store: Store, table: Table) -> pd.DataFrame:
    """Return a table with a row for each answer, in the order of the tasks; unknown points are NaN."""
    rows = []
    for student, line in table.lines.items():
        for entry in line.rows:
            task, (source, _) = entry.task, store.content(entry.digest)
            rows.append([task.name, task.title, task.points, student, source, *entry.score])
    columns = [*TASK, "student", "source", "points", "status", "remark"]
    answers = pd.DataFrame(rows, columns=columns).astype({"points": float})
    answers["answered"] = ~answers["status"].isin(
        [Status.NOT_ANSWERED, Status.FAILED, Status.EXCUSED]
    )
    return answers


def task_statistics(answers: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a row for each task.

    `students` is the number of students whose points are known, `answered` the number who handed in an answer, and
    `mean` the mean of the points. `earned`, called difficulty in test theory, is the mean as a share of the task's
    points. `discrimination` is Pearson's correlation of the points with the sum of all other tasks' points: near 0 the
    task is unrelated to the others, and a negative value suggests that something is wrong with it.
    """
    by_task = answers.groupby(TASK, sort=False)
    statistics = by_task.agg(
        students=("points", "count"),
        answered=("answered", "sum"),
        mean=("points", "mean"),
    )
    # until an answer is read, the points of those who gave none say nothing
    known = answers[answers["answered"]].groupby("task")["points"].count()
    statistics.loc[statistics.index.isin(known[known == 0].index, level="task"), "mean"] = float(
        "nan"
    )
    statistics = statistics.reset_index(["title", "maximum"])
    statistics["earned"] = statistics["mean"] / statistics["maximum"]
    points = answers.pivot(index="student", columns="task", values="points")
    totals = points.sum(axis=1)
    statistics["discrimination"] = points.apply(
        lambda own: own.corr(totals - own, min_periods=FEWEST)
    )
    return statistics.reset_index()


def frequent_reasons(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the most frequent remarks on answers that lost points, by task, each with an example answer."""
    has_lost = answers["answered"] & (answers["points"] < answers["maximum"])
    with_remark = answers[has_lost & (answers["remark"] != "")]
    reasons = with_remark.groupby(["task", "title", "remark"], sort=False)
    counted = reasons.agg(times=("source", "size"), example=("source", "first"))
    by_task = counted.groupby("task", sort=False, group_keys=False)
    return by_task.apply(lambda own: own.nlargest(MOST_REASONS, "times")).reset_index()
