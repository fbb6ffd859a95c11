"""Handed in unchanged, this kit's notebooks earn all points that no person gives; `test_class.py` has ours."""

import re

import pytest
from gradings import skip_without_graders
from nbgrading import autograde
from sheets import this_kit

from sheet11.course.grading.exercises import tasks_of
from sheet11.course.notebooks import read_notebook

pytestmark = pytest.mark.slow
skip_without_graders()


def test_full_points_from_nbgrader(tmp_path):
    course = this_kit()
    (tmp_path / "class" / "solved").mkdir(parents=True)
    full = {}
    for stem, path in course.sheet.notebooks.items():
        # fewer steps of training than the notebooks take
        text = re.sub(r"\b(epochs|fit_steps): int = \d+", r"\1: int = 4", path.read_text())
        (tmp_path / "class" / "solved" / path.name).write_text(text)
        tasks = [task for task in tasks_of(stem, read_notebook(path)) if task.check]
        full |= {("solved", stem, task.name): task.points for task in tasks}
    points = autograde(tmp_path, course)
    assert {key: points[key] for key in full} == full and sum(full.values()) > 0
