"""Changes of points from one grading to the next, and why."""

from collections import defaultdict
from datetime import datetime
from pathlib import Path

from sheet11.course.book.gradebook import Table
from sheet11.course.book.scores import Status, points_text
from sheet11.course.book.store import Store
from sheet11.course.files import write_private
from sheet11.course.submissions.adjustments import table_of
from sheet11.course.submissions.people import listed
from sheet11.course.tables import harmless_csv
from sheet11.course.text import digest_of

CHANGES = "changes.csv"
HEADER = "time,student,task,before,after,why\n"
TOTAL = "total"  # in place of a task

# points in words, note, and digest of the answer, by student and task
Shown = dict[str, list[str]]


def keep_points(store: Store) -> None:
    """Store the points before a grading; if it is killed, the next one compares with the same."""
    if not store.about().get("before"):
        store.set_about(before=_shown(table_of(store)))


def write_changes(out: Path, store: Store, table: Table) -> list[str]:
    """Add the changes by this grading to `changes.csv`, and return them in words, a line for each task and reason."""
    path = out / CHANGES
    before = store.about()["before"]
    time = datetime.now().isoformat(" ", "minutes")
    groups = defaultdict(list)
    rows = []
    for key, now in _shown(table).items():
        student, task = key.split("\t")
        was = before.get(key, ["–", "", None])
        if before and now[:2] != was[:2] and (task == TOTAL or key in before):
            to_read = f", {now[1]}" if now[1] == Status.TO_READ else ""
            why = _why(was, now) + to_read
            rows.append([time, student, task, was[0], now[0], why])
            groups[f"{task}: {why}"].append(f"{student} {was[0]} → {now[0]}")
    earlier = path.read_text(encoding="utf-8") if path.exists() else HEADER
    write_private(path, earlier + harmless_csv(rows))
    store.set_about(before=None)
    return [f"{group}: {listed(students)}" for group, students in groups.items()]


def _shown(table: Table) -> Shown:
    shown = {}
    for student, line in table.lines.items():
        for row in line.rows:
            points, status, _ = row.score
            note = status if points is None or status == Status.TO_READ else ""
            shown[f"{student}\t{row.task.name}"] = [_of(points, row.task.points), note, row.digest]
    for student, line in table.lines.items():
        words = "; ".join(line.adjustments)
        digest = digest_of("".join(row.digest for row in line.rows))
        shown[f"{student}\t{TOTAL}"] = [_of(line.total, table.maximum), words, digest]
    return shown


def _of(points: float | None, maximum: float) -> str:
    return f"{points_text(points) or '–'} of {points_text(maximum)}"


def _why(was: list[str], now: list[str]) -> str:
    """Return why points have changed."""
    points, note, digest = now
    if digest != was[2]:
        return "new hand-in"
    if note not in (was[1], Status.TO_READ):
        return note or was[1]  # excused, failed, or the adjustments of a total
    if points.split()[2] != was[0].split()[2]:
        return "points of the task changed"
    return "check or sheet changed"
