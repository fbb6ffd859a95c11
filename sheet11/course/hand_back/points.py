"""Points and comments that people have entered into `grades.csv`, or into a table like it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from sheet11.course.book.gradebook import grades_header
from sheet11.course.book.marks import Entry
from sheet11.course.book.scores import points_text
from sheet11.course.book.store import Store
from sheet11.course.errors import PointsError
from sheet11.course.notebooks import nearest
from sheet11.course.tables import harmless, read_table
from sheet11.course.text import digest_of

STUDENT = "student"
COMMENT = " comment"  # at the end of a column's name, after that of the task
BY_HAND = r" \(by hand / [^()]*\)"  # in a column's name; changes with the points of the task

Row = Mapping[str, str]  # fields by column


def take_points(store: Store, path: Path, who: str) -> tuple[int, int, int]:
    """Take points and comments from a table, as one person's marks.

    It has columns of `grades.csv`, in any order, and may have one for comments on a task: its name is that of the task
    with ` comment` at the end. Points that have not changed and empty fields say nothing.

    Args:
        store: where the marks go.
        path: a CSV file, as `read_table` takes it; with decimal points or commas.
        who: the person.

    Returns:
        How many points and comments were taken, for how many students.

    Raises:
        TableError: the file cannot be read.
        PointsError: something in it cannot be understood; then nothing is taken.
    """
    points, comments, students = 0, 0, set()
    try:
        rows = _by_student(_known_columns(read_table(path), store), store.students())
        with store.writing():
            for entry in store.entries(whole=False):
                row = rows.get(entry.answer.student, {})
                has_points, has_comment = _take(store, entry, row, who)
                points += has_points
                comments += has_comment
                if has_points or has_comment:
                    students.add(entry.answer.student)
            store.add_written(digest_of(path.read_bytes()))  # so that it can be written anew
    except PointsError as error:
        raise PointsError(f"{path}: {error}") from error
    return points, comments, len(students)


def _known_columns(rows: Sequence[Row], store: Store) -> list[Row]:
    """Rows by names of columns that do not change with the points of a task."""
    plain = {name: re.sub(BY_HAND, "", name) for name in rows[0]}
    tasks = store.tasks()
    known = [re.sub(BY_HAND, "", name) for name in grades_header(tasks)]
    for name in plain.values():
        if name not in [*known, *(task.name + COMMENT for task in tasks)]:
            raise PointsError(f"this sheet has no column {name[:80]!r}{nearest(name, known)}")
    if len(set(plain.values())) < len(plain):
        raise PointsError("two columns are of the same task")
    if STUDENT not in plain:
        raise PointsError(f"there is no column {STUDENT!r}")
    return [{plain[name]: field for name, field in row.items()} for row in rows]


def _by_student(rows: Sequence[Row], students: Sequence[str]) -> dict[str, Row]:
    names = {harmless(student).strip(): student for student in students}
    found: dict[str, Row] = {}
    for row in rows:
        name = row[STUDENT]
        if name not in names:
            raise PointsError(f"there is no student {name!r}{nearest(name, students)}")
        if names[name] in found:
            raise PointsError(f"there are two rows of {name!r}")
        found[names[name]] = row
    return found


def _take(store: Store, entry: Entry, row: Row, who: str) -> tuple[bool, bool]:
    """Set a mark if the row has new points or a new comment; the rest stays as the mark that counts has it."""
    student, task = entry.answer.student, entry.answer.task
    text, comment = row.get(task, ""), row.get(task + COMMENT, "")
    try:
        points = float(text.replace(",", ".")) if text else None
    except ValueError as error:
        raise PointsError(f"{task} of {student!r} must be a number, got {text!r}") from error
    if points_text(points) == points_text(entry.score.points):
        points = None
    if points is None and comment in [mark.comment for mark in entry.marks]:
        comment = ""
    has_points, has_comment = points is not None, bool(comment)
    items: list[int] = []
    if entry.standing:
        mark = entry.standing.mark
        comment = comment or mark.comment
        if points is None:
            points, items = mark.points, [item.id for item in mark.items]
    if has_points or has_comment:
        try:
            store.set_mark([student], task, who, points=points, comment=comment, items=items)
        except PointsError as error:
            raise PointsError(f"{error}, in the row of {student!r}") from error
    return has_points, has_comment
