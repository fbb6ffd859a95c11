"""The roster of a class: students' names on each platform, and the student of each hand-in."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sheet11.course.errors import TableError
from sheet11.course.submissions.people import Identity, words_of
from sheet11.course.tables import read_table

# column names of this kit, Moodle (in English and German), Canvas and GitHub Classroom; the first match counts
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
PARTICIPANT = re.compile(r"^(\D+ |Teilnehmer/in)(?=\d+$)")  # Moodle's prefix of a student's number
LATE = r"(?i)[\w ]*\blate\b|[\w ]*\bverspätet\b|zu spät"  # Moodle's words


class Roster:
    """The people of a class by id, login, e-mail and name; an ambiguous name finds nobody.

    Args:
        people: the people of the class, with how late their hand-ins are according to the platform.
    """

    def __init__(self, people: Mapping[Identity, str]) -> None:
        self.people = people
        self._by: dict[str, Identity | None] = {}
        for person in people:
            for key in set(_keys(person)):
                self._by[key] = None if key in self._by else person

    def find(self, who: Identity) -> Identity | None:
        """Return a person by id, login, e-mail or name, in this order; None if the name is a group's."""
        other = Identity(login=who.name, name=who.login)
        matches = filter(None, map(self._by.get, _keys(who) + _keys(other)))
        return None if self.group(who.name) else next(matches, None)

    def group(self, name: str) -> list[Identity]:
        """Return the members of a group."""
        words = words_of(name)
        return [person for person in self.people if words and words_of(person.group) == words]


NO_ROSTER = Roster({})


def read_roster(path: Path) -> Roster:
    """Read the people in a table; other columns are ignored.

    Raises:
        TableError: the file cannot be read or identifies nobody.
    """
    rows = read_table(path)
    columns = find_columns(rows[0], COLUMNS)
    people = {}
    for row in rows:
        fields = {key: row.get(name, "") for key, name in columns.items()}
        who = Identity(
            id=PARTICIPANT.sub("", fields["id"]),
            login=fields["login"],
            name=fields["name"] or f"{fields['first']} {fields['last']}".strip(),
            group=fields["group"],
            email=fields["email"],
        )
        if who.shown not in ("", "Points Possible"):  # Canvas's second row
            late = re.search(LATE, fields["status"])
            people[who] = late[0].strip() if late else ""
    if not people:
        raise TableError(
            f"{path}: the first line must name columns like id, login, name, group, e-mail, "
            f"got {', '.join(rows[0])[:80]!r}"
        )
    return Roster(people)


def find_columns(header: Iterable[str], names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the name of each column, found among its possible names; empty if missing."""
    lower = {name.lower(): name for name in header}
    return {
        key: next(filter(None, map(lower.get, possible)), "") for key, possible in names.items()
    }


def _keys(who: Identity) -> list[str]:
    """Return the keys for finding a person; logins may come from e-mail addresses, and last names may come first."""
    login = who.login or who.email.partition("@")[0]
    keys = [text.casefold() for text in (who.id, login, who.email) if text]
    words = words_of(who.name)
    for place in range(len(words)):
        keys.append(f"name {''.join(words[place:] + words[:place])}")
    return keys
