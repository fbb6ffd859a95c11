"""Tests of the context of an answer."""

import pytest
from class_of_thirteen import NAMES, TASKS, login, write_class

from sheet11.course.desk.context import context_of

WAVE, PROOF, SLOPE = TASKS[:3]


def test_the_question_is_the_text_above_and_figures_are_of_the_part(tmp_path):
    write_class(tmp_path)
    folder = tmp_path / "students" / login(NAMES[0])
    for task, kind in {WAVE: "code", PROOF: "markdown"}.items():
        found, question, figures = context_of(folder, task)
        assert (found, question.source, len(figures)) == (kind, "Prove it.", 1)
    assert context_of(folder, SLOPE)[0] == "markdown", "which is not in this notebook"


@pytest.mark.parametrize("content", [None, "{"])
def test_without_a_notebook(tmp_path, content):
    if content:
        (tmp_path / "1_waves.ipynb").write_text(content)
    kind, question, figures = context_of(tmp_path, WAVE)
    assert (kind, question.source, figures) == ("code", "", [])
