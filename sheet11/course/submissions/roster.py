"""The roster of a class: students' names on each platform, and the student of each hand-in."""

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from sheet11.course.errors import TableError
from sheet11.course.submissions.people import Identity, words_of
from sheet11.course.tables import read_table

# column names of this kit, Moodle (in English and German), Canvas and GitHub Classroom; the first match counts
COLUMNS = {
    "id": ("identifier", "id", "identifikator", "student id", "id number", "sis user id"),
    "login": ("github_username", "login", "username", "user name", "sis login id", "anmeldename"),
    "name": ("name", "full name", "student", "vollständiger name"),
    "group": ("group", "gruppe", "groupe", "grupo", "gruppo", "team"),
    "email": ("e-mail", "email", "email address", "e-mail address", "e-mail-adresse"),
    "first": ("first name", "firstname", "vorname"),
    "last": ("last name", "lastname", "surname", "nachname"),
    "status": ("status",),
}
# Moodle's word before a student's number, in any language: `Participant 7`, `Teilnehmer/in7`, `参与者7`
PARTICIPANT = re.compile(r"^(\D+ |[A-Z]\D{6,}|[^\x00-\x7f]+)(?=\d+$)")
LATE = r"(?i)[\w ]*\b(?:late|verspätet|zu spät|retard)\b"  # Moodle's words
LOST = re.compile("[?\ufffd]")  # stands for a letter that a spreadsheet could not save


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

    def meet(self, who: Identity) -> None:
        """Let a person be found who is not in the roster."""
        for key in _keys(who):
            self._by.setdefault(key, who)

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
    """Read the people in a table; other columns are ignored. Rows with the same id, login or address are one person.

    Raises:
        TableError: the file cannot be read, identifies nobody, or puts a person into two groups.
    """
    rows = read_table(path)
    columns = _columns(rows)
    people: dict[Identity, str] = {}
    for row in rows:
        who, late = _read_row(row, columns)
        if who.shown in ("", "Points Possible"):  # Canvas's second row
            continue
        same = next((each for each in people if _is_same(each, who)), who)
        if same.group and who.group not in ("", same.group):
            raise TableError(
                f"{path}: {who.shown} is in two groups, {same.group!r} and {who.group!r}"
            )
        late = people.pop(same, "") or late
        people[Identity(*map(max, same, who))] = late
    if not people:
        raise TableError(
            f"{path}: the first line must name columns like id, login, name, group, e-mail, "
            f"got {', '.join(rows[0])[:80]!r}"
        )
    return Roster(people)


def _read_row(row: Mapping[str, str], columns: Mapping[str, str]) -> tuple[Identity, str]:
    """Return a person, and how late the hand-in is; a field of signs only, such as `? ?`, is empty."""
    fields = {key: row.get(name, "") for key, name in columns.items()}
    fields = {key: text if words_of(text) else "" for key, text in fields.items()}
    who = Identity(
        id=PARTICIPANT.sub("", fields["id"]),
        login=fields["login"],
        name=fields["name"] or f"{fields['first']} {fields['last']}".strip(),
        group=fields["group"],
        email=fields["email"],
    )
    late = re.search(LATE, unicodedata.normalize("NFC", fields["status"]))
    return who, late[0].strip() if late else ""


def _is_same(one: Identity, other: Identity) -> bool:
    """Return whether two rows are of one person: with the same id, else the same login or address."""
    if one.id and other.id:
        return one.id == other.id
    return bool({one.login, one.email} & {other.login, other.email} - {""})


def _columns(rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the name of each column; Moodle's numbers and names stand side by side in any language."""
    lower = {name.lower(): name for name in rows[0]}
    columns = {key: next(filter(None, map(lower.get, names)), "") for key, names in COLUMNS.items()}
    for number, name in itertools.pairwise(rows[0]):
        if not columns["id"] and all(PARTICIPANT.match(row[number]) for row in rows):
            columns |= {"id": number, "name": name}
    return columns


def _keys(who: Identity) -> list[str]:
    """Return the keys for finding a person; logins may come from e-mail addresses, and last names may come first."""
    login = who.login or who.email.partition("@")[0]
    keys = [text.casefold() for text in (who.id, login, who.email) if text]
    words = [] if LOST.search(who.name) else words_of(who.name)
    for place in range(len(words)):
        keys.append(f"name {''.join(words[place:] + words[:place])}")
    return keys
