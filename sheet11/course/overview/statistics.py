"""How a class did: in each task, and for which reasons points were lost."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sheet11.course.book.gradebook import Row, Table
from sheet11.course.book.scores import Status

FEWEST = 5  # students of whom a correlation says something
MOST_REASONS = 3  # of a task


class Reason(NamedTuple):
    """Why some lost points in a task."""

    title: str
    words: str
    times: int
    example: str  # the answer of one of them


def task_statistics(table: Table) -> pd.DataFrame:
    """A row for each task.

    `students` is the number of those whose points are known, `answered` how many have handed in something, `mean` the
    mean of their points. `earned`, the difficulty of test theory, is the mean as a share of what the task gives.
    `discrimination` is the correlation of the points with the sum of all other tasks' points: near 0, a task tells
    nothing of what a student can do in the others; below, there is something wrong with it.
    """
    points = points_by_student(table)
    totals = points.sum(axis=1)
    found = []
    for task in table.tasks:
        own = points[task.name]
        known = own.notna()
        rows = [row for row in table.rows if row.task.name == task.name]
        found.append(
            {
                "task": task.name,
                "title": task.title,
                "points": task.points,
                "students": int(known.sum()),
                "answered": sum(map(_is_answered, rows)),
                "mean": own.mean(),
                "earned": own.mean() / task.points if task.points else np.nan,
                "discrimination": _correlation(
                    own[known].to_numpy(), (totals - own)[known].to_numpy()
                ),
            }
        )
    return pd.DataFrame(found)


def points_by_student(table: Table) -> pd.DataFrame:
    """Points, NaN where a person is yet to give them: a row for each student, a column for each task."""
    columns = [task.name for task in table.tasks]
    rows = {
        student: [row.score.points for row in rows] for student, rows in table.by_student().items()
    }
    return pd.DataFrame.from_dict(rows, "index", columns=columns, dtype=float)


def frequent_reasons(table: Table, sources: Mapping[tuple[str, str], str]) -> list[Reason]:
    """The most frequent remarks on answers that lost points, by task, each with the answer of one student.

    Args:
        table: all points.
        sources: the answers, by student and name of the task.
    """
    reasons = []
    for task in table.tasks:
        lost = [row for row in table.rows if row.task.name == task.name and _was_lost(row)]
        for words, count in Counter(row.score.remark for row in lost).most_common(MOST_REASONS):
            first = next(row for row in lost if row.score.remark == words)
            reasons.append(
                Reason(task.title, words, count, sources.get((first.student, task.name), ""))
            )
    return reasons


def _is_answered(row: Row) -> bool:
    return row.score.status not in (Status.NOT_ANSWERED, Status.FAILED)


def _was_lost(row: Row) -> bool:
    points = row.score.points
    return (
        _is_answered(row)
        and points is not None
        and points < row.task.points
        and bool(row.score.remark)
    )


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Pearson's, NaN where there are few numbers or all are the same."""
    if len(one) < FEWEST or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
