"""Points and comments that people have entered into `grades.csv`, or into a table like it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sheet11.course.book.gradebook import GRADES, grades_header
from sheet11.course.book.marks import Entry, Task
from sheet11.course.book.scores import points_text
from sheet11.course.book.store import Store
from sheet11.course.errors import PointsError
from sheet11.course.notebooks import nearest
from sheet11.course.tables import harmless, read_table
from sheet11.course.text import digest_of

STUDENT = "student"
COMMENT = " comment"  # at the end of a column's name, after that of the task
BY_HAND = r" \(by hand / [^()]*\)"  # in a column's name; changes with the points of the task


class Entered(NamedTuple):
    """New points and a new comment for an answer."""

    entry: Entry
    points: float | None
    comment: str


def take_points(store: Store, path: Path, who: str) -> tuple[int, int, int]:
    """Take points and comments from a table, as one person's marks.

    It has the columns of `grades.csv`, in any order, and may have one for comments on a task: its name is that of the
    task with ` comment` at the end. Points that have not changed and empty fields say nothing.

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
    content = digest_of(path.read_bytes()) if path.is_file() else ""
    header, rows = read_table(path)
    entries = {(each.answer.student, each.answer.task): each for each in store.entries(whole=False)}
    taken = []
    try:
        for student, row in _by_student(_columns(header, store.tasks()), rows, store).items():
            for task in store.tasks():
                if row.get(task.name) or row.get(task.name + COMMENT):
                    taken.append(_entered(row, task, entries.get((student, task.name))))
        taken = [each for each in taken if each.points is not None or each.comment]
        with store.writing():
            for each in taken:
                _set_mark(store, who, each)
            if path.name == GRADES:
                store.add_written(GRADES, content)  # so that it can be written anew
    except PointsError as error:
        raise PointsError(f"{path}: {error}") from error
    students = {each.entry.answer.student for each in taken}
    points = sum(each.points is not None for each in taken)
    return points, sum(bool(each.comment) for each in taken), len(students)


def _columns(header: Sequence[str], tasks: Sequence[Task]) -> list[str]:
    """Names of the columns, without what may change in them."""
    columns = [re.sub(BY_HAND, "", name) for name in header]
    known = [re.sub(BY_HAND, "", name) for name in grades_header(tasks)]
    comments = [task.name + COMMENT for task in tasks]
    for name in columns:
        if columns.count(name) > 1:
            raise PointsError(f"there are two columns {name!r}")
        if name not in known + comments:
            raise PointsError(f"this sheet has no column {name[:80]!r}{nearest(name, known)}")
    for name in [STUDENT, *(task.name for task in tasks if task.by_hand)]:
        if name not in columns:
            raise PointsError(f"there is no column {name!r}")
    return columns


def _by_student(
    columns: Sequence[str], rows: Sequence[Sequence[str]], store: Store
) -> dict[str, dict[str, str]]:
    """Read the fields of each student by column."""
    students = store.students()
    by_name = {harmless(name).strip(): name for name in students} | {
        name: name for name in students
    }
    found: dict[str, dict[str, str]] = {}
    for fields in rows:
        # Excel may leave out empty comments at the end of a row
        left_out = columns[len(fields) :]
        if len(fields) > len(columns) or not all(name.endswith(COMMENT) for name in left_out):
            raise PointsError(
                f"the row of {fields[0]!r} has {len(fields)} fields, and the header {len(columns)}"
            )
        row = dict(zip(columns, fields, strict=False))
        student = by_name.get(row[STUDENT])
        if student is None:
            name = row[STUDENT]
            raise PointsError(f"there is no student {name!r}{nearest(name, students)}")
        if student in found:
            raise PointsError(f"there are two rows of {student!r}")
        found[student] = row
    return found


def _entered(row: Mapping[str, str], task: Task, entry: Entry | None) -> Entered:
    """Find what a row of the table changes about an answer."""
    if entry is None:
        raise PointsError(f"there is no answer of {row[STUDENT]!r} to {task.name}")
    text = row.get(task.name, "")
    comment = row.get(task.name + COMMENT, "")
    points = _number(text, task, entry.answer.student) if text else None
    if points_text(points) == points_text(entry.score.points):
        points = None
    if points is None and comment in [mark.comment for mark in entry.marks]:
        comment = ""
    if points is not None and not task.by_hand and not comment:
        raise PointsError(
            f"{task.name} of {entry.answer.student!r} is graded automatically; to change its points to {points:g}, "
            f"give the reason in a column {task.name + COMMENT!r}"
        )
    return Entered(entry, points, comment)


def _number(text: str, task: Task, student: str) -> float:
    is_number = re.fullmatch(r"[0-9]+([.,][0-9]*)?|[.,][0-9]+", text)
    points = float(text.replace(",", ".")) if is_number else -1.0
    if not 0 <= points <= task.points:
        raise PointsError(
            f"{task.name} of {student!r} must be a number from 0 to {task.points:g}, got {text!r}"
        )
    return points


def _set_mark(store: Store, who: str, entered: Entered) -> None:
    """Set a mark that keeps what the table does not change of the one that counts."""
    entry, points, comment = entered
    items: list[int] = []
    if entry.standing:
        mark = entry.standing.mark
        comment = comment or mark.comment
        if points is None:
            points, items = mark.points, [item.id for item in mark.items]
    student, task = entry.answer.student, entry.answer.task
    store.set_mark([student], task, who, points=points, comment=comment, items=items)
