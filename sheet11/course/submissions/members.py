"""Groups that hand in once: by the platform's group, the roster, or a line in the notebook."""

import re
from collections.abc import Iterable, Sequence

from sheet11.course.release import MEMBERS
from sheet11.course.submissions.people import Identity, Person, listed
from sheet11.course.submissions.reading import Cell
from sheet11.course.submissions.roster import Directory
from sheet11.course.text import visible

MOST_MATES = 6  # a larger group of a roster meets, but does not hand in together
MOST, LONGEST = 20, 100  # members, and characters of a name
LINE = re.compile(rf"^\W*{re.escape(MEMBERS)}(.*)$", re.IGNORECASE | re.MULTILINE)


def members_in(cells: Iterable[Cell]) -> list[str]:
    """Whom a notebook's text cells name as members, as they stand there."""
    found: dict[str, None] = {}
    for cell in cells:
        if cell.cell_type != "code":
            for match in LINE.finditer(cell.source):
                names = re.split(r"[,;&]|\band\b|\bund\b", re.sub(r"\(.*?\)", "", match[1]))
                found |= dict.fromkeys(
                    name.strip(" *_.")[:LONGEST] for name in names if name.strip(" *_.")
                )
    return list(found)[:MOST]


def with_members(
    people: Sequence[tuple[Person, Sequence[str]]], directory: Directory
) -> tuple[list[Person], list[str]]:
    """Everybody with the members of their group, and who of the roster is in none and has handed in nothing.

    Who has handed in alone keeps the own result; if two of a group have, that is noted for both.

    Args:
        people: with whom their notebooks name as members.
        directory: the roster.
    """
    own = Directory([person.who for person, _ in people])
    by_identity: dict[Identity, list[Person]] = {}
    for person, _ in people:
        by_identity.setdefault(person.who, []).append(person)
    found = []
    for person, names in people:
        notes = list(person.notes)
        of_group = directory.group(person.who.name)  # the platform's folder is the group's
        mates = of_group or directory.group(person.who.group)
        if not of_group and len(mates) > MOST_MATES:
            mates = []
        for name in names:
            asked = Identity(name=name)
            mate = directory.find(asked) or own.find(asked)
            if mate is None and directory.people:
                notes.append(visible(f"{name!r}, named as a member, is not in the roster"))
            mates.append(mate or asked)
        mates = [mate for mate in dict.fromkeys(mates) if mate != person.who]
        twice = [other for mate in mates for other in by_identity.get(mate, [])]
        if twice:
            notes.append(
                f"of the same group, and handed in, too: {listed([other.student for other in twice])}"
            )
        alone = [mate for mate in mates if mate not in by_identity]
        if twice and not names and not of_group:
            alone = []  # the roster's group is no group that hands in together, or nobody can tell which result counts
        members = tuple(alone) if of_group else (person.who, *alone)
        found.append(person._replace(members=members, notes=tuple(notes)))
    there = {member for person in found for member in (person.who, *person.members)}
    return found, [person.shown for person in directory.people if person not in there]
