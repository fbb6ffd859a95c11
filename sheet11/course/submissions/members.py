"""Groups that hand in once: the platform's, the roster's, or those that a line in the notebook names."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sheet11.course.release import MEMBERS
from sheet11.course.submissions.people import Identity, Person, listed
from sheet11.course.submissions.reading import Cell
from sheet11.course.submissions.roster import Directory
from sheet11.course.text import visible

MOST_MATES = 6  # a larger group of a roster meets, but does not hand in together
MOST_NAMES = 20
LONGEST = 100  # characters of a name
LINE = re.compile(rf"^\W*{re.escape(MEMBERS)}(.*)$", re.IGNORECASE | re.MULTILINE)


def members_in(cells: Iterable[Cell]) -> list[str]:
    """Return the members that a notebook's text cells name, as they stand there."""
    texts = [cell.source for cell in cells if cell.cell_type != "code"]
    lines = ",".join(re.sub(r"\(.*?\)", "", line) for line in LINE.findall("\n".join(texts)))
    names = re.split(r"[,;&]|\band\b|\bund\b", lines)
    found = dict.fromkeys(name.strip(" *_.")[:LONGEST] for name in names)
    return [name for name in found if name][:MOST_NAMES]


def with_members(
    people: Sequence[tuple[Person, Sequence[str]]], directory: Directory
) -> tuple[list[Person], list[str]]:
    """Give everybody the members of their group; return also those of the roster from whom nothing came.

    Who has handed in alone keeps the own result; if two of a group have, both get a note.

    Args:
        people: each with the names of members in the notebooks.
        directory: the roster.
    """
    handed_in = defaultdict(list)
    for person, _ in people:
        handed_in[person.who].append(person.student)
    own = Directory(handed_in)
    found = []
    for person, names in people:
        named = [
            directory.find(Identity(name=name)) or own.find(Identity(name=name)) for name in names
        ]
        notes = [
            visible(f"{name!r}, named as a member, is not in the roster")
            for name, mate in zip(names, named, strict=True)
            if mate is None and directory.people
        ]
        of_platform = directory.group(person.who.name)  # the hand-in is a group's
        mates = of_platform or directory.group(person.who.group)
        if not of_platform and len(mates) > MOST_MATES:
            mates = []
        mates += [mate or Identity(name=name) for name, mate in zip(names, named, strict=True)]
        mates = [mate for mate in dict.fromkeys(mates) if mate != person.who]
        twice = [student for mate in mates for student in handed_in.get(mate, [])]
        if twice:
            notes.append(f"of the same group, and handed in, too: {listed(twice)}")
        alone = [mate for mate in mates if mate not in handed_in]
        if twice and not names and not of_platform:
            alone = []  # nobody can tell which result counts for them
        members = tuple(alone) if of_platform else (person.who, *alone)
        found.append(person._replace(members=members, notes=(*person.notes, *notes)))
    there = {member for person in found for member in (person.who, *person.members)}
    return found, [person.shown for person in directory.people if person not in there]
