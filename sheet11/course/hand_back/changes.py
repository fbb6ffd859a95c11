"""Changes of points from one grading to the next, and why."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sheet11.course.book.gradebook import Table
from sheet11.course.book.scores import Status, points_text
from sheet11.course.book.store import Store
from sheet11.course.files import write_private
from sheet11.course.submissions.adjustments import table_of
from sheet11.course.submissions.people import listed
from sheet11.course.tables import harmless_csv

CHANGES = "changes.csv"
HEADER = "time,student,task,before,after,status,why\n"
BEFORE = "points before"  # in the store, while a grading runs
TOTAL = "total"  # in place of a task
ABSENT = ["", "", ""]

# points, status and digest of an answer by student and task; of a total the adjustments instead of the status
Shown = dict[str, list[str]]


def keep_points(store: Store, sheet: str) -> None:
    """Store the points before a grading; if it is killed, the next one compares with the same.

    Args:
        store: of the grading.
        sheet: digest of everything that scores depend on, apart from hand-ins.
    """
    about = store.about()
    if not about.get(BEFORE):
        store.set_about(**{BEFORE: [about.get("sheet"), _shown(table_of(store))], "sheet": sheet})


def write_changes(out: Path, store: Store, table: Table) -> list[str]:
    """Add the changes by this grading to `changes.csv`, and return them in words, one line for each task and reason."""
    about = store.about()
    sheet, before = about[BEFORE]
    changes = list(_changes(before, _shown(table), sheet != about["sheet"])) if before else []
    at = datetime.now().isoformat(" ", "minutes")
    path = out / CHANGES
    earlier = path.read_text(encoding="utf-8") if path.exists() else HEADER
    write_private(path, earlier + harmless_csv([at, *change] for change in changes))
    store.set_about(**{BEFORE: None})
    groups = defaultdict(list)
    for student, task, was, now, status, why in changes:
        to_read = ", to read" if status == Status.TO_READ else ""
        groups[f"{task}: {why}"].append(f"{student} {was} → {now}{to_read}")
    return [f"{group}: {listed(students)}" for group, students in groups.items()]


def _shown(table: Table) -> Shown:
    shown = {}
    for student, line in table.lines.items():
        words = "; ".join(line.adjustments)
        shown[f"{student}\t{TOTAL}"] = [_of(line.total, table.maximum), words, ""]
        for row in line.rows:
            points = _of(row.score.points, row.task.points)
            shown[f"{student}\t{row.task.name}"] = [points, row.score.status, row.digest]
    return shown


def _of(points: float | None, maximum: float) -> str:
    return f"{points_text(points) or '–'} of {points_text(maximum)}"


def _changes(before: Shown, after: Shown, sheet_changed: bool) -> Iterator[list[str]]:
    """Yield student, task, points before and after, status, and why; of new students only the total."""
    for key in after | before:
        student, task = key.split("\t")
        was, now = before.get(key, ABSENT), after.get(key, ABSENT)
        total = f"{student}\t{TOTAL}"
        if task == TOTAL or (total in before and total in after):
            if why := _why(was, now, sheet_changed):
                yield [student, task, was[0], now[0], now[1], why]


def _why(was: list[str], now: list[str], sheet_changed: bool) -> str:
    """Return why points have changed; empty if they have not and need not be read again."""
    (points_before, status_before, digest_before), (points, status, digest) = was, now
    if ABSENT in (was, now):
        return "new" if was == ABSENT else "no longer in the table"
    is_to_read = status == Status.TO_READ != status_before
    if not (points != points_before or is_to_read) if digest else status == status_before:
        return ""
    if Status.EXCUSED in (status, status_before) or not digest:
        return "adjustments"
    if digest != digest_before:
        return "new hand-in"
    if points.split(" of ")[1] != points_before.split(" of ")[1]:
        return "points of the task changed"
    return "check, sheet or parameters changed" if sheet_changed else "graded again"
