"""Marks: what each is worth, and which of several counts."""

import pytest

from sheet11.course.book.marks import READ, Answer, Entry, Item, Mark, decide

GOOD, SIGN = Item(1, "01/proof", 2.0, "idea"), Item(2, "01/proof", -0.5, "sign")


def mark(who, points=None, comment="", items=(), digest="now"):
    return Mark(who, "2026-11-27T12:00:00.000+00:00", READ, points, comment, digest, items)


@pytest.mark.parametrize(
    ("points", "items", "given"),
    [
        (None, (), None),
        (0.0, (), 0.0),
        (1.5, (), 1.5),
        (None, (GOOD, SIGN), 1.5),
        (1.0, (GOOD,), 3.0),
        (None, (SIGN,), -0.5),
    ],
)
def test_points_of_a_mark(points, items, given):
    assert mark("anna", points, items=items).given == given


def test_the_newest_that_gives_points_counts():
    marks = [
        mark("anna", 1.0, "so so"),
        mark("bert", 2.0, "good"),
        mark("carl", comment="nice figure"),
    ]
    standing = decide(marks, 3.0, "now")
    assert (standing.mark.who, standing.points, standing.remark) == (
        "bert",
        2.0,
        "good; nice figure",
    )
    assert not standing.stale
    assert (
        decide([mark("anna", comment="why?")], 3.0, "now") is None
        and decide([], 3.0, "now") is None
    )


@pytest.mark.parametrize(
    ("points", "items", "counted", "remark"),
    [
        (3.0, (), 3.0, ""),
        (5.0, (), 3.0, "5 points were given, of which 3 can be had"),
        (None, (SIGN,), 0.0, "sign (-0.5)"),
        (2.0, (GOOD,), 3.0, "idea (+2); besides (+2); 4 points were given, of which 3 can be had"),
    ],
)
def test_points_that_cannot_be_had(points, items, counted, remark):
    standing = decide([mark("anna", points, items=items)], 3.0, "now")
    assert (standing.points, standing.remark) == (counted, remark)


def test_an_answer_that_has_changed_since_it_was_read():
    assert decide([mark("anna", 1.0, digest="then")], 3.0, "now").stale


@pytest.mark.parametrize(
    ("automatic", "marks", "state", "disputed"),
    [
        (None, [], "unread", False),
        (2.0, [], "graded", False),
        (None, [mark("anna", comment="?")], "unread", False),
        (None, [mark("anna", 1.0), mark("bert", 1.0)], "read", False),
        (None, [mark("anna", 1.0), mark("bert", 1.5)], "read", True),
        (2.0, [mark("anna", 1.0, digest="then")], "stale", False),
    ],
)
def test_states(automatic, marks, state, disputed):
    entry = Entry(
        Answer("x", "01/proof", "", {}, automatic, "", ""),
        marks,
        decide(marks, 3.0, "now"),
        frozenset(),
        "now",
    )
    assert (entry.state, entry.disputed) == (state, disputed)


def test_equal_answers_have_equal_digests():
    first = Answer("anna", "01/proof", "because", {"a.png": {"image/png": "AA=="}}, None, "", "")
    assert first.digest == first._replace(student="bert", status="to read").digest
    assert first.digest == first._replace(source="\nbecause  \n\n").digest
    assert first.digest != first._replace(source="be cause").digest
    assert first.digest != first._replace(attachments={"a.png": {"image/png": "AB=="}}).digest
