"""Groups that hand in together, as named by the platform, the roster, or a line in the notebook."""

import re
from collections.abc import Iterable, Mapping, Sequence

from sheet11.course.release import MEMBERS
from sheet11.course.submissions.people import Identity, Person, listed
from sheet11.course.submissions.roster import Roster
from sheet11.course.submissions.submissions import HandedCell

MOST_MATES = (
    6  # a larger group in a roster is a part of the class, not a group that hands in together
)
MOST_NAMES = 20
LONGEST = 100  # characters of a name
LINE = rf"(?im)^\W*{MEMBERS}(.*)$"


def members_in(cells: Iterable[HandedCell]) -> tuple[Identity, ...]:
    """Return the members named in a notebook's text cells."""
    text = "\n".join(cell.source for cell in cells if cell.cell_type != "code")
    lines = re.findall(LINE, re.sub(r"\([^()\n]*\)", "", text))
    names = re.split(r"[,;&]|\band\b|\bund\b", ",".join(lines))
    unique = dict.fromkeys(name.strip(" *_.")[:LONGEST] for name in names)
    return tuple(Identity(name=name) for name in unique if name)[:MOST_NAMES]


def with_members(people: Sequence[Person], roster: Roster) -> tuple[list[Person], list[str]]:
    """Return the people with the members of their groups, and the names of those in the roster who handed in nothing.

    A member with a separate hand-in keeps its result. If two members of a group hand in, both get a note.

    Args:
        people: with the members named in their notebooks.
        roster: of the class.
    """
    handed_in = {person.who: person.student for person in people}
    everybody = Roster(dict.fromkeys([*roster.people, *handed_in], ""))
    grouped = [_with_group(person, everybody, handed_in, roster) for person in people]
    there = {member for person in grouped for member in (person.who, *person.members)}
    return grouped, [person.shown for person in roster.people if person not in there]


def _with_group(
    person: Person, everybody: Roster, handed_in: Mapping[Identity, str], roster: Roster
) -> Person:
    who = person.who
    named = [everybody.find(each) or each for each in person.members]
    of_platform = everybody.group(who.name)  # if the hand-in is a group's
    of_roster = everybody.group(who.group)
    mates = of_platform or (of_roster if len(of_roster) <= MOST_MATES else [])
    mates = [mate for mate in dict.fromkeys([*mates, *named]) if mate != who]
    notes = list(person.notes)
    if twice := [handed_in[mate] for mate in mates if mate in handed_in]:
        notes.append(f"from the same group, and also handed in: {listed(twice)}")
    unknown = [each.name for each in named if each not in everybody.people]
    if unknown and roster.people:
        notes.append(f"{listed(unknown)}, named as a member, is not in the roster")
    members = [] if of_platform else [who]
    if (
        named or of_platform or not twice
    ):  # otherwise it is unclear which result counts for the others
        members += [mate for mate in mates if mate not in handed_in]
    return person._replace(members=tuple(members), notes=tuple(notes))
