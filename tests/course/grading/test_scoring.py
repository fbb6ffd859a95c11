"""Points of one check: equal records, valid points, and remarks on lost points."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playing import answer, check, graded, sheet_notebook

from sheet11.course.grading.scoring import first_difference, recorded_by
from sheet11.lab.records import MIME_TYPE, _encode

F = answer("f", "f = 1.0")


def difference(expected, got):
    return first_difference({"x": expected}, {"x": got}, 1e-5)


def scored(source, test="record(v=f)", points=2, hint=lambda task, records: None, **options):
    """Points, status and remark of an answer."""
    notebook = sheet_notebook(F, check("f-check", test), points=points, **options)
    return graded(notebook, hint=hint, f=source)[0]["f-check"]


@pytest.mark.parametrize(
    ("source", "test", "status", "remark"),
    [
        ("f = 1.1", "record(v=f)", "wrong", "v is not what was expected"),
        ("f = 0.5", "record(v=f) if f < 1 else record(w=f)", "wrong", "w was not recorded"),
        ("f = 2", "assert f == 1, 'a law'", "wrong", "the check says: a law"),
        ("f = 2", "assert f == 1", "wrong", "the check fails at: assert f == 1"),
        ("f = 2", "[0, 0][f - 1:][0] / (2 - f)", "error", "its check raised ZeroDivisionError: "),
        ("f = 2", "if f > 1: complain('slow')", "wrong", "its check wrote to standard error: slow"),
        ("1 / 0", "record(v=f)", "error", "the answer raised ZeroDivisionError: division by zero"),
        ("raise NotImplementedError", "f", "not answered", "not answered"),
        ("pass\nraise NotImplementedError", "record(v=f)", "not answered", "not answered"),
        (None, "record(v=f)", "not answered", "the cell for this answer is not in the notebook"),
        ("die('time')", "f", "timeout", "the answer took more than 7 s of processor time"),
        ("die('memory')", "f", "memory", "the answer used more than 2000 MB of memory"),
        ("f = die", "f if f == 1 else f()", "error", "ended the process"),
    ],
)
def test_remarks(source, test, status, remark):
    score = scored(source, test)
    assert score.status == status and remark in score.remark, score
    assert (score.points == 2) == (status == "correct")


@pytest.mark.parametrize(
    ("shown", "points", "status"),
    [
        ("points(f)", 1.0, "partial"),
        ("points(2)", 2, "correct"),
        ("points(-1)", 2, "correct"),
        ("points('well done')", 2, "correct"),
        ("points(0)", 0, "wrong"),
        ("print(0)", 2, "correct"),
    ],
)
def test_a_last_value_that_is_a_number_is_points(shown, points, status):
    """As nbgrader's `determine_grade` has it."""
    score = scored("f = 1.0", shown)
    assert (score.points, score.status) == (points, status)


def test_zero_points_and_fractions():
    assert scored("f = 1.0", points=0)[:2] == (0, "correct")
    assert scored("f = 2.0", points=0)[:2] == (0, "wrong")
    assert scored("f = 1.0", points=2 / 3).points == 2 / 3


@pytest.mark.parametrize(
    ("added", "where"),
    [
        ([("f-check", "k = 1")], "'k' is defined in your cell 3, which fails or is executed later"),
        (
            [("f-check", "1 / 0\nk = 1")],
            "'k' is defined in your cell 3, which fails or is executed later",
        ),
    ],
)
def test_a_name_that_is_missing_is_named_with_where_it_stands(added, where):
    notebook = sheet_notebook(F, check("f-check", "record(v=f)"))
    score = graded(notebook, added, f="f = k")[0]["f-check"]
    assert score.remark == f"the answer raised NameError: name 'k' is not defined; {where}"


def test_a_change_of_a_locked_cell_is_named():
    notebook = sheet_notebook(F, check("f-check", "record(v=f)"))
    score = graded(notebook, f="f = k", **{"f-check": "k = 1"})[0]["f-check"]
    assert score.remark.endswith(
        "'k' is defined in your cell 2, which is locked: changes to it do not count"
    )


def test_the_hint_for_a_usual_mistake_stands_in_place_of_the_difference():
    def hint(task, recorded):
        return "Count from 0." if recorded["v"] == 2.0 else None

    assert scored("f = 2.0", hint=hint).remark == "Count from 0."
    assert scored("f = 3.0", hint=hint).remark == "v is not what was expected"
    assert scored("f = 1.0", hint=hint).status == "correct"


def test_where_many_answers_are_right_a_judge_compares():
    options = {"test": "record(v=f, w=2.0)", "judge": "[v > 0, abs(w - 2) < 1]"}
    assert scored("f = 5.0", **options).status == "correct"
    assert scored("f = -5.0", **options).status == scored("f = 'x'", **options).status == "wrong"


def shown(**values):
    data = {name: _encode(name, value) for name, value in values.items()}
    return [{"output_type": "display_data", "data": {MIME_TYPE: data}}]


def test_damaged_records_are_refused():
    task = sheet_notebook(F, check("f-check", "")).tasks[0]
    forged = {"a": {"dtype": "O", "shape": [1], "values": ""}}
    with pytest.raises(ValueError, match="damaged record 'a'"):
        recorded_by(task, [{"output_type": "display_data", "data": {MIME_TYPE: forged}}])
    assert recorded_by(task, shown(a=1.0, b="text")) == {"a": 1.0, "b": "text"}


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
        assert (difference(expected, got) is None) == (size < 1e-5)


@pytest.mark.parametrize(
    ("expected", "got", "said"),
    [
        ([math.inf, -math.inf, 1.0], [math.inf, -math.inf, 1.0], None),
        ([math.inf, 2.0, 1.0], [1e300, 2.0, 1.0], "x differs in some entries"),
        ([1.0], [math.nan], "x differs in all entries"),
        (True, 1, "x is not what was expected"),
        ([True, False], [1, 1], "x differs in some entries"),
        (["a"], ["b"], "x is not what was expected"),
        ([1j], [1j + 1e-9], None),
        (1.0, [1.0], "x has shape (1,) instead of ()"),
    ],
)
def test_differences(expected, got, said):
    expected, got = (np.array(v) if isinstance(v, list) else v for v in (expected, got))
    assert difference(expected, got) == said


def test_the_first_difference_is_told():
    expected = {"a": 1.0, "b": 2.0, "c": 3.0}
    assert first_difference(expected, expected | {"more": 1}, 0) is None
    assert first_difference(expected, {"a": 1.0, "c": 0.0}, 1) == "b was not recorded"
