"""The table of all points, and the CSV files that show it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sheet11.course.book.marks import Entry, Task
from sheet11.course.book.scores import Score, Status, points_text
from sheet11.course.tables import harmless_csv

GRADES = "grades.csv"


class Row(NamedTuple):
    """The points of one student for one task."""

    student: str
    task: Task
    score: Score
    digest: str = ""  # of the answer


class Table(NamedTuple):
    """All points: a row for each student and task, by student and in the order of the tasks."""

    tasks: Sequence[Task]
    rows: list[Row]

    def by_student(self) -> dict[str, list[Row]]:
        """The rows of each student."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            found[row.student].append(row)
        return found

    @property
    def maximum(self) -> float:
        """Points of all tasks."""
        return sum(task.points for task in self.tasks)


def table_of_points(tasks: Sequence[Task], entries: Iterable[Entry]) -> Table:
    """Collect the scores of all answers."""
    by_name = {task.name: task for task in tasks}
    rows = [
        Row(entry.answer.student, by_name[entry.answer.task], entry.score, entry.digest)
        for entry in entries
    ]
    return Table(tasks, rows)


def total(rows: Sequence[Row]) -> float:
    """Points so far."""
    return sum(row.score.points or 0 for row in rows)


def still_open(rows: Sequence[Row]) -> int:
    """Number of answers that a person has yet to read."""
    return sum(row.score.status == Status.TO_READ for row in rows)


def grades_header(tasks: Sequence[Task]) -> list[str]:
    """Columns of `grades.csv`."""
    return ["student", *(task.column for task in tasks), "total", "max", "to read"]


def grades_csv(table: Table) -> str:
    """A row for each student, into which points can be entered by hand."""
    grades = [grades_header(table.tasks)]
    for student, rows in table.by_student().items():
        found = {row.task.name: row.score.points for row in rows}
        points = [found.get(task.name) for task in table.tasks]
        points += [total(rows), table.maximum]
        grades.append([student, *map(points_text, points), str(still_open(rows))])
    return harmless_csv(grades)


def results_csv(table: Table) -> str:
    """A row for each student and task, with the reason for every point that was not given."""
    results = [["student", "notebook", "task", "title", "points", "max_points", "status", "remark"]]
    for student, task, score, _ in table.rows:
        points = [points_text(score.points), points_text(task.points)]
        named = [student, task.notebook, task.grade_id, task.title]
        results.append([*named, *points, score.status, score.remark])
    return harmless_csv(results)
