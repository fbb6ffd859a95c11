"""The table of all points, after adjustments, and its CSV files."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sheet11.course.book.marks import Entry, Task
from sheet11.course.book.scores import Score, Status, number_in, points_text
from sheet11.course.tables import harmless_csv

GRADES = "grades.csv"
SHEET = "sheet"  # excused from all tasks
KINDS = ("excused", "bonus", "deduction", "deadline", "days late", "merged with")

Adjustment = dict[str, str]  # a row of the table of adjustments


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
    adjustments: Sequence[Adjustment] = (),
    late: str = "",
    penalty: float = 0.0,
) -> Line:
    """Return a student's points before and after adjustments.

    The tasks that are not excused count as the whole sheet: points · (maximum of all) / (their maximum). Each day late
    takes its share, and bonus and deduction are added, within 0 and the maximum.

    Args:
        rows: answers, of merged accounts several to a task.
        tasks: all tasks of the sheet.
        adjustments: of this student.
        late: how late the hand-in is, in words.
        penalty: share of the points that each day late takes.
    """
    best = _best(rows)
    rows = [best[task] for task in tasks if task in best]
    excused = {each["excused"] for each in adjustments if each["excused"]}
    others = [task for task in tasks if not {task.name, SHEET} & excused]
    score = Score(None, Status.EXCUSED)
    counted = [row if row.task in others else row._replace(score=score) for row in rows]
    words = [_in_words(each) for each in adjustments]
    given = [each["days late"] for each in adjustments if each["days late"]]
    days = number_in(given[-1]) if given else days_late(late)
    share = min(days * penalty, 1)
    if penalty and (days or late):
        words.append(f"{share:.0%} less for {days:g} days late")
    maximum, left = (sum(task.points for task in each) for each in (tasks, others))
    total = None
    if left or not excused:
        total = _sum(counted) * (maximum / left if excused else 1) * (1 - share)
        for each in adjustments:
            total += number_in(each["bonus"] or "0") - number_in(each["deduction"] or "0")
        total = min(max(total, 0), maximum)
    return Line(counted, _sum(rows), total, words)


def _best(rows: Sequence[Entry]) -> dict[Task, Entry]:
    """Return the answer to each task that counts: one that is to be read, else the best."""
    known = {row.digest for row in rows if row.score.points is not None}
    by_points = sorted(rows, key=lambda row: row.score.points or 0)
    # the same text from two accounts needs to be read once
    by_points.sort(key=lambda row: row.score.points is None and row.digest not in known)
    return {row.task: row for row in by_points}


def days_late(late: str) -> float:
    """Return the number of days that have begun: 2 for `1 day, 2:03:00 late`; 0 if it is not known."""
    days = re.search(r"(\d+) (?:day|Tag)", late)
    return int(days[1] if days else 0) + bool(re.search(r"\d", late))


def _in_words(adjustment: Adjustment) -> str:
    words = ", ".join(f"{kind} {adjustment[kind]}" for kind in KINDS if adjustment[kind])
    return f"{words}: {adjustment['reason']}".removesuffix(": ")


def _sum(rows: Sequence[Entry]) -> float:
    return sum(row.score.points or 0 for row in rows)


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
