"""Notebooks are nbgrader's own kind of source: its commands give the points that `sheet11 grade` gives."""

import pytest
from gradings import skip_without_graders
from nbgrading import autograde, grade
from sheets import waves
from students import Student, first, with_lines, write_class

pytestmark = pytest.mark.slow
skip_without_graders()

NAMES = ("right", "blank", "wrong", "broken", "float32", "raises")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class, and points of nbgrader and of sheet11 by student, notebook and task."""
    folder = tmp_path_factory.mktemp("course")
    course = waves(folder / "sheet")
    wave = course.solutions[course.first]["wave"]
    by_name = {
        "right": course.solutions,
        "blank": {stem: {} for stem in course.solutions},
        "wrong": first(course, wave=wave.replace("start + np", "np"), totals="totals = 1"),
        "broken": first(course, wave="def wave(", totals="1 / 0"),
        "float32": first(
            course,
            wave=wave.replace("for row in range(p)]", "for row in range(p)], dtype=np.float32"),
        ),
        "raises": first(course, wave=with_lines(wave, "raise KeyError(n)")),
    }
    write_class(folder / "class", [Student(name, by_name[name]) for name in NAMES], course)
    return course, by_name, autograde(folder, course), grade(folder, course)


def test_the_sheets_own_answers_get_full_points(graded):
    course, _, theirs, ours = graded
    full = {"wave": 2, "totals": 1, "slope": 1}
    for each in (theirs, ours):
        assert {
            task: each["right", stem, task]
            for stem, tasks in course.tasks.items()
            for task in tasks
        } == full


def test_an_unanswered_release_gets_none(graded):
    for each in graded[2:]:
        assert not any(points for (student, *_), points in each.items() if student == "blank")


@pytest.mark.parametrize("student", NAMES)
def test_both_agree_task_by_task(graded, student):
    course, by_name, theirs, ours = graded
    tasks = [(stem, task) for stem in by_name[student] for task in course.tasks[stem]]
    assert {key: theirs.get((student, *key), 0) for key in tasks} == {
        key: ours[student, *key] for key in tasks
    }
    assert student != "float32" or sum(ours[student, *key] for key in tasks) == 3
