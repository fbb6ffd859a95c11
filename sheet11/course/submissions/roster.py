"""The list of a class: how each platform names a student, and which student a hand-in belongs to."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sheet11.course.errors import TableError
from sheet11.course.submissions.people import Identity, words_of
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
    rows = read_table(path)
    columns = find_columns(rows[0], COLUMNS)
    people, late = [], {}
    for row in rows:
        fields = {key: row.get(name, "") for key, name in columns.items()}
        who = Identity(
            id=PARTICIPANT.sub("", fields["id"]),
            login=fields["login"],
            name=fields["name"] or f"{fields['first']} {fields['last']}".strip(),
            group=fields["group"],
            email=fields["email"],
        )
        if who.name == "Points Possible" or not who.shown:  # Canvas's second row
            continue
        people.append(who)
        if match := LATE.search(fields["status"]):
            late[who] = match[0].strip()
    if not people:
        raise TableError(
            f"{path}: the first line must name columns like id, login, name, group, e-mail, "
            f"got {', '.join(rows[0])[:80]!r}"
        )
    return Roster(people, late)


def find_columns(header: Iterable[str], names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Find the name of each column among its possible names; empty where there is none."""
    lower = {name.lower(): name for name in header}
    found = {}
    for key, possible in names.items():
        found[key] = next((lower[name] for name in possible if name in lower), "")
    return found


class Directory:
    """Finds the people of a roster by any of their names; a name that fits several finds nobody."""

    def __init__(self, people: Iterable[Identity]) -> None:
        self.people = list(people)
        self._by: dict[str, list[Identity]] = defaultdict(list)
        for person in self.people:
            login = person.login or person.email.partition("@")[0]
            keys = {text.casefold() for text in (person.id, login, person.email)}
            words = words_of(person.name)
            for place in range(len(words)):  # the last name may come first
                keys.add(f"name {''.join(words[place:] + words[:place])}")
            for key in keys:
                self._by[key].append(person)

    def find(self, who: Identity) -> Identity | None:
        """Find a person by id, else login, e-mail, or name; nobody, if that is the name of a group."""
        keys = [text.casefold() for text in (who.id, who.login, who.email, who.name) if text]
        keys += [f"name {''.join(words_of(name))}" for name in (who.name, who.login)]
        found = [self._by[key][0] for key in keys if len(self._by.get(key, [])) == 1]
        return found[0] if found and not self.group(who.name) else None

    def group(self, name: str) -> list[Identity]:
        """The members of a group."""
        words = words_of(name)
        return [person for person in self.people if words and words_of(person.group) == words]
