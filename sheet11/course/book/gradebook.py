"""The tables of a grading: what they say, and how they are written."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sheet11.course.book.marks import READ, Asked, Entry, mere_comments
from sheet11.course.book.scores import Score, Status
from sheet11.course.text import visible

FORMULA = re.compile(r"""((?:^|[,;])[\s"']*)([=+\-@＝＋－＠])""")  # what a field would begin with


class Row(NamedTuple):
    """The points of one student for one task."""

    student: str
    task: Asked
    score: Score


class Table(NamedTuple):
    """All points: a row for each student and task, by student and in the order of the tasks."""

    tasks: list[Asked]
    rows: list[Row]

    def by_student(self) -> dict[str, list[Row]]:
        """The rows of each student."""
        found: dict[str, list[Row]] = defaultdict(
            list
        )  # in whatever order: no row of a student may be lost
        for row in self.rows:
            found[row.student].append(row)
        return found

    @property
    def maximum(self) -> float:
        """Points that can be had."""
        return sum(task.points for task in self.tasks)


def table_of_points(tasks: Sequence[Asked], entries: Iterable[Entry]) -> Table:
    """What counts of all answers and marks."""
    by_name = {task.name: task for task in tasks}
    rows = [
        Row(
            entry.answer.student,
            by_name[entry.answer.task],
            score_of(entry, by_name[entry.answer.task].points),
        )
        for entry in entries
    ]
    return Table(list(tasks), rows)


def score_of(entry: Entry, maximum: float) -> Score:
    """What counts: a person's mark if there is one, else what the grading found."""
    answer, standing = entry.answer, entry.standing
    if standing is None:
        remarks = [answer.remark, *mere_comments(entry.marks)]
        return Score(answer.points, answer.status, "; ".join(filter(None, remarks)))
    if standing.stale:
        status, remark = Status.TO_READ, "this was read before the answer was changed"
    elif standing.mark.kind == READ:
        status, remark = (
            Status.READ,
            "" if standing.remark or standing.points == maximum else "read by a person",
        )
    else:
        status, remark = Status.OVERRIDDEN, "points given by a person"
    return Score(standing.points, status, "; ".join(filter(None, [remark, standing.remark])))


def total(rows: Sequence[Row]) -> float:
    """Points so far."""
    return sum(row.score.points or 0 for row in rows)


def still_open(rows: Sequence[Row]) -> int:
    """How many answers a person has yet to read."""
    return sum(row.score.status == Status.TO_READ for row in rows)


def grades_header(tasks: Sequence[Asked]) -> list[str]:
    """The columns of `grades.csv`."""
    return ["student", *(task.column for task in tasks), "total", "max", "to read"]


def grades_csv(table: Table) -> str:
    """A row for each student, into which points can be entered by hand."""
    grades = [grades_header(table.tasks)]
    for student, rows in table.by_student().items():
        points = ["" if row.score.points is None else f"{row.score.points:g}" for row in rows]
        grades.append(
            [student, *points, f"{total(rows):g}", f"{table.maximum:g}", str(still_open(rows))]
        )
    return csv_text(grades)


def results_csv(table: Table) -> str:
    """A row for each student and task, with the reason for every point that was not given."""
    results = [["student", "notebook", "task", "title", "points", "max_points", "status", "remark"]]
    for row in table.rows:
        number = "" if row.score.points is None else f"{row.score.points:g}"
        task = [row.task.notebook, row.task.answer, row.task.title, number, f"{row.task.points:g}"]
        results.append([row.student, *task, row.score.status, row.score.remark])
    return csv_text(results)


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """A table as text, without formulas."""
    return csv_as_it_is([harmless(field) for field in row] for row in rows)


def csv_as_it_is(rows: Iterable[Sequence[str]]) -> str:
    """A table as text, formulas too."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def harmless(field: str) -> str:
    """Text that no spreadsheet takes for a formula, wherever it splits it; different texts stay different."""
    return FORMULA.sub(r"\1'\2", visible(field))
