"""The people of a class, with their names on the platform and in the roster."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sheet11.course.book.store import Store
from sheet11.course.tables import harmless_csv
from sheet11.course.text import visible

HEADER = "student id login name group e-mail members late notebooks notes"


class Identity(NamedTuple):
    """A person or a group as a platform knows it; unknown fields are empty."""

    id: str = ""
    login: str = ""
    name: str = ""
    group: str = ""
    email: str = ""

    @property
    def shown(self) -> str:
        """Name for people to read."""
        return self.name or self.login or self.email or self.id


class Person(NamedTuple):
    """The person or group of one hand-in."""

    student: str  # key in tables and folders
    who: Identity
    members: tuple[Identity, ...]  # people who get the result
    label: str = ""  # name of the folder or file by which the platform knows the hand-in
    late: str = ""  # "late", or by how much
    notes: tuple[str, ...] = ()  # decisions about the hand-in
    notebooks: int = 0  # number of recognised notebooks


def keep_people(store: Store, people: Iterable[Person]) -> None:
    """Replace all people in the store."""
    store.set_about(people=list(people))


def kept_people(store: Store) -> dict[str, Person]:
    """Return the people of a grading by student."""
    people = {}
    for student, who, members, *more in store.about().get("people", []):
        identities = tuple(Identity(*member) for member in members)
        people[student] = Person(student, Identity(*who), identities, *more)
    return people


def people_csv(people: Iterable[Person]) -> str:
    """Return a CSV row for each hand-in: people, lateness, and decisions about it."""
    rows = [HEADER.split()]
    for person in people:
        members = "; ".join(each.shown for each in person.members if each != person.who)
        rows.append(
            [
                person.student,
                *person.who,
                members,
                person.late,
                str(person.notebooks),
                "; ".join(person.notes),
            ]
        )
    return harmless_csv(rows)


def names_of(people: Iterable[Person]) -> set[str]:
    """Return all names, logins, e-mail addresses and ids that identify people."""
    names: set[str] = set()
    for person in people:
        names.add(person.student)
        for each in (person.who, *person.members):
            names.update(each._replace(group=""))
    return names - {""}


def words_of(name: str) -> list[str]:
    """Return the words of a name for comparison, without case and punctuation."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", " ", plain).split()


def listed(names: Sequence[str]) -> str:
    """Join names for a sentence; those after the tenth are counted."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return visible(", ".join(names[:10]) + more)
