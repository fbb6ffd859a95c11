"""The tables of a grading, and points that were entered into them by hand."""

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sheet11.course.errors import PointsError
from sheet11.course.files import write_whole
from sheet11.course.grading.exercises import Task
from sheet11.course.grading.scoring import OPEN, Verdict
from sheet11.course.visible import visible

MANUAL = "manual.json"  # points entered by hand
FORMULA = re.compile(r"""((?:^|[,;])[\s"']*)([=+\-@＝＋－＠])""")  # what a field would begin with


class Row(NamedTuple):
    """The points of one student for one task."""

    student: str
    task: Task
    verdict: Verdict


class Table(NamedTuple):
    """All points: a row for each student and task, by student and in the order of the tasks."""

    tasks: list[Task]
    rows: list[Row]

    def by_student(self) -> dict[str, list[Row]]:
        """The rows of each student."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            found[row.student].append(row)
        return found

    @property
    def maximum(self) -> float:
        """Points that can be had."""
        return sum(task.points for task in self.tasks)


def total(rows: Sequence[Row]) -> float:
    """Points so far."""
    return sum(row.verdict.points or 0 for row in rows)


def still_open(rows: Sequence[Row]) -> int:
    """How many answers a person has yet to read."""
    return sum(row.verdict.status == OPEN for row in rows)


def write_tables(out: Path, table: Table, manual: Mapping[str, Mapping[str, float]]) -> None:
    """Write `grades.csv`, a row for each student, and `results.csv`, a row for each student and task.

    Args:
        out: folder for them.
        table: all points.
        manual: points that were entered by hand, also of students who are not in the table now.
    """
    grades = [["student", *(task.column for task in table.tasks), "total", "max", "to be read"]]
    for student, rows in table.by_student().items():
        points = ["" if row.verdict.points is None else f"{row.verdict.points:g}" for row in rows]
        grades.append([student, *points, f"{total(rows):g}", f"{table.maximum:g}", str(still_open(rows))])
    results = [["student", "notebook", "task", "title", "points", "max_points", "status", "message"]]
    for row in table.rows:
        number = "" if row.verdict.points is None else f"{row.verdict.points:g}"
        task = [row.task.notebook, row.task.name, row.task.title, number, f"{row.task.points:g}"]
        results.append([row.student, *task, row.verdict.status, row.verdict.message])
    write_whole(out / MANUAL, json.dumps(manual, indent=1))  # first: what is in grades.csv alone could be lost
    write_whole(out / "results.csv", _csv(results))
    write_whole(out / "grades.csv", _csv(grades))


def write_gradebook(out: Path, table: Table, gradebook: str, title: str) -> Path:
    """Write the totals in the form that a learning platform imports; the folder's name is the student's login.

    Moodle (Grades ▸ Import ▸ CSV file) matches the column `Username`; Canvas wants its own first five columns, matches
    `SIS Login ID`, and takes the second row as the points possible.
    """
    students = table.by_student().items()
    if gradebook == "moodle":
        content = [["Username", title, f"{title} feedback"]]
        for student, rows in students:
            lost = [f"{row.task.title}: {row.verdict.message}" for row in rows if row.verdict.message]
            content.append([student, f"{total(rows):g}", "; ".join(lost)])
    else:
        content = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title]]
        content.append(["    Points Possible", "", "", "", "", f"{table.maximum:g}"])
        content += [[student, "", "", student, "", f"{total(rows):g}"] for student, rows in students]
    path = out / f"{gradebook}.csv"
    write_whole(path, _csv(content))
    return path


def read_manual_points(out: Path, tasks: Sequence[Task]) -> dict[str, dict[str, float]]:
    """Points that were entered by hand into `grades.csv`, by student (as it stands there) and column.

    A spreadsheet may have saved the file with semicolons and decimal commas. Students who are not in it keep the points
    that they had.

    Raises:
        PointsError: they are no points for their task.
    """
    found: dict[str, dict[str, float]] = json.loads((out / MANUAL).read_text()) if (out / MANUAL).exists() else {}
    path = out / "grades.csv"
    if not path.exists():
        return found
    text = path.read_text(encoding="utf-8-sig")
    header = text.partition("\n")[0]
    for row in csv.DictReader(io.StringIO(text), delimiter=";" if header.count(";") > header.count(",") else ","):
        student = row.get("student") or ""
        found[student] = {}
        for task in tasks:
            entered = (row.get(task.column) or "").strip()
            if task.check is None and entered:
                try:
                    points = float(entered.replace(",", "."))
                except ValueError:
                    points = -1
                if not 0 <= points <= task.points:
                    wanted = f"a number from 0 to {task.points:g}, got {entered!r}"
                    raise PointsError(f"{path}: {task.column} of {student!r} must be {wanted}")
                found[student][task.column] = points
    return found


def _csv(rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([[harmless(field) for field in row] for row in rows])
    return buffer.getvalue()


def harmless(field: str) -> str:
    """Text that no spreadsheet takes for a formula, wherever it splits it; different texts stay different."""
    return FORMULA.sub(r"\1'\2", visible(field))
