"""The cells around an answer."""

import pytest
from class_of_thirteen import NAMES, TASKS, login, write_class

from sheet11.course.desk.around import around

WAVE, PROOF, SLOPE = TASKS[:3]


def test_the_question_is_the_text_above_and_figures_are_of_the_part(tmp_path):
    write_class(tmp_path)
    notebook = tmp_path / "students" / login(NAMES[0]) / "1_waves.ipynb"
    for task, kind in {WAVE: "code", PROOF: "markdown"}.items():
        found, question, figures = around(notebook, task)
        assert (found, question.source, len(figures)) == (kind, "Prove it.", 1)
    assert around(notebook, SLOPE)[0] == "markdown", "which is not in this notebook"


@pytest.mark.parametrize("content", [None, "{"])
def test_without_a_notebook(tmp_path, content):
    path = tmp_path / "1_waves.ipynb"
    if content:
        path.write_text(content)
    kind, question, figures = around(path, WAVE)
    assert (kind, question.source, figures) == ("code", "", [])
