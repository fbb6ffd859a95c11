"""The roster of a class: students' names on each platform, and the student of each hand-in."""

import re
from collections import defaultdict
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
PARTICIPANT = re.compile(r"^(\D+ |Teilnehmer/in)(?=\d+$)")  # Moodle's prefix of its number
LATE = re.compile(r"[\w ]*\blate\b|[\w ]*\bverspätet\b|zu spät", re.IGNORECASE)  # Moodle's words


class Roster:
    """The people of a class by id, login, e-mail and name; an ambiguous name finds nobody.

    Args:
        people: those of the class.
        late: how late their hand-ins are according to the platform.
    """

    def __init__(
        self, people: Iterable[Identity], late: Mapping[Identity, str] | None = None
    ) -> None:
        self.people = list(dict.fromkeys(people))
        self.late = late or {}
        self._by: dict[str, list[Identity]] = defaultdict(list)
        for person in self.people:
            for key in {_group(person.group), *_keys(person)}:
                self._by[key].append(person)

    def find(self, who: Identity) -> Identity | None:
        """Return a person by id, login, e-mail or name, in this order; None if the name is a group's."""
        keys = _keys(who) + _keys(Identity(login=who.name, name=who.login))
        found = [self._by[key][0] for key in keys if len(self._by.get(key, [])) == 1]
        return found[0] if found and not self.group(who.name) else None

    def group(self, name: str) -> list[Identity]:
        """Return the members of a group."""
        key = _group(name)
        return self._by.get(key, []) if key else []


NO_ROSTER = Roster([])


def read_roster(path: Path) -> Roster:
    """Read the people in a table; other columns are ignored.

    Raises:
        TableError: the file cannot be read or identifies nobody.
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
    """Return the name of each column, found among its possible names; empty if missing."""
    lower = {name.lower(): name for name in header}
    found = {}
    for key, possible in names.items():
        found[key] = next((lower[name] for name in possible if name in lower), "")
    return found


def _keys(who: Identity) -> list[str]:
    """Return what people are looked up by: a login can be the beginning of an address, and a last name come first."""
    login = who.login or who.email.partition("@")[0]
    keys = [text.casefold() for text in (who.id, login, who.email) if text]
    words = words_of(who.name)
    for place in range(len(words)):
        keys.append(f"name {''.join(words[place:] + words[:place])}")
    return keys


def _group(name: str) -> str:
    words = " ".join(words_of(name))
    return f"group {words}" if words else ""
