"""The list of a class: how each platform names a student, and which student a hand-in belongs to."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from sheet11.course.errors import TableError
from sheet11.course.submissions.people import Identity, same_name
from sheet11.course.tables import read_table

# names of the columns in this kit, Moodle (in English and German), Canvas and GitHub Classroom; the first one counts
COLUMNS = {
    "id": ("identifier", "id", "identifikator", "student id", "id number", "sis user id"),
    "login": ("github_username", "login", "username", "user name", "sis login id", "anmeldename"),
    "name": ("name", "full name", "student", "vollständiger name"),
    "group": ("group", "gruppe", "team"),
    "email": ("e-mail", "email", "email address", "e-mail address", "e-mail-adresse"),
    "first": ("first name", "firstname", "vorname"),
    "last": ("last name", "lastname", "surname", "nachname"),
    "status": ("status",),
}
PARTICIPANT = re.compile(r"^(\D+ |Teilnehmer/in)(?=\d+$)")  # what Moodle puts before its number
LATE = re.compile(r"[\w ]*\blate\b|[\w ]*\bverspätet\b|zu spät", re.IGNORECASE)  # as Moodle says it


class Roster(NamedTuple):
    """The people of a class, and how late a platform says their hand-ins are."""

    people: list[Identity]
    late: dict[Identity, str]


NO_ROSTER = Roster([], {})


def read_roster(path: Path) -> Roster:
    """Read the people in a table; columns of other things are ignored.

    Raises:
        TableError: it cannot be read, or does not say who anybody is.
    """
    header, rows = read_table(path)
    columns = find_columns(header, COLUMNS)
    if not columns.keys() & {"id", "login", "name", "email", "last"}:
        got = ", ".join(header)[:80]
        raise TableError(
            f"{path}: the first line must name columns like id, login, name, group, e-mail, got {got!r}"
        )
    people, late = [], {}
    for row in rows:
        fields = {key: row[place] for key, place in columns.items() if place < len(row)}
        who = _identity(fields)
        if who.name == "Points Possible" or not who.shown:  # Canvas's second row
            continue
        people.append(who)
        if match := LATE.search(fields.get("status", "")):
            late[who] = match[0].strip()
    return Roster(people, late)


def find_columns(header: list[str], names: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Find the place of each column by its possible names; those that are missing are left out."""
    lower = [name.lower() for name in header]
    found = {}
    for key, possible in names.items():
        there = [name for name in possible if name in lower]
        if there:
            found[key] = lower.index(there[0])
    return found


def _identity(fields: Mapping[str, str]) -> Identity:
    both = f"{fields.get('first', '')} {fields.get('last', '')}".strip()
    return Identity(
        id=PARTICIPANT.sub("", fields.get("id", "")),
        login=fields.get("login", ""),
        name=fields.get("name", "") or both,
        group=fields.get("group", ""),
        email=fields.get("email", ""),
    )


class Directory:
    """Finds the people of a roster by any of their names; a name that fits several finds nobody."""

    def __init__(self, people: Iterable[Identity]) -> None:
        self.people = list(people)
        self._by: dict[tuple[str, str], list[Identity]] = {}
        for person in self.people:
            email = person.email.casefold()
            login = person.login.casefold() or email.partition("@")[0]
            keys = {("id", person.id), ("login", login), ("email", email)}
            keys |= {("name", same_name(person.name)), ("letters", letters_of(person.name))}
            for key in keys:
                if key[1]:
                    self._by.setdefault(key, []).append(person)

    def find(self, who: Identity) -> Identity | None:
        """Find a person by id, else login, e-mail, or name; nobody, if that is the name of a group."""
        if self.group(who.name):
            return None
        keys = [("id", who.id), ("login", who.login.casefold()), ("email", who.email.casefold())]
        for text in (who.name, who.login):
            folded = text.casefold()
            keys += [("login", folded), ("email", folded), ("name", same_name(text)), ("id", text)]
            keys += [("letters", letters_of(text))]
        found = (self._by[key] for key in keys if key in self._by)
        return next((several[0] for several in found if len(several) == 1), None)

    def group(self, name: str) -> list[Identity]:
        """The members of a group."""
        name = same_name(name)
        return [person for person in self.people if name and same_name(person.group) == name]


def letters_of(name: str) -> str:
    """The letters of a name, sorted: Canvas writes last and first name without a space into names of files."""
    return "".join(sorted(same_name(name).replace(" ", "")))
