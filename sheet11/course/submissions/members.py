"""Groups that hand in once: the platform's, the roster's, or those that a line in the notebook names."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

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
    handed_in: dict[Identity, list[str]] = defaultdict(list)
    for person, _ in people:
        handed_in[person.who].append(person.student)
    everybody = Directory(dict.fromkeys([*directory.people, *handed_in]))
    found = []
    for person, names in people:
        if directory.people:
            person = _with_notes(person, names, everybody)
        named = [Identity(name=name) for name in names]
        mates = [everybody.find(each) or each for each in named]
        found.append(_with_group(person, mates, everybody, handed_in))
    there = {member for person in found for member in (person.who, *person.members)}
    return found, [person.shown for person in directory.people if person not in there]


def _with_notes(person: Person, names: Iterable[str], everybody: Directory) -> Person:
    unknown = [name for name in names if not everybody.find(Identity(name=name))]
    notes = [visible(f"{name!r}, named as a member, is not in the roster") for name in unknown]
    return person._replace(notes=(*person.notes, *notes))


def _with_group(
    person: Person,
    named: Sequence[Identity],
    everybody: Directory,
    handed_in: Mapping[Identity, list[str]],
) -> Person:
    of_platform = everybody.group(person.who.name)  # the hand-in is a group's
    of_roster = everybody.group(person.who.group)
    mates = of_platform or (of_roster if len(of_roster) <= MOST_MATES else [])
    mates = [mate for mate in dict.fromkeys([*mates, *named]) if mate != person.who]
    twice = [student for mate in mates for student in handed_in.get(mate, [])]
    members = [mate for mate in mates if mate not in handed_in]
    if twice:
        note = f"of the same group, and handed in, too: {listed(twice)}"
        person = person._replace(notes=(*person.notes, note))
    if of_platform:
        return person._replace(members=tuple(members))
    if twice and not named:
        members = []  # nobody can tell which result counts for them
    return person._replace(members=(person.who, *members))
