"""Handed in unchanged, this kit's notebooks earn all points that no person gives, from both graders."""

import re

import pytest
from nbgrading import autograde, grade
from sheets import this_kit

from sheet11.course.errors import NotInstalledError
from sheet11.course.grading.exercises import tasks_of
from sheet11.course.grading.isolation.sandbox import check_sandbox
from sheet11.course.notebooks import read_notebook

pytest.importorskip("nbgrader.api", reason="needs nbgrader: pip install 'sheet11[grade]'")
try:
    check_sandbox()
except NotInstalledError:
    pytest.skip("needs bubblewrap: pip install 'sheet11[grade]'", allow_module_level=True)


@pytest.mark.parametrize("grader", [grade, pytest.param(autograde, marks=pytest.mark.slow)])
def test_full_points(grader, tmp_path):
    course = this_kit()
    (tmp_path / "class" / "solved").mkdir(parents=True)
    full = {}
    for stem, path in course.sheet.notebooks.items():
        # fewer steps of training than the notebooks take, which nbgrader would not draw
        text = re.sub(r"\b(epochs|fit_steps): int = \d+", r"\1: int = 4", path.read_text())
        (tmp_path / "class" / "solved" / path.name).write_text(text)
        tasks = [task for task in tasks_of(stem, read_notebook(path)) if task.check]
        full |= {("solved", stem, task.name): task.points for task in tasks}
    points = grader(tmp_path, course)
    assert {key: points[key] for key in full} == full and sum(full.values()) > 0
