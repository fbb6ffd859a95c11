"""Points that people have entered into a table, and those that an earlier version of this kit has kept."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sheet11.course.book.gradebook import grades_header, harmless
from sheet11.course.book.marks import Asked, Entry
from sheet11.course.book.store import Store
from sheet11.course.errors import PointsError
from sheet11.course.files import write_private
from sheet11.course.hand_back.publish import GRADES, digest_of
from sheet11.course.notebooks import nearest

STUDENT = "student"
COMMENT = " comment"  # ends the name of a column beside that of a task
BY_HAND = r" \(by hand / [^()]*\)"  # stands in the name of a column, and changes with the points of the task
MANUAL = "manual.json"  # points entered by hand, up to version 1.0


class Entered(NamedTuple):
    """What a table says of one answer."""

    student: str
    task: Asked
    points: float | None
    comment: str


def take_points(store: Store, path: Path, who: str) -> tuple[int, int, int]:
    """Take points and comments that were entered into a table like `grades.csv`, as one person's marks.

    It has the columns of `grades.csv`, in any order, and may have one for comments, called as that of the task with
    ` comment` at its end. What is as it was, and empty fields, say nothing: what was there stays.

    Args:
        store: where the marks go.
        path: a spreadsheet's CSV: with commas, semicolons or tabs, decimal commas, in UTF-8, UTF-16 or Windows-1252.
        who: the person.

    Returns:
        How many points and comments were taken, of how many students.

    Raises:
        PointsError: the table cannot be read, or has something that is not understood; then nothing is taken.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PointsError(f"{path} cannot be read: {error.strerror}") from error
    entries = {(each.answer.student, each.answer.task): each for each in store.entries(whole=False)}
    try:
        rows = _rows(content, store.tasks())
        entered = list(_entered(rows, store.tasks(), {student for student, _ in entries}))
        new = [each for each in entered if _is_new(each, entries[each.student, each.task.name])]
    except PointsError as error:
        raise PointsError(f"{path}: {error}") from error
    with store.writing():
        for each in new:
            _set_mark(store, who, each, entries[each.student, each.task.name])
        if path.name == GRADES:
            store.add_written(GRADES, digest_of(content))  # what was read need not be kept
    changed = sum(_differs(each, entries[each.student, each.task.name]) for each in new)
    return changed, sum(bool(each.comment) for each in new), len({each.student for each in new})


def take_earlier_points(out: Path, store: Store) -> None:
    """Take the points that an earlier version has kept; those of students who are not there now stay in its file.

    Raises:
        PointsError: the file is damaged.
        OSError: `out` cannot be written to.
    """
    path = out / MANUAL
    if not path.exists():
        return
    try:
        stored = json.loads(path.read_text(encoding="utf-8")).items()
        kept = {
            name: {column: float(points) for column, points in its.items()} for name, its in stored
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise PointsError(
            f"{path}, which holds points entered by hand, is damaged: {error}"
        ) from error
    tasks = {task.column: task for task in store.tasks() if task.by_hand}
    with store.writing():
        for student in store.students():
            for column, points in kept.pop(harmless(student), {}).items():
                if column in tasks:
                    store.set_mark(
                        [student], tasks[column].name, GRADES, min(points, tasks[column].points)
                    )
    if kept:
        write_private(path, json.dumps(kept, indent=1))
    else:
        path.unlink()


def _differs(entered: Entered, entry: Entry) -> bool:
    """Whether the points are other ones than those that count; a table shows six digits of them."""
    points = entry.standing.points if entry.standing else entry.answer.points
    return entered.points is not None and (points is None or f"{entered.points:g}" != f"{points:g}")


def _is_new(entered: Entered, entry: Entry) -> bool:
    if not _differs(entered, entry):
        return bool(entered.comment) and entered.comment not in {
            mark.comment for mark in entry.marks
        }
    if not entered.task.by_hand and not entered.comment:
        column = f"{entered.task.name}{COMMENT}"
        raise PointsError(
            f"{entered.task.name} of {entered.student!r} is graded automatically; to change its points to "
            f"{entered.points:g}, give the reason in a column {column!r}"
        )
    return True


def _set_mark(store: Store, who: str, entered: Entered, entry: Entry) -> None:
    """Set a mark that leaves of the one that counts what the table does not change."""
    mark = entry.standing.mark if entry.standing else None
    points, items = entered.points if _differs(entered, entry) else None, []
    if mark and points is None:
        points, items = mark.points, [item.id for item in mark.items]
    comment = entered.comment or (mark.comment if mark else "")
    store.set_mark([entered.student], entered.task.name, who, points, comment, items)


def text_of_table(content: bytes) -> str:
    """The text of a spreadsheet's CSV, in whichever encoding it was saved.

    Raises:
        PointsError: it is none.
    """
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise PointsError("this is no table of text; save the spreadsheet as CSV")
    utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if utf_16 else ["utf-8-sig", "cp1252"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise PointsError("this is neither UTF-8 nor UTF-16 nor Windows-1252")


def rows_of_table(content: bytes, column: str = "") -> tuple[int, list[list[str]]]:
    """The number of the first row of a spreadsheet's CSV, and all rows.

    Args:
        content: of the file: with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252.
        column: the first row has it, with one separator only; without, the most frequent one separates.

    Raises:
        PointsError: it is no such table.
    """
    text = text_of_table(content)
    declared = re.match(r"sep=([,;\t])\s*[\r\n]+", text)  # Excel's own way to say it
    text = text[declared.end() :] if declared else text
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    separators = list(declared[1] if declared else ",;\t")
    try:
        if column:
            separators = [each for each in separators if column in _fields(first, each)]
            if len(separators) != 1:
                raise PointsError(
                    f"the first line must name the columns, {column!r} among them, got {first[:80]!r}"
                )
        separator = max(separators, key=first.count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise PointsError(f"this is no CSV: {error}") from error
    return 2 if declared else 1, rows


def _rows(content: bytes, tasks: Sequence[Asked]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and fields of each row, by the names of the tasks, of their comments, and of other columns."""
    first, (header, *rows) = rows_of_table(content, STUDENT)
    columns = _columns(header, tasks)
    for number, fields in enumerate(rows, first + 1):
        if any(field.strip() for field in fields):
            left_out = columns[
                len(fields) :
            ]  # Excel does so at the end of a row, if the rows around have none, too
            if len(fields) > len(columns) or not all(name.endswith(COMMENT) for name in left_out):
                raise PointsError(
                    f"row {number} has {len(fields)} fields, and the header {len(columns)}"
                )
            yield number, dict(zip(columns, fields, strict=False))


def _fields(line: str, separator: str) -> list[str]:
    return [field.strip() for row in csv.reader([line], delimiter=separator) for field in row]


def _columns(header: Sequence[str], tasks: Sequence[Asked]) -> list[str]:
    """The names of the columns, without what may change of them."""
    columns = [re.sub(BY_HAND, "", name.strip()) for name in header]
    known = {re.sub(BY_HAND, "", name) for name in grades_header(tasks)}
    for name in columns:
        if columns.count(name) > 1:
            raise PointsError(f"there are two columns {name!r}")
        if name not in known | {task.name + COMMENT for task in tasks}:
            raise PointsError(
                f"the column {name!r} is not one of this sheet's{nearest(name, known)}"
            )
    if missing := [
        name
        for name in (STUDENT, *(task.name for task in tasks if task.by_hand))
        if name not in columns
    ]:
        raise PointsError(f"there is no column {missing[0]!r}")
    return columns


def _entered(
    rows: Iterator[tuple[int, dict[str, str]]], tasks: Sequence[Asked], students: set[str]
) -> Iterator[Entered]:
    by_name = {harmless(student): student for student in students} | {
        student: student for student in students
    }
    seen = set()
    for number, row in rows:
        student = by_name.get(row[STUDENT])
        if student is None:
            raise PointsError(
                f"row {number}: there is no student {row[STUDENT]!r}{nearest(row[STUDENT], students)}"
            )
        if student in seen:
            raise PointsError(f"row {number}: {student!r} is there twice")
        seen.add(student)
        for task in tasks:
            points = _number(row.get(task.name, "").strip(), task, student)
            comment = row.get(task.name + COMMENT, "").strip()
            if points is not None or comment:
                yield Entered(student, task, points, comment)


def _number(text: str, task: Asked, student: str) -> float | None:
    if not text:
        return None
    points = (
        float(text.replace(",", "."))
        if re.fullmatch(r"[0-9]+([.,][0-9]*)?|[.,][0-9]+", text)
        else -1.0
    )
    if not 0 <= points <= task.points:
        raise PointsError(
            f"{task.name} of {student!r} must be a number from 0 to {task.points:g}, got {text!r}"
        )
    return points
