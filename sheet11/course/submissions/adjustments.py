"""The table of adjustments, read with the roster, and all points after adjustments."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path

import click

from sheet11.course.book.gradebook import NONE, Adjustments, Table, line_of
from sheet11.course.book.marks import Entry
from sheet11.course.book.scores import number_in, points_text
from sheet11.course.book.store import Store
from sheet11.course.errors import TableError
from sheet11.course.options import TIME
from sheet11.course.submissions.people import Identity, Person, kept_people
from sheet11.course.submissions.roster import Roster
from sheet11.course.submissions.submissions import key_of
from sheet11.course.tables import read_table

SHEET = "sheet"  # excused from all tasks
NUMBER = "a number that is not negative"
# columns, and what they hold
KINDS = {
    "excused": f"{SHEET!r} or a task, such as 01/f",
    "bonus": f"{NUMBER}, with a reason",
    "deduction": f"{NUMBER}, with a reason",
    "deadline": "a time, such as 2026-11-21T12:00",
    "days late": NUMBER,
    "merged with": "the id of another hand-in",
}
OTHERS = {"id": "the id of a hand-in, or of somebody in the roster", "name": "", "reason": ""}

Row = dict[str, str]  # fields by column; `row` is its place


def read_adjustments(path: Path, tasks: Collection[str]) -> list[Row]:
    """Read the table of adjustments.

    Raises:
        TableError: it cannot be read, or something in it is not understood.
    """
    rows = read_table(path)
    known = ", ".join([*OTHERS, *KINDS])
    if "id" not in rows[0] or not rows[0].keys() <= KINDS.keys() | OTHERS.keys():
        raise TableError(f"{path}: columns must be {known}, got {', '.join(rows[0])!r:.200}")
    for number, row in enumerate(rows, 2):
        row["row"] = f"{path}, row {number}"
        for kind in KINDS:
            try:
                row[kind] = _understood(kind, row.get(kind, ""), row.get("reason"), tasks)
            except (ValueError, click.BadParameter) as error:
                raise _refused(row, kind) from error
    return rows


def _understood(kind: str, value: str, reason: str | None, tasks: Collection[str]) -> str:
    """Return a value in the usual form; anything else raises a ValueError or click.BadParameter."""
    if kind == "excused" and value not in ("", SHEET, *tasks):
        raise ValueError
    if not value or kind in ("excused", "merged with"):
        return value
    if kind == "deadline":
        time: datetime = TIME.convert(value, None, None)
        return time.astimezone().isoformat(" ", "minutes")
    number = number_in(value)
    if not 0 <= number < float("inf") or not (reason or kind == "days late"):
        raise ValueError
    return points_text(number)


def _refused(row: Row, column: str) -> TableError:
    form = (KINDS | OTHERS)[column]
    return TableError(f"{row['row']}, {column}: must be {form}, got {row[column]!r:.80}")


def deadline_of(rows: Iterable[Row], who: Identity) -> datetime | None:
    """Return a person's own deadline; None without one."""
    roster = Roster({who: ""})
    own = [row["deadline"] for row in rows if row["deadline"] and roster.find(_anyhow(row["id"]))]
    return datetime.fromisoformat(own[-1]) if own else None


def _anyhow(name: str) -> Identity:
    """Return an identity that finds a person by an id, a login, a name or an address."""
    return Identity(name, name, name, "", name)


def student_called(name: str, people: Mapping[str, Person]) -> str | None:
    """Return the student with this id, login, name or address, or such a member; None if none or several have it."""
    if name in people:
        return name
    students = {}
    for student, person in people.items():
        students.update(dict.fromkeys([*person.members, person.who], student))
    who = Roster(students).find(_anyhow(name))
    return students[who] if who else None


def adjustments_of(
    rows: Iterable[Row], tasks: Collection[str], people: dict[str, Person], roster: Roster
) -> dict[str, Adjustments]:
    """Return the adjustments of each student; add people in the roster without a hand-in who have any.

    Raises:
        TableError: a row names nobody, or several.
    """
    adjusted: dict[str, Adjustments] = {}
    for row in rows:
        student = student_called(row["id"], people)
        if not student:
            who = roster.find(_anyhow(row["id"]))
            if not who:
                raise _refused(row, "id")
            if row["deadline"] or row["days late"]:
                continue
            student = key_of(f"{who.shown}_{who.id}".replace("/", "-"))
            people[student] = Person(student, who, (who,))
        other = student_called(row["merged with"], people)
        if row["merged with"] and other in (None, student):
            raise _refused(row, "merged with")
        own = adjusted.get(student, NONE)
        words = ", ".join(f"{kind} {row[kind]}" for kind in KINDS if row[kind])
        adjusted[student] = Adjustments(
            excused=[*own.excused, *(tasks if row["excused"] == SHEET else [row["excused"]])],
            extra=own.extra + float(row["bonus"] or 0) - float(row["deduction"] or 0),
            days=float(row["days late"]) if row["days late"] else own.days,
            merged=[*own.merged, *filter(None, [other])],
            words=[*own.words, f"{words}: {row.get('reason', '')}".removesuffix(": ")],
        )
    return adjusted


def table_of(store: Store) -> Table:
    """Return all points after adjustments."""
    about, tasks = store.about(), store.tasks()
    entries: dict[str, list[Entry]] = defaultdict(list)
    for entry in store.entries():
        entries[entry.student].append(entry)
    adjusted = {name: Adjustments(*own) for name, own in about.get("adjusted", {}).items()}
    penalty = about.get("late_penalty", 0.0)
    elsewhere = [other for own in adjusted.values() for other in own.merged]
    lines = {}
    for student, person in sorted(kept_people(store).items()):
        if student not in elsewhere:
            own = adjusted.get(student, NONE)
            rows = [row for each in (student, *own.merged) for row in entries[each]]
            lines[student] = line_of(rows, tasks, own, person.late, penalty)
    return Table(tasks, lines)
