"""The table of all points, after adjustments, and its CSV files."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sheet11.course.book.marks import Entry, Task
from sheet11.course.book.scores import Score, Status, points_text
from sheet11.course.tables import harmless_csv

GRADES = "grades.csv"


class Adjustments(NamedTuple):
    """Adjustments of a student's points."""

    excused: Sequence[str] = ()  # tasks
    extra: float = 0.0  # bonus less deduction
    days: float | None = None  # late; None is what the platform says
    merged: Sequence[str] = ()  # other students whose answers count, too
    words: Sequence[str] = ()


NONE = Adjustments()


class Line(NamedTuple):
    """A student's points."""

    rows: Sequence[Entry]  # in the order of the tasks
    before: float  # sum of the points for the tasks
    total: float | None  # after adjustments; None if excused from all tasks
    adjustments: Sequence[str]  # in words


class Table(NamedTuple):
    """All points: a line for each student, with a row for each task."""

    tasks: Sequence[Task]
    lines: Mapping[str, Line]  # by student

    @property
    def rows(self) -> list[Entry]:
        """Rows of all students."""
        return list(itertools.chain.from_iterable(line.rows for line in self.lines.values()))

    @property
    def maximum(self) -> float:
        """Points of all tasks."""
        return sum(task.points for task in self.tasks)


def line_of(
    rows: Sequence[Entry],
    tasks: Sequence[Task],
    adjusted: Adjustments = NONE,
    late: str = "",
    penalty: float = 0.0,
) -> Line:
    """Return a student's points before and after adjustments.

    The tasks that are not excused count as the whole sheet: points · (maximum of all) / (their maximum). Each day late
    takes its share, and bonus and deduction are added, within 0 and the maximum.

    Args:
        rows: answers; of several to a task, the best counts.
        tasks: all tasks of the sheet.
        adjusted: the student's adjustments.
        late: how late the hand-in is, in words.
        penalty: share of the points that each day late takes.
    """
    best = {row.task: row for row in sorted(rows, key=_worth)}
    rows = [best[task] for task in tasks if task in best]
    others = [task for task in tasks if task.name not in adjusted.excused]
    excused = Score(None, Status.EXCUSED)
    counted = [row if row.task in others else row._replace(score=excused) for row in rows]
    days = days_late(late) if adjusted.days is None else adjusted.days
    words = list(adjusted.words)
    if penalty and days is None:
        words.append(f"{late}, in days that are not known: no penalty")
    elif penalty and days:
        words.append(f"{days:g} days late: {days * penalty:.0%} less")
    maximum, left = (sum(task.points for task in each) for each in (tasks, others))
    total = None
    if others or not tasks:
        share = maximum / left if left else 1
        kept = max(1 - (days or 0) * penalty, 0)
        total = min(max(_sum(counted) * share * kept + adjusted.extra, 0), maximum)
    return Line(counted, _sum(rows), total, words)


def days_late(late: str) -> float | None:
    """Return the number of days that have begun: 2 for `1 day, 2:03:00 late`; None if it is not known."""
    if late and not re.search(r"\d", late):
        return None
    days = re.search(r"(\d+) (?:day|Tag)", late)
    return int(days[1] if days else 0) + bool(late)


def _sum(rows: Sequence[Entry]) -> float:
    return sum(row.score.points or 0 for row in rows)


def _worth(row: Entry) -> tuple[bool, bool, float]:
    """Return a key that sorts the answer that counts last: one to be read, else that with the most points."""
    points, status, _ = row.score
    return status != Status.NOT_ANSWERED, points is None, points or 0


def open_answers(number: int) -> str:
    """Return in words how many answers are to be read."""
    return f"{number} answer{'s are' if number > 1 else ' is'} still to be read"


def still_open(rows: Sequence[Entry]) -> int:
    """Return the number of answers that a person has yet to read."""
    return sum(row.score.status == Status.TO_READ for row in rows)


def grades_header(tasks: Sequence[Task]) -> list[str]:
    """Return the columns of `grades.csv`."""
    names = [task.column for task in tasks]
    return ["student", *names, "total", "max", "to read", "before adjustments", "adjustments"]


def grades_csv(table: Table) -> str:
    """Return `grades.csv`, with a row for each student; points can be entered by hand."""
    grades = [grades_header(table.tasks)]
    for student, line in table.lines.items():
        by_task = {row.task.name: row.score.points for row in line.rows}
        points = [by_task.get(task.name) for task in table.tasks]
        points += [line.total, table.maximum]
        adjusted = [points_text(line.before), "; ".join(line.adjustments)]
        to_read = str(still_open(line.rows))
        grades.append([student, *map(points_text, points), to_read, *adjusted])
    return harmless_csv(grades)


def results_csv(table: Table) -> str:
    """Return `results.csv`, with a row for each student and task and the reason for missing points."""
    results = ["student notebook task title points max_points status remark".split()]
    for student, line in table.lines.items():
        for row in line.rows:
            points, status, remark = row.score
            task = [row.task.notebook, row.task.grade_id, row.task.title]
            texts = [points_text(points), points_text(row.task.points)]
            results.append([student, *task, *texts, status, remark])
    return harmless_csv(results)
