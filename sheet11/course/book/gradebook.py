"""The table of all points and its CSV files."""

import itertools
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from sheet11.course.book.marks import Entry, Task
from sheet11.course.book.scores import Status, points_text
from sheet11.course.tables import harmless_csv

GRADES = "grades.csv"


class Table(NamedTuple):
    """All points: a row for each student and task, by student and in the order of the tasks."""

    tasks: Sequence[Task]
    rows: list[Entry]

    def by_student(self) -> dict[str, list[Entry]]:
        """Return the rows of each student."""
        groups = itertools.groupby(self.rows, attrgetter("student"))
        return {student: list(rows) for student, rows in groups}

    @property
    def maximum(self) -> float:
        """Points of all tasks."""
        return sum(task.points for task in self.tasks)


def total(rows: Sequence[Entry]) -> float:
    """Return the points so far."""
    return sum(row.score.points or 0 for row in rows)


def open_answers(number: int) -> str:
    """Return in words how many answers are to be read."""
    return f"{number} answer{'s are' if number > 1 else ' is'} still to be read"


def still_open(rows: Sequence[Entry]) -> int:
    """Return the number of answers that a person has yet to read."""
    return sum(row.score.status == Status.TO_READ for row in rows)


def grades_header(tasks: Sequence[Task]) -> list[str]:
    """Return the columns of `grades.csv`."""
    return ["student", *(task.column for task in tasks), "total", "max", "to read"]


def grades_csv(table: Table) -> str:
    """Return `grades.csv`, with a row for each student; points can be entered by hand."""
    grades = [grades_header(table.tasks)]
    for student, rows in table.by_student().items():
        by_task = {row.task.name: row.score.points for row in rows}
        points = [by_task.get(task.name) for task in table.tasks]
        points += [total(rows), table.maximum]
        grades.append([student, *map(points_text, points), str(still_open(rows))])
    return harmless_csv(grades)


def results_csv(table: Table) -> str:
    """Return `results.csv`, with a row for each student and task and the reason for missing points."""
    results = ["student notebook task title points max_points status remark".split()]
    for row in table.rows:
        points, status, remark = row.score
        task = [row.task.notebook, row.task.grade_id, row.task.title]
        texts = [points_text(points), points_text(row.task.points)]
        results.append([row.student, *task, *texts, status, remark])
    return harmless_csv(results)
