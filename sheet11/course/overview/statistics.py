"""Statistics of a class by task, and the most frequent reasons for lost points."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from sheet11.course.book.gradebook import Table
from sheet11.course.book.marks import Entry
from sheet11.course.book.scores import Status

FEWEST = 5  # students for a correlation
MOST_REASONS = 3  # of a task


class Reason(NamedTuple):
    """A remark on answers to a task that lost points."""

    title: str  # of the task
    words: str
    times: int
    example: str  # one of the answers


def task_statistics(table: Table) -> pd.DataFrame:
    """Return a row for each task.

    `students` is the number of those whose points are known, `answered` of those who have handed in something, `mean`
    the mean of their points. `earned`, the difficulty of test theory, is the mean as a share of the task's points.
    `discrimination` is Pearson's correlation of the points with the sum of all other tasks' points: near 0, the task
    tells nothing of what a student can do in the others; below, there is something wrong with it.
    """
    points = points_by_student(table)
    statistics = pd.DataFrame(
        [(task.name, task.title, task.points) for task in table.tasks],
        columns=["task", "title", "points"],
    )
    statistics["students"] = points.count().to_numpy()
    answered = Counter(row.task.name for row in table.rows if _is_answered(row))
    statistics["answered"] = [answered[task.name] for task in table.tasks]
    statistics["mean"] = points.mean().to_numpy()
    statistics["earned"] = statistics["mean"] / statistics["points"]
    totals = points.sum(axis=1)
    correlations = points.apply(lambda own: own.corr(totals - own, min_periods=FEWEST))
    statistics["discrimination"] = correlations.to_numpy()
    return statistics


def points_by_student(table: Table) -> pd.DataFrame:
    """Return points, NaN where they are not known: a row for each student, a column for each task."""
    points = {
        student: {row.task.name: row.score.points for row in rows}
        for student, rows in table.by_student().items()
    }
    columns = [task.name for task in table.tasks]
    return pd.DataFrame.from_dict(points, "index", dtype=float).reindex(columns=columns)


def frequent_reasons(table: Table, sources: Mapping[tuple[str, str], str]) -> list[Reason]:
    """Return the most frequent remarks on answers that lost points, by task.

    Args:
        table: all points.
        sources: the answers, by student and name of the task.
    """
    reasons = []
    for task in table.tasks:
        lost = [row for row in table.rows if row.task.name == task.name and _has_lost(row)]
        remarks = Counter(row.score.remark for row in lost)
        for words, times in remarks.most_common(MOST_REASONS):
            student = next(row.student for row in lost if row.score.remark == words)
            example = sources.get((student, task.name), "")
            reasons.append(Reason(task.title, words, times, example))
    return reasons


def _is_answered(row: Entry) -> bool:
    return row.score.status not in (Status.NOT_ANSWERED, Status.FAILED)


def _has_lost(row: Entry) -> bool:
    points = row.score.points
    has_lost = points is not None and points < row.task.points
    return has_lost and _is_answered(row) and bool(row.score.remark)
