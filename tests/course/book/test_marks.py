"""Marks: the points of each, which of several counts, and the resulting score."""

import pytest

from sheet11.course.book.marks import Answer, Entry, Item, Mark, Task, score_of
from sheet11.course.book.scores import Score

CODE = Task("01/f", "A function", "", 2.0, False, "")
PROOF = Task("01/proof", "A proof", "", 3.0, True, "")
IDEA, SIGN = Item(1, 2.0, "idea"), Item(2, -0.5, "sign")


def mark(who, points=None, comment="", items=(), digest="now", **graded):
    return Mark(
        who, "2026-11-27T12:00:00.000+00:00", points, comment, digest, list(items), **graded
    )


def entry(task, graded, marks):
    return Entry("anna", task, "now", Score(*graded), Score(*graded), marks)


UNREAD, WRONG = (None, "to read", ""), (0.0, "wrong", "x differs")


def test_the_newest_mark_with_points_counts():
    marks = [mark("bert", 1.0, "so so"), mark("bert", 2.0, "good"), mark("carl", comment="nice")]
    assert entry(PROOF, UNREAD, marks).mark == marks[1]
    assert score_of(entry(PROOF, UNREAD, marks)) == (2.0, "read", "good; nice")
    assert entry(PROOF, UNREAD, marks[2:]).mark is None


@pytest.mark.parametrize(
    ("history", "points"),
    [
        ([("anna", 1.0), ("bert", 2.0)], None),
        ([("anna", 1.0), ("bert", 2.0), ("carl", None)], None),
        ([("anna", 1.0), ("bert", 2.0), ("carl", 1.5)], 1.5),
        ([("anna", 1.0), ("bert", 2.0), ("bert", 2.0)], 2.0),
        ([("anna", 1.0), ("bert", 2.0), ("anna", 2.0)], 2.0),
        ([("anna", 1.0), ("bert", 2.0), ("bert", None)], 1.0),
        ([("anna", 1.0), ("anna", 2.0)], 2.0),
        ([("anna", 2.0), ("bert", 2.0), ("anna", 1.0)], None),
        ([("anna", 3.0), ("bert", 4.0)], 3.0),
        ([("anna", 0.1 + 0.2), ("bert", 0.3)], 0.3),
    ],
)
def test_two_people_s_different_points_count_once_somebody_has_decided(history, points):
    """Marks that give the same within the task's points, or to six decimals, are the same."""
    found = score_of(entry(PROOF, UNREAD, [mark(who, given) for who, given in history]))
    assert (found.points, found.status) == (points, "read" if points else "to read")


def test_marks_on_an_earlier_answer_are_no_dispute():
    found = entry(PROOF, UNREAD, [mark("anna", 1.0, digest="then"), mark("bert", 2.0)])
    assert score_of(found)[:2] == (2.0, "read")


@pytest.mark.parametrize(
    ("points", "items", "counted", "remark"),
    [
        (5.0, (), 3.0, ""),
        (None, (SIGN,), 0.0, "sign (-0.5)"),
        (None, (IDEA, SIGN), 1.5, "idea (+2); sign (-0.5)"),
        (1.0, (IDEA,), 3.0, "idea (+2); adjustment (+1)"),
        (None, (), None, ""),
    ],
)
def test_points_are_kept_within_those_of_the_task(points, items, counted, remark):
    assert mark("anna", points, items=items).counted(3.0) == (counted, remark)


@pytest.mark.parametrize(
    ("task", "graded", "marks", "score"),
    [
        (PROOF, UNREAD, [mark("eve", 1.5, "sign")], (1.5, "read", "sign")),
        (PROOF, UNREAD, [mark("eve", comment="sign?")], (None, "to read", "sign?")),
        (CODE, WRONG, [], WRONG),
        (CODE, WRONG, [mark("eve", comment="nearly")], (0.0, "wrong", "x differs; nearly")),
        (CODE, WRONG, [mark("eve", 1.0, "a typo", graded=0.0)], (1.0, "overridden", "a typo")),
    ],
)
def test_the_score_that_counts(task, graded, marks, score):
    assert score_of(entry(task, graded, marks)) == score


def test_a_stale_mark_counts_and_is_to_read_again():
    marked = entry(PROOF, UNREAD, [mark("eve", 2.0, "good", digest="then")])
    score = score_of(marked)
    assert marked.read_before and score[:2] == (2.0, "to read") and score.remark.endswith("; good")


def test_equal_answers_have_equal_digests():
    first = Answer("anna", "01/proof", "because", {"a.png": {"image/png": "AA=="}}, None, "", "")
    assert first.digest == first._replace(student="bert", status="to read").digest
    assert first.digest == first._replace(source="\nbecause  \n\n").digest
    assert first.digest != first._replace(source="be cause").digest
    assert first.digest != first._replace(attachments={"a.png": {"image/png": "AB=="}}).digest
