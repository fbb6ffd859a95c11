"""Who belongs to a group: what a notebook says, and the roster."""

import pytest

from sheet11.course.release import MEMBERS_ASKED
from sheet11.course.submissions.members import members_in, with_members
from sheet11.course.submissions.people import Identity, Person
from sheet11.course.submissions.reading import Cell
from sheet11.course.submissions.roster import Directory


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (MEMBERS_ASKED, []),
        (MEMBERS_ASKED.replace("(names", "Anna Müller, bert (names"), ["Anna Müller", "bert"]),
        ("**Handed in by:** Anna Müller; bert and *Chiara*", ["Anna Müller", "bert", "Chiara"]),
        ("Title\nhanded in by: anna, anna\ntext", ["anna"]),
        ("Handed in by: " + ",".join(f"a{n}" for n in range(99)), [f"a{n}" for n in range(20)]),
        ("This was handed in by: nobody", []),
        ("", []),
    ],
)
def test_a_line_names_members(source, names):
    for kind, found in (("markdown", names), ("raw", names), ("code", [])):
        assert members_in([Cell(None, None, kind, source)]) == found


def people(*logins, group="G"):
    return [Identity(login, login, login.title(), group) for login in logins]


def handed_in(who, names=()):
    return Person(who.login or who.name, who, (who,)), names


def test_who_of_a_group_in_the_roster_has_not_handed_in_shares():
    anna, bert, eve = *people("anna", "bert"), *people("eve", group="")
    (found,), absent = with_members([handed_in(anna)], Directory([anna, bert, eve]))
    assert (found.members, found.notes, absent) == ((anna, bert), (), ["Eve"])


def test_where_two_of_a_group_have_nobody_shares():
    anna, bert, eve = people("anna", "bert", "eve")
    (first, second), absent = with_members(
        [handed_in(anna), handed_in(bert)], Directory([anna, bert, eve])
    )
    assert (first.members, second.members, absent) == ((anna,), (bert,), ["Eve"])
    assert first.notes == ("of the same group, and handed in, too: bert",)


def test_a_large_group_meets_but_does_not_hand_in_together():
    tutorial = people(*"abcdefgh")
    (found,), absent = with_members([handed_in(tutorial[0])], Directory(tutorial))
    assert found.members == (tutorial[0],) and len(absent) == 7


def test_a_folder_of_a_group_is_its_members():
    penguins = Identity(id="17", name="Die Pinguine")
    anna, bert = people("anna", "bert", group="die pinguine")
    (found,), absent = with_members([handed_in(penguins)], Directory([anna, bert]))
    assert (found.members, absent) == ((anna, bert), [])
