"""Points and comments entered by hand into `grades.csv` or a copy of it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from sheet11.course.book.gradebook import Table, grades_header
from sheet11.course.book.marks import Entry
from sheet11.course.book.scores import number_in, points_text
from sheet11.course.book.store import Store
from sheet11.course.errors import PointsError
from sheet11.course.notebooks import nearest
from sheet11.course.submissions.adjustments import table_of
from sheet11.course.tables import read_table
from sheet11.course.text import digest_of

STUDENT = "student"
COMMENT = " comment"  # follows the task in a column's name
# in a column's name; changes with the points of the task
BY_HAND = re.compile(r" \(by hand / [^()]*\)")

Row = Mapping[str, str]  # fields by column


def take_points(store: Store, path: Path, who: str) -> tuple[int, int]:
    """Read points and comments from a table and store them as one person's marks.

    The table has columns of `grades.csv` in any order; a column named after a task with ` comment` at the end holds
    comments. Unchanged points, empty fields, and a table that was read before are ignored.

    Args:
        store: receives the marks.
        path: a CSV file for `read_table`, with decimal points or commas.
        who: the person who marks.

    Returns:
        Numbers of marks and of students.

    Raises:
        TableError: the file cannot be read.
        PointsError: something in the file is invalid; then nothing is stored.
    """
    students = []
    table = table_of(store)
    try:
        rows = _by_student(read_table(path), table)
        digest = digest_of(path.read_bytes())
        if store.has_written(digest):
            return 0, 0
        with store.writing():
            for student, row in rows.items():
                for entry in table.lines[student].rows:
                    points, comment = _entered(entry, row)
                    if points is not None or comment:
                        _set_mark(store, entry, who, points, comment)
                        students.append(student)
            store.add_written(digest)  # so that it may be overwritten
    except PointsError as error:
        raise PointsError(f"{path}: {error}") from error
    return len(students), len(set(students))


def _by_student(rows: Sequence[Row], table: Table) -> dict[str, Row]:
    """Return rows by student, with column names that do not contain the points of a task."""
    plain = {name: BY_HAND.sub("", name) for name in rows[0]}
    known = [BY_HAND.sub("", name) for name in grades_header(table.tasks)]
    for name in plain.values():
        if name.removesuffix(COMMENT) not in known:
            raise PointsError(f"this sheet has no column {name[:80]!r}{nearest(name, known)}")
    if len(set(plain.values())) < len(plain):
        raise PointsError("two columns are of the same task")
    students = {student.strip(): student for student in table.lines}
    by_student: dict[str, Row] = {}
    for row in rows:
        name = row.get(STUDENT, "")
        if name not in students:
            raise PointsError(f"there is no student {name!r}{nearest(name, students)}")
        if students[name] in by_student:
            raise PointsError(f"there are two rows of {name!r}")
        by_student[students[name]] = {plain[column]: field for column, field in row.items()}
    return by_student


def _entered(entry: Entry, row: Row) -> tuple[float | None, str]:
    """Return the new points and the new comment for an answer."""
    task = entry.task.name
    text, comment = row.get(task, ""), row.get(f"{task}{COMMENT}", "")
    try:
        points = number_in(text) if text else None
    except ValueError as error:
        raise PointsError(f"{task} of {row[STUDENT]!r} must be a number, got {text!r}") from error
    if points_text(points) == points_text(entry.score.points):
        points = None
    if points is None and comment in [mark.comment for mark in entry.marks]:
        comment = ""
    return points, comment


def _set_mark(store: Store, entry: Entry, who: str, points: float | None, comment: str) -> None:
    """Set a mark that keeps the current points or comment if the table does not change them."""
    items: list[int] = []
    if mark := entry.mark:
        comment = comment or mark.comment
        if points is None:
            points, items = mark.points, [item.id for item in mark.items]
    student, task = entry.student, entry.task.name
    try:
        store.set_mark([student], task, who, points=points, comment=comment, items=items)
    except PointsError as error:
        raise PointsError(f"{error}, in the row of {student!r}") from error
