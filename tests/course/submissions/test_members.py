"""Members of a group, by their notebook and by the roster."""

import pytest

from sheet11.course.release import MEMBERS_ASKED
from sheet11.course.submissions.members import claims_of, members_in, with_members
from sheet11.course.submissions.people import Identity, Person
from sheet11.course.submissions.roster import NO_ROSTER, Roster
from sheet11.course.submissions.submissions import HandedCell


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (MEMBERS_ASKED, []),
        (MEMBERS_ASKED.replace("(names", "Anna Müller, bert (names"), ["Anna Müller", "bert"]),
        ("**Handed in by:** Anna Müller; bert and *Chiara*", ["Anna Müller", "bert", "Chiara"]),
        ("Title\nhanded in by: anna, anna\ntext", ["anna"]),
        ("Handed in by: " + ",".join(f"a{n}" for n in range(99)), [f"a{n}" for n in range(20)]),
        ("Handed in by: –, ? ?", []),
        ("This was handed in by: nobody", []),
        ("", []),
    ],
)
def test_a_line_names_members(source, names):
    for kind, found in (("markdown", names), ("raw", names), ("code", [])):
        assert members_in([HandedCell(None, None, kind, source, "")]) == tuple(
            Identity(name=name) for name in found
        )


def identity(login, group="G"):
    return Identity(login, login, login.title(), group)


ANNA, BERT, EVE = map(identity, ("anna", "bert", "eve"))


def grouped(*handed_in, roster):
    """Members and notes of everybody, and who is absent."""
    people = [Person(who.login, who, ()) for who in handed_in]
    found, absent = with_members(people, Roster(dict.fromkeys(roster, "")))
    return [(person.members, person.notes) for person in found], absent


def test_a_group_of_the_roster_shares_what_one_of_it_has_handed_in():
    assert grouped(ANNA, roster=[ANNA, BERT, EVE._replace(group="")]) == (
        [((ANNA, BERT), ())],
        ["Eve"],
    )


def test_where_two_of_a_group_have_handed_in_nobody_shares():
    found, absent = grouped(ANNA, BERT, roster=[ANNA, BERT, EVE])
    assert [members for members, _ in found] == [(ANNA,), (BERT,)] and absent == ["Eve"]
    assert found[0][1] == ("from the same group, and also handed in: bert",)


def test_who_is_named_but_in_no_roster_is_reported():
    nobody = Identity(name="Nobody Known")
    anna = Person("anna", ANNA, (Identity(name="Bert"), nobody))
    (found,), _ = with_members([anna], Roster({ANNA: "", BERT: ""}))
    assert found.members == (ANNA, BERT, nobody)
    assert found.notes == ("Nobody Known, named as a member, is not in the roster",)
    (found,), _ = with_members([anna], NO_ROSTER)
    assert found.notes == ()


def claiming(*whos, roster=()):
    """Members and notes of hand-ins that all name Eve, each in its own spelling."""
    names = ("Eve", "eve")
    people = [
        Person(who.login, who, (Identity(name=name),))
        for who, name in zip(whos, names, strict=True)
    ]
    return with_members(people, Roster(dict.fromkeys(roster, "")))[0]


@pytest.mark.parametrize("roster", [(), (ANNA, BERT, EVE._replace(group="H"))])
def test_two_groups_that_name_the_same_member_are_both_told(roster):
    anna, bert = (who._replace(group="") for who in (ANNA, BERT))
    found = claiming(anna, bert, roster=roster)
    assert {person.notes for person in found} == {
        ("Eve is a member in the hand-ins of anna, bert",)
    }
    assert list(claims_of(found).values()) == [found]


def test_the_group_of_the_roster_decides_between_two(tmp_path):
    bert = BERT._replace(group="H")
    found = claiming(ANNA, bert, roster=(ANNA, bert, EVE))
    assert [person.members for person in found] == [(ANNA, EVE), (bert,)]
    assert all(person.notes for person in found) and not claims_of(found)


@pytest.mark.parametrize(("size", "sharing"), [(6, 6), (7, 1)])
def test_a_larger_group_meets_but_does_not_hand_in_together(size, sharing):
    group = [identity(letter) for letter in "abcdefgh"[:size]]
    ((members, _),), absent = grouped(group[0], roster=group)
    assert (len(members), len(absent)) == (sharing, size - sharing)


def test_a_hand_in_of_a_platform_s_group_is_its_members():
    penguins = Identity(id="17", name="Die Pinguine")
    roster = [ANNA._replace(group="die pinguine"), BERT._replace(group="die pinguine")]
    assert grouped(penguins, roster=roster) == ([(tuple(roster), ())], [])
