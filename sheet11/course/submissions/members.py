"""Groups that hand in once: the platform's, the roster's, or those that a line in the notebook names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sheet11.course.release import MEMBERS
from sheet11.course.submissions.attachments import joined
from sheet11.course.submissions.people import Identity, Person, listed
from sheet11.course.submissions.roster import Directory
from sheet11.course.text import visible

MOST_MATES = 6  # a larger group of a roster meets, but does not hand in together
MOST_NAMES = 20
LONGEST_NAME = 100  # characters
LINE = re.compile(rf"^\W*{re.escape(MEMBERS)}(.*)$", re.IGNORECASE | re.MULTILINE)


def members_in(cells: Iterable[dict[str, Any]]) -> list[str]:
    """Return the members that a notebook's text cells name, as they stand there."""
    texts = [joined(cell.get("source")) or "" for cell in cells if _is_text(cell)]
    lines = [re.sub(r"\(.*?\)", "", line) for text in texts for line in LINE.findall(text)]
    names = [name for line in lines for name in re.split(r"[,;&]|\band\b|\bund\b", line)]
    found = dict.fromkeys(name.strip(" *_.")[:LONGEST_NAME] for name in names)
    return [name for name in found if name][:MOST_NAMES]


def _is_text(cell: dict[str, Any]) -> bool:
    return cell.get("cell_type") in ("markdown", "raw")


def with_members(
    people: Sequence[tuple[Person, Sequence[str]]], directory: Directory
) -> tuple[list[Person], list[str]]:
    """Give everybody the members of their group; return also those of the roster from whom nothing came.

    Who has handed in alone keeps the own result; if two of a group have, both get a note.

    Args:
        people: each with the names of members in the notebooks.
        directory: the roster.
    """
    own = Directory([person.who for person, _ in people])
    by_identity: dict[Identity, list[Person]] = {}
    for person, _ in people:
        by_identity.setdefault(person.who, []).append(person)
    found = []
    for person, names in people:
        named, unknown = _named(names, directory, own)
        found.append(_with_mates(person, named, unknown, directory, by_identity))
    there = {member for person in found for member in (person.who, *person.members)}
    return found, [person.shown for person in directory.people if person not in there]


def _named(
    names: Sequence[str], directory: Directory, own: Directory
) -> tuple[list[Identity], list[str]]:
    """The people that a notebook names, and notes on those who are not in the roster."""
    mates, notes = [], []
    for name in names:
        asked = Identity(name=name)
        mate = directory.find(asked) or own.find(asked)
        if mate is None and directory.people:
            notes.append(visible(f"{name!r}, named as a member, is not in the roster"))
        mates.append(mate or asked)
    return mates, notes


def _with_mates(
    person: Person,
    named: list[Identity],
    notes: list[str],
    directory: Directory,
    by_identity: Mapping[Identity, list[Person]],
) -> Person:
    of_platform = directory.group(person.who.name)  # the hand-in is a group's
    mates = of_platform or directory.group(person.who.group)
    if not of_platform and len(mates) > MOST_MATES:
        mates = []
    mates = [mate for mate in dict.fromkeys(mates + named) if mate != person.who]
    twice = [other.student for mate in mates for other in by_identity.get(mate, [])]
    if twice:
        notes = [*notes, f"of the same group, and handed in, too: {listed(twice)}"]
    alone = [mate for mate in mates if mate not in by_identity]
    if twice and not named and not of_platform:
        alone = []  # nobody can tell which result counts for them
    members = tuple(alone) if of_platform else (person.who, *alone)
    return person._replace(members=members, notes=(*person.notes, *notes))
