"""The list of a class: who is called how on which platform; and which of them a hand-in belongs to."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sheet11.course.errors import RosterError
from sheet11.course.hand_back.points import rows_of_table
from sheet11.course.submissions.people import Identity, same_name

# as this kit, Moodle (in English and German), Canvas and GitHub Classroom call the columns; the first one counts
COLUMNS = {
    "id": ("identifier", "id", "identifikator", "student id", "id number", "sis user id"),
    "login": ("github_username", "login", "username", "user name", "sis login id", "anmeldename"),
    "name": ("name", "full name", "student", "vollständiger name"),
    "group": ("group", "gruppe", "team"),
    "email": ("e-mail", "email", "email address", "e-mail address", "e-mail-adresse"),
}
FIRST, LAST = (
    ("first name", "firstname", "vorname"),
    ("last name", "lastname", "surname", "nachname"),
)
STATUS = ("status",)
PARTICIPANT = re.compile(
    r"^(\D+ |Teilnehmer/in)(?=\d+$)"
)  # what Moodle puts in front of its number
LATE = re.compile(r"[\w ]*\blate\b", re.IGNORECASE)  # in Moodle's column `Status`


class Roster(NamedTuple):
    """Who is in the class, and what a platform says of their hand-ins."""

    people: list[Identity]
    late: dict[Identity, str]


NO_ROSTER = Roster([], {})


def read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """The names of the columns of a spreadsheet's CSV, and its rows, which are as long as the header.

    Raises:
        RosterError: it cannot be read.
    """
    try:
        _, (header, *rows) = rows_of_table(path.read_bytes())
    except OSError as error:
        raise RosterError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise RosterError(f"{path} is no table: {error}") from error
    width = len(header)
    rows = [(row + [""] * width)[:width] for row in rows if any(field.strip() for field in row)]
    return [name.strip() for name in header], rows


def read_roster(path: Path) -> Roster:
    """The people in a table; columns of other things are ignored, as platforms' exports have many.

    Raises:
        RosterError: it cannot be read, or says of nobody who it is.
    """
    header, rows = read_table(path)
    places = {
        field: place
        for field in COLUMNS
        if (place := column_of(COLUMNS[field], header)) is not None
    }
    if not places.keys() - {"group"}:
        got = ", ".join(header)[:80]
        raise RosterError(
            f"{path}: the first line must name columns like id, login, name, group, e-mail, got {got!r}"
        )
    first, last, status = (column_of(names, header) for names in (FIRST, LAST, STATUS))
    people, late = [], {}
    for row in rows:
        fields = {field: row[place].strip() for field, place in places.items()}
        if not fields.get("name") and first is not None and last is not None:
            fields["name"] = f"{row[first].strip()} {row[last].strip()}".strip()
        fields["id"] = PARTICIPANT.sub("", fields.get("id", ""))
        who = Identity(**fields)
        if who.name == "Points Possible" or not who.shown:  # Canvas's second row
            continue
        people.append(who)
        if status is not None and (match := LATE.search(row[status])):
            late[who] = match[0].strip()
    return Roster(people, late)


def column_of(names: Sequence[str], header: Sequence[str]) -> int | None:
    """Where a table has the first of these columns that it has."""
    lower = [name.lower() for name in header]
    return next((lower.index(name) for name in names if name in lower), None)


class Directory:
    """Finds people of a roster by whatever they are called; what fits several of them finds nobody."""

    def __init__(self, people: Iterable[Identity]) -> None:
        self.people = list(people)
        self._by: dict[tuple[str, str], list[Identity]] = {}
        for person in self.people:
            squashed = same_name(person.name)
            email = person.email.casefold()
            login = person.login.casefold() or email.partition("@")[0]
            keys = {("id", person.id), ("login", login), ("email", email)}
            keys |= {("name", squashed), ("letters", letters_of(person.name))}
            for key in keys:
                if key[1]:
                    self._by.setdefault(key, []).append(person)

    def find(self, who: Identity) -> Identity | None:
        """The person whom a platform calls so: by id, else login, e-mail, or name; nobody, if that is a group."""
        if self.group(who.name):
            return None
        calls = [("id", who.id), ("login", who.login.casefold()), ("email", who.email.casefold())]
        for text in (who.name, who.login):
            calls += [
                ("login", text.casefold()),
                ("email", text.casefold()),
                ("name", same_name(text)),
                ("id", text),
            ]
            calls += [("letters", letters_of(text))]
        found = (self._by[call] for call in calls if call in self._by)
        return next((several[0] for several in found if len(several) == 1), None)

    def group(self, name: str) -> list[Identity]:
        """The members of a group."""
        return [
            person for person in self.people if name and same_name(person.group) == same_name(name)
        ]


def letters_of(name: str) -> str:
    """A name as Canvas writes it into the names of files: the letters, sorted to be free of their order."""
    return "".join(sorted(same_name(name).replace(" ", "")))
