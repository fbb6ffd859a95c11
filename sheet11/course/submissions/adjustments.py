"""The table of adjustments, and all points after them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from sheet11.course.book.gradebook import SHEET, Adjustment, Table, line_of
from sheet11.course.book.store import Store
from sheet11.course.errors import TableError
from sheet11.course.submissions.people import Identity, Person, kept_people
from sheet11.course.submissions.roster import Roster
from sheet11.course.submissions.submissions import key_of
from sheet11.course.tables import read_table

NUMBER = r"|\d+([.,]\d+)?"
# what the columns may hold; `excused` holds a task or SHEET, too
FORMS = {
    "id": ".+",
    "name": ".*",
    "excused": "",
    "bonus": NUMBER,
    "deduction": NUMBER,
    "deadline": ".*",
    "days late": NUMBER,
    "merged with": ".*",
    "reason": ".*",
}
MUST = {
    "id": "of one hand-in, or of somebody in the roster",
    "excused": f"a task, or {SHEET!r}",
    "deadline": "a time such as 2026-11-21T12:00",
    "merged with": "the id of another hand-in",
    "reason": "given for a bonus or a deduction",
}


def read_adjustments(path: Path, tasks: Iterable[str]) -> list[Adjustment]:
    """Read the table of adjustments.

    Raises:
        TableError: it cannot be read, or something in it is not understood.
    """
    rows = read_table(path)
    if unknown := rows[0].keys() - FORMS:
        raise TableError(f"{path}: columns must be {', '.join(FORMS)}, got {min(unknown)!r:.80}")
    forms = FORMS | {"excused": "|".join(map(re.escape, ["", SHEET, *tasks]))}
    adjustments = []
    for number, row in enumerate(rows, 2):
        each = dict.fromkeys(FORMS, "") | row | {"row": f"{path}, row {number}"}
        for column, form in forms.items():
            if not re.fullmatch(form, each[column]):
                raise _refused(each, column)
        if each["bonus"] + each["deduction"] and not each["reason"]:
            raise _refused(each, "reason")
        try:
            deadline_of([each], Identity(each["id"]))
        except ValueError as error:
            raise _refused(each, "deadline") from error
        adjustments.append(each)
    return adjustments


def _refused(adjustment: Adjustment, column: str) -> TableError:
    must = MUST.get(column, "a number")
    return TableError(
        f"{adjustment['row']}: {column} must be {must}, got {adjustment[column]!r:.80}"
    )


def deadline_of(adjustments: Iterable[Adjustment], who: Identity) -> datetime | None:
    """Return a person's own deadline; None without one.

    Raises:
        ValueError: it is not a time.
    """
    for each in adjustments:
        if each["deadline"] and each["id"] in who:
            return datetime.fromisoformat(each["deadline"]).astimezone()
    return None


def student_called(name: str, people: Mapping[str, Person]) -> str | None:
    """Return the student with this id, login, name or address, or such a member; None if none or several have it."""
    if name in people:
        return name
    found = [
        student
        for student, person in people.items()
        if any(name in each for each in (person.who, *person.members))
    ]
    return found[0] if name and len(found) == 1 else None


def by_student(
    adjustments: Iterable[Adjustment], people: dict[str, Person], roster: Roster
) -> dict[str, list[Adjustment]]:
    """Sort adjustments by student.

    Somebody in the roster without a hand-in is added to `people`, unless the adjustment is a deadline.

    Raises:
        TableError: an adjustment is for nobody, or for several.
    """
    found = defaultdict(list)
    for each in adjustments:
        student = student_called(each["id"], people)
        if not student:
            who = next((who for who in roster.people if each["id"] in who), None)
            if not who and "listed" not in each:
                raise _refused(each, "id")
            if not who or each["deadline"]:
                found[each["id"]].append(each | {"listed": ""})
                continue
            student = key_of(f"{who.shown}_{who.id}".replace("/", "-"))
            people[student] = Person(student, who, (who,))
        other = student_called(each["merged with"], people)
        if each["merged with"] and other in (None, student):
            raise _refused(each, "merged with")
        found[student].append(each | {"merged with": other or ""})
    return found


def table_of(store: Store) -> Table:
    """Return all points after adjustments."""
    about, tasks = store.about(), store.tasks()
    adjusted: dict[str, list[Adjustment]] = about.get("adjusted", {})
    merged = {each["merged with"]: student for student, own in adjusted.items() for each in own}
    rows = defaultdict(list)
    for entry in store.entries():
        rows[merged.get(entry.student, entry.student)].append(entry)
    lines = {}
    for student, person in sorted(kept_people(store).items()):
        if student not in merged:
            own, penalty = adjusted.get(student, []), about.get("late_penalty", 0.0)
            lines[student] = line_of(rows[student], tasks, own, person.late, penalty)
    return Table(tasks, lines)
