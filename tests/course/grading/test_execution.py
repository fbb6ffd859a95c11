"""Execution for grading: which cells run, and the result of a check after all executions."""

import pytest
from playing import answer, check, given, graded, run, sheet_notebook

from sheet11.course.errors import SolutionError
from sheet11.course.grading.reference import execute_reference

A = answer("a", "def a(x): return x + 1  # SOLUTION")
B = answer("b", "def b(x): return 2 * a(x)  # SOLUTION")
C = answer("c", "def c(x): return b(x) - 1  # SOLUTION")
CHECKS = [check(f"{name}-check", f"record(v={name}(3))") for name in "abc"]
CHAIN = sheet_notebook(A, CHECKS[0], B, CHECKS[1], C, CHECKS[2])
RIGHT = {"a": "a = lambda x: x + 1", "b": "b = lambda x: 2 * a(x)", "c": "c = lambda x: b(x) - 1"}


def points(scores):
    return {name.removesuffix("-check"): score.points for name, score in scores.items()}


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({}, {"a": 1, "b": 1, "c": 1}),
        ({"a": "a = lambda x: x"}, {"a": 0, "b": 1, "c": 1}),
        ({"a": "1 / 0"}, {"a": 0, "b": 1, "c": 1}),
        ({"a": None}, {"a": 0, "b": 1, "c": 1}),
        ({"b": "b = lambda x: a(x)"}, {"a": 1, "b": 0, "c": 1}),
        ({"a": "a = lambda x: x", "b": "b = lambda x: a(x)"}, {"a": 0, "b": 0, "c": 1}),
        ({"a": "a = lambda x: x", "c": "c = lambda x: b(x)"}, {"a": 0, "b": 1, "c": 0}),
        ({"b": "b = die"}, {"a": 1, "b": 0, "c": 1}),
        ({"a": "die('memory')", "b": "b = lambda x: a(x)"}, {"a": 0, "b": 0, "c": 1}),
    ],
)
def test_follow_on_errors_cost_once(wrong, expected):
    scores, _ = graded(CHAIN, **{**RIGHT, **wrong})
    assert points(scores) == expected
    followed = {name for name, score in scores.items() if "earlier wrong answer" in score.remark}
    first = min((name for name in expected if not expected[name]), default="z")
    later = {f"{name}-check" for name in expected if expected[name] and name > first}
    assert followed == later


def test_where_nothing_is_recorded_points_are_nbgraders():
    plain = sheet_notebook(
        A, check("a-check", "assert a(3) == 4"), B, check("b-check", "assert b(3) == 8")
    )
    scores, _ = graded(plain, **{**RIGHT, "a": "a = lambda x: x"})
    assert points(scores) == {"a": 0, "b": 0} and len(run.seen) == 1


def test_a_hidden_test_fails_and_a_later_check_by_that():
    hidden = "assert a(0) == 1, a(0)"
    both = sheet_notebook(
        A, check("a-check", "record(v=a(3))", hidden), B, check("b-check", "record(v=b(0))")
    )
    scores, failures = graded(both, **RIGHT | {"a": "a = lambda x: x + 1 if x else 9"})
    assert points(scores) == {"a": 0, "b": 1}
    assert scores["a-check"].remark == ("the visible check passes, but a hidden test fails")
    assert [row[:2] for row in failures] == [["01/a-check", "the check says: 9"]]


def test_nothing_secret_is_in_the_students_execution():
    """No hidden test is where a record is judged, and no solution before the checks of its answer are over."""
    checks = [check(each.name, each.source, "HIDDEN = 1") for each in CHECKS]
    graded(sheet_notebook(A, checks[0], B, checks[1], C, checks[2]), **{**RIGHT, "a": "a = abs"})
    students, follow_on, hidden = ([*map(" ".join, cells)] for cells in run.seen)
    assert not any("SOLUTION" in text or "HIDDEN" in text for text in students)
    assert not any("HIDDEN" in text for text in follow_on)
    for cells in (follow_on, hidden):
        secret = [place for place, text in enumerate(cells) if "SOLUTION" in text]
        assert min(secret) > next(n for n, text in enumerate(cells) if text.startswith("a-check "))
    assert len(students) == 6


def test_what_fails_on_purpose_loses_its_own_task_alone():
    """The sheet's answer stands behind the check of the one that it replaces."""
    scores, _ = graded(CHAIN, **{**RIGHT, "a": "seen = dir()", "b": "b = lambda x: 2 * a(x)"})
    assert points(scores) == {"a": 0, "b": 1, "c": 1}
    scores, _ = graded(CHAIN, **{**RIGHT, "a": "1 / 0", "b": "b = globals().get('b', abs)"})
    assert points(scores)["b"] == 0


@pytest.mark.parametrize("limit", ["time", "memory", "processes", "output", None])
def test_a_cell_that_ends_the_process_loses_its_own_task(limit):
    scores, _ = graded(CHAIN, **RIGHT | {"b": f"b = lambda x: die({limit!r})"})
    assert points(scores) == {"a": 1, "b": 0, "c": 1}
    status = {"time": "timeout", "memory": "memory"}.get(limit, "error")
    assert scores["b-check"].status == status and scores["b-check"].remark


@pytest.mark.parametrize("how", ["die()", "die('time')", "die('memory')", "1 / 0"])
def test_an_answer_that_fails_in_a_hidden_test_alone(how):
    hidden = sheet_notebook(
        A, check("a-check", "record(v=a(3))", "a(0)"), B, check("b-check", "record(v=b(3))")
    )
    scores, _ = graded(hidden, **RIGHT | {"a": f"a = lambda x: x + 1 if x else {how}"})
    assert points(scores) == {"a": 0, "b": 1}
    assert scores["a-check"][1:] == ("wrong", "the visible check passes, but a hidden test fails")


def test_added_cells_stay_and_may_die():
    added = [("a", "plus = 1"), ("a-check", "die('time')")]
    scores, _ = graded(CHAIN, added, **RIGHT | {"b": "b = lambda x: 2 * (x + plus)"})
    assert points(scores) == {"a": 1, "b": 1, "c": 1}
    assert "die('time')" not in dict(run.seen[-1]).values()


def test_a_process_that_dies_without_the_student_is_no_mark():
    run.seen = []
    with pytest.raises(SolutionError, match=r"^01: its cell 'die\(\)' ends the process"):
        execute_reference(sheet_notebook(given("die()"), A, CHECKS[0]), run)


@pytest.mark.parametrize("hidden", ["", "assert a(1) == 2"])
def test_a_check_that_records_what_is_random_is_the_sheets_problem(hidden):
    check_random = check("a-check", "import random\nrecord(v=a(random.random()))", hidden)
    (problem,) = execute_reference(sheet_notebook(A, check_random, B, CHECKS[1]), run).problems
    assert (
        problem.startswith("01/a-check: v is not what was expected")
        and "seed the random numbers" in problem
    )
    assert execute_reference(CHAIN, run).problems == []


def test_the_sheet_is_executed_once_where_hidden_tests_change_nothing():
    silent = sheet_notebook(A, check("a-check", "record(v=a(3))", "assert a(0) == 1"))
    records = sheet_notebook(A, check("a-check", "record(v=a(3))", "record(v=a(3), w=a(0))"))
    assert execute_reference(silent, run).same and not execute_reference(records, run).same
    run.seen = []
    expected = execute_reference(silent, run, once=True).expected
    assert len(run.seen) == 1
    assert (
        expected
        == execute_reference(silent, run).expected
        == execute_reference(records, run).expected
    )
    assert expected == {"a-check": {"v": 4}}


def test_several_checks_and_several_answers():
    two = sheet_notebook(
        answer("low", "low = 1"), answer("high", "high = 9"),
        check("range", "assert high > low"), check("sum", "assert low + high == 10"),
    )  # fmt: skip
    assert points(graded(two, low="low = 2", high="high = 9")[0]) == {"range": 1, "sum": 0}
    assert points(graded(two, high="high = 9")[0]) == {"range": 0, "sum": 0}
    first = sheet_notebook(check("installed", "import json"), A, CHECKS[0])
    assert points(graded(first)[0]) == {"installed": 1, "a": 0}
