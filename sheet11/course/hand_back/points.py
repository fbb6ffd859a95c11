"""Points and comments that people have entered into `grades.csv`, or into a table like it."""

import re
from collections.abc import Iterator, Sequence
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
Entries = dict[tuple[str, str], Entry]  # by student and task


class Entered(NamedTuple):
    """What a table says about one answer."""

    student: str
    task: Task
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
    header, rows = read_table(path)
    content = digest_of(path.read_bytes())
    entries = {(each.answer.student, each.answer.task): each for each in store.entries(whole=False)}
    try:
        columns = _columns(header, store.tasks())
        entered = list(_entered(columns, rows, store))
        new = [each for each in entered if _is_new(each, entries)]
    except PointsError as error:
        raise PointsError(f"{path}: {error}") from error
    with store.writing():
        for each in new:
            _set_mark(store, who, each, entries[each.student, each.task.name])
        if path.name == GRADES:
            store.add_written(GRADES, content)  # so that it can be written anew
    changed = [each for each in new if _has_changed(each, entries)]
    commented = [each for each in new if each.comment]
    return len(changed), len(commented), len({each.student for each in new})


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


def _entered(columns: list[str], rows: list[list[str]], store: Store) -> Iterator[Entered]:
    """Read all fields with points or comments."""
    students = store.students()
    by_name = {harmless(name).strip(): name for name in students} | {
        name: name for name in students
    }
    seen = set()
    for fields in rows:
        row = _row(columns, fields)
        name = row[STUDENT]
        student = by_name.get(name)
        if student is None:
            raise PointsError(f"there is no student {name!r}{nearest(name, students)}")
        if student in seen:
            raise PointsError(f"there are two rows of {student!r}")
        seen.add(student)
        for task in store.tasks():
            points = _number(row.get(task.name, ""), task, student)
            comment = row.get(task.name + COMMENT, "")
            if points is not None or comment:
                yield Entered(student, task, points, comment)


def _row(columns: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    # Excel may leave out empty comments at the end of a row
    left_out = columns[len(fields) :]
    if len(fields) > len(columns) or not all(name.endswith(COMMENT) for name in left_out):
        raise PointsError(
            f"the row of {fields[0]!r} has {len(fields)} fields, and the header {len(columns)}"
        )
    return dict(zip(columns, fields, strict=False))


def _number(text: str, task: Task, student: str) -> float | None:
    if not text:
        return None
    is_number = re.fullmatch(r"[0-9]+([.,][0-9]*)?|[.,][0-9]+", text)
    points = float(text.replace(",", ".")) if is_number else -1.0
    if not 0 <= points <= task.points:
        raise PointsError(
            f"{task.name} of {student!r} must be a number from 0 to {task.points:g}, got {text!r}"
        )
    return points


def _has_changed(entered: Entered, entries: Entries) -> bool:
    """Return whether the points are others than those in the table as it was written."""
    points = entries[entered.student, entered.task.name].score.points
    return entered.points is not None and points_text(entered.points) != points_text(points)


def _is_new(entered: Entered, entries: Entries) -> bool:
    name = entered.task.name
    if (entered.student, name) not in entries:
        raise PointsError(f"there is no answer of {entered.student!r} to {name}")
    if not _has_changed(entered, entries):
        comments = [mark.comment for mark in entries[entered.student, name].marks]
        return bool(entered.comment) and entered.comment not in comments
    if not entered.task.by_hand and not entered.comment:
        raise PointsError(
            f"{name} of {entered.student!r} is graded automatically; to change its points to "
            f"{entered.points:g}, give the reason in a column {name + COMMENT!r}"
        )
    return True


def _set_mark(store: Store, who: str, entered: Entered, entry: Entry) -> None:
    """Set a mark that keeps what the table does not change of the one that counts."""
    points, comment, items = entered.points, entered.comment, []
    if entry.standing:
        mark = entry.standing.mark
        comment = comment or mark.comment
        if points is None or points_text(points) == points_text(entry.score.points):
            points, items = mark.points, [item.id for item in mark.items]
    store.set_mark(
        [entered.student],
        entered.task.name,
        who,
        points=points,
        comment=comment,
        items=items,
    )
