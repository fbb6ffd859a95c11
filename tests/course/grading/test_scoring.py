"""Points: what counts as the same, and what is said where it is not."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheet11.course.grading.examine import hidden_name
from sheet11.course.grading.exercises import Task
from sheet11.course.grading.scoring import difference, first_difference, judged, records_of, score
from sheet11.course.sandbox.sandbox import Batch, Limits
from sheet11.lab.records import MIME_TYPE, _encode

TASK = Task("01_encoding", "f", "1a", "f()", 2.0, "f-check", 1e-5)
LIMITS = Limits(seconds=7)
CLOCK = ", or thrice that by the clock"


def batch(ended=None, answer=(), check=(), succeeded=("f", "f-check"), **records):
    outputs = list(check)
    if records:
        data = {MIME_TYPE: {name: _encode(name, value) for name, value in records.items()}}
        outputs.append({"output_type": "display_data", "data": data})
    return Batch({"f": list(answer), "f-check": outputs}, set(succeeded), ended)


def error(kind, text):
    return {"output_type": "error", "ename": kind, "evalue": text, "traceback": []}


def scored(got, answer="x = 1", **more):
    return score(TASK, answer, "stub  ()", got, {"a": 1.0}, LIMITS, **more)


def test_full_points():
    assert scored(batch(a=1.0)) == (2.0, "correct", "")
    assert scored(batch(a=np.float32(1.000001), other="more")) == (2.0, "correct", "")


@pytest.mark.parametrize(
    ("got", "status", "message"),
    [
        (batch(a=1.1), "wrong", "a is not what was expected, clearly"),
        (batch(b=1.0), "wrong", "a was not recorded"),
        (batch(a=[1.0]), "wrong", "a has shape (1,) instead of ()"),
        (batch(a="1.0"), "wrong", "a is not what was expected"),
        (batch(a=None), "wrong", "a is not what was expected"),
        (batch(a=math.nan), "wrong", "a is not what was expected"),
        (None, "ended", "the answer broke the sandbox that it ran in"),
        (
            batch(ended="time"),
            "ended",
            "the answer did not end within 7 s of processor time, or thrice that by the clock",
        ),
        (batch(ended="memory"), "ended", "the answer used more than 2000 MB of memory"),
        (
            batch(ended="processes"),
            "ended",
            "the answer started more than 64 processes and threads",
        ),
        (batch(ended="output"), "ended", "the answer put out more than 32 MB"),
        (batch(succeeded=["f"]), "ended", "the process ended while its check ran"),
        (batch(succeeded=[]), "ended", "the process ended while the answer ran"),
        (batch(answer=[error("NotImplementedError", "")]), "not answered", "not answered"),
        (batch(check=[error("NotImplementedError", "")]), "not answered", "not answered"),
        (batch(check=[error("AssertionError", "a law")]), "wrong", "the check says: a law"),
        (
            batch(answer=[error("AssertionError", "mine")]),
            "error",
            "the answer raised AssertionError: mine",
        ),
        (batch(check=[error("KeyError", "'x'\n y")]), "error", "its check raised KeyError: 'x' y"),
        (batch(check=[error("E", "x" * 10**5)]), "error", f"its check raised E: {'x' * 300}"),
    ],
)
def test_reasons(got, status, message):
    assert scored(got) == (0, status, message)


def test_stub_and_missing_cell():
    assert scored(None, answer="stub\n()") == (0, "not answered", "not answered")
    assert scored(None, answer=None) == (
        0,
        "not answered",
        "the cell for this answer is not in the notebook",
    )


def test_damaged_record():
    forged = {
        "output_type": "display_data",
        "data": {MIME_TYPE: {"a": {"dtype": "O", "shape": [1], "values": ""}}},
    }
    points, status, message = scored(batch(check=[forged]))
    assert (points, status) == (0, "wrong") and message.startswith("damaged record 'a'")


def test_an_error_of_a_forged_output_does_not_hide_a_missing_success():
    assert scored(batch(a=1.0, succeeded=["f"])).points == 0


def test_where_many_answers_are_right_a_judge_compares():
    task = TASK._replace(judge="[abs(np.mean(a)) < 1, len(a)]")
    expected = judged(task, {"a": np.zeros(3)})
    assert expected == {"the judgement": [True, 3]} and judged(TASK, {"a": 1}) == {"a": 1}

    def score_of(**records):
        return score(task, "x = 1", "stub", batch(**records), expected, LIMITS)[:2]

    assert score_of(a=[-1.0, 0.5, 0.5]) == (2.0, "correct")
    assert score_of(a=[1.0, 1.0, 1.0]) == score_of(a=[0.0]) == score_of(a="text") == (0, "wrong")
    assert score_of(judgement=[True, 3]) == score_of(a=[0.0], abs=1, np=2) == (0, "wrong"), (
        "no record is the judge"
    )


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.floats(0, 1e-3), st.integers(0, 19)
)
def test_tolerance_is_relative_to_the_largest_number(values, change, place):
    expected = np.array(values)
    scale = np.abs(expected).max() or 1.0
    got = expected.copy()
    got[place % len(got)] += change * scale
    size = np.abs(got - expected).max() / scale
    if abs(size - 1e-5) > 1e-9:
        assert (difference("x", expected, got, True, 1e-5) is None) == (size < 1e-5)


def test_infinities_must_be_in_their_places():
    expected = np.array([math.inf, -math.inf, 1.0])
    assert difference("x", expected, expected, True, 1e-5) is None
    assert difference("x", expected, expected[[1, 0, 2]], True, 1e-5) == "x differs in most entries"
    assert (
        difference("x", expected, np.array([1e300, -math.inf, 1]), True, 1e-5)
        == "x differs in some entries"
    )


def test_other_kinds():
    assert difference("x", True, 1, True, 1) == "x is not what was expected"
    assert difference("x", np.array([True, False]), np.array([1, 0]), True, 0) is None
    assert (
        difference("x", np.array([True, False]), np.array([1, 1]), True, 0)
        == "x differs in some entries"
    )
    assert difference("x", np.array(["a"]), np.array(["a"]), True, 0) is None
    assert (
        difference("x", np.array(["a"]), np.array(["b"]), True, 0) == "x is not what was expected"
    )
    assert difference("x", np.array([1j]), np.array([1j + 1e-9]), True, 1e-5) is None
    assert (
        difference("x", np.array([1.0]), np.array(["a"]), True, 1e-5)
        == "x is not what was expected"
    )


def test_records_of_a_check():
    assert records_of(batch(a=1.0, b="text"), "f-check") == {"a": 1.0, "b": "text"}


def test_the_first_difference_is_told():
    expected = {"a": 1.0, "b": 2.0, "c": 3.0}
    assert first_difference(expected, expected | {"more": 1}, 0) is None
    assert first_difference(expected, {"a": 1.0, "c": 0.0}, 1) == "b was not recorded"


def test_hidden_tests_count():
    task = TASK._replace(hidden="assert x == 1")
    passed = batch(a=1.0, succeeded=["f", "f-check", hidden_name("f-check")])
    assert score(task, "x = 1", "stub", passed, {"a": 1.0}, LIMITS) == (2.0, "correct", "")
    failed = score(task, "x = 1", "stub", batch(a=1.0), {"a": 1.0}, LIMITS)
    assert failed == (
        0,
        "wrong",
        "what the check records is right, and a test that you do not see fails",
    )


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.floats(1e-4, 1e3))
def test_remarks_give_no_number_away(values, change):
    got = np.array(values) + change * (np.abs(values).max() or 1)
    remark = difference("x", np.array(values), got, True, 1e-5)
    assert not re.search(r"[0-9]", remark)


def test_the_hint_for_a_usual_mistake_stands_in_place_of_the_difference():
    asked = []

    def hint(task, recorded):
        asked.append((task, recorded))
        return "Count from 0." if recorded["a"] == 2.0 else None

    assert scored(batch(a=2.0), hint=hint) == (0, "wrong", "Count from 0.")
    assert scored(batch(a=3.0), hint=hint) == (
        0,
        "wrong",
        "a is not what was expected, widely",
    )
    assert scored(batch(a=1.0), hint=hint) == (2.0, "correct", "")
    assert asked == [(TASK, {"a": 2.0}), (TASK, {"a": 3.0})], (
        "who is right is not compared with mistakes"
    )
