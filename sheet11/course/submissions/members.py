"""Groups that hand in once: the platform's, the roster's, or those that a line in the notebook names."""

import re
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


def members_in(cells: Iterable[Cell]) -> list[Identity]:
    """Return the members that a notebook's text cells name, as they stand there."""
    texts = [cell.source for cell in cells if cell.cell_type != "code"]
    lines = ",".join(re.sub(r"\(.*?\)", "", line) for line in LINE.findall("\n".join(texts)))
    names = re.split(r"[,;&]|\band\b|\bund\b", lines)
    found = dict.fromkeys(name.strip(" *_.")[:LONGEST] for name in names)
    return [Identity(name=name) for name in found if name][:MOST_NAMES]


def with_members(
    people: Sequence[Person], directory: Directory
) -> tuple[list[Person], list[Identity]]:
    """Give everybody the members of their group; return also those of the roster from whom nothing came.

    Who has handed in alone keeps the own result; if two of a group have, both get a note.

    Args:
        people: each with the members that the notebooks name.
        directory: the roster.
    """
    handed_in = {person.who: person.student for person in people}
    everybody = Directory(dict.fromkeys([*directory.people, *handed_in]))
    found = [_with_group(person, everybody, handed_in, directory) for person in people]
    there = {member for person in found for member in (person.who, *person.members)}
    return found, [person for person in directory.people if person not in there]


def _with_group(
    person: Person, everybody: Directory, handed_in: Mapping[Identity, str], roster: Directory
) -> Person:
    named = [everybody.find(each) or each for each in person.members if each != person.who]
    of_platform = everybody.group(person.who.name)  # the hand-in is a group's
    of_roster = everybody.group(person.who.group)
    mates = of_platform or (of_roster if len(of_roster) <= MOST_MATES else [])
    mates = [mate for mate in dict.fromkeys([*mates, *named]) if mate != person.who]
    twice = [handed_in[mate] for mate in mates if mate in handed_in]
    unknown = [each.name for each in named if roster.people and each not in everybody.people]
    notes = list(person.notes)
    if twice:
        notes.append(f"of the same group, and handed in, too: {listed(twice)}")
    if unknown:
        notes.append(visible(f"{listed(unknown)}, named as a member, is not in the roster"))
    members = [] if of_platform else [person.who]
    if named or of_platform or not twice:  # else nobody can tell which result counts for the others
        members += [mate for mate in mates if mate not in handed_in]
    return person._replace(members=tuple(members), notes=tuple(notes))
