"""Groups that hand in together, as named by the platform, the roster, or a line in the notebook."""

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sheet11.course.release import MEMBERS
from sheet11.course.submissions.people import Identity, Person, listed, words_of
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
    return tuple(Identity(name=name) for name in unique if words_of(name))[:MOST_NAMES]


def with_members(people: Sequence[Person], roster: Roster) -> tuple[list[Person], list[str]]:
    """Return the people with the members of their groups, and the names of those in the roster who handed in nothing.

    A member with a separate hand-in keeps its result. If two members of a group hand in, both get a note, and so do two
    groups that name the same member.

    Args:
        people: with the members named in their notebooks.
        roster: of the class.
    """
    handed_in = {person.who: person.student for person in people}
    everybody = Roster(dict.fromkeys([*roster.people, *handed_in], ""))
    for named in itertools.chain.from_iterable(person.members for person in people):
        if not everybody.find(named):
            everybody.meet(named)
    grouped = [_with_group(person, everybody, handed_in, roster) for person in people]
    claims = claims_of(grouped)
    grouped = [_settled(person, claims) for person in grouped]
    there = {member for person in grouped for member in (person.who, *person.members)}
    return grouped, [person.shown for person in roster.people if person not in there]


def claims_of(people: Collection[Person]) -> dict[Identity, list[Person]]:
    """Return the members that several hand-ins name, and that have no hand-in of their own, with these hand-ins."""
    claims = defaultdict(list)
    handed_in = {person.who for person in people}
    for person in people:
        for member in set(person.members) - handed_in:
            claims[member].append(person)
    return {member: groups for member, groups in claims.items() if len(groups) > 1}


def _settled(person: Person, claims: Mapping[Identity, list[Person]]) -> Person:
    """Return a person with a note on each member that others name, too; the roster's group decides."""
    members = []
    notes = list(person.notes)
    for member in person.members:
        groups = claims.get(member, [])
        if groups:
            named_by = listed([each.student for each in groups])
            notes.append(f"{member.shown} is a member in the hand-ins of {named_by}")
        own = [each for each in groups if member.group in {each.who.group, each.who.name} - {""}]
        if len(own) != 1 or person in own:
            members.append(member)
    return person._replace(members=tuple(members), notes=tuple(notes))


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
