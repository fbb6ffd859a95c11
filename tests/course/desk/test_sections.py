"""What is around an answer."""

import nbformat
from class_of_thirteen import NAMES, TASKS, login, write_class
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sheet11.course.desk.sections import place_of


def test_the_figures_of_the_part_of_an_answer(tmp_path):
    write_class(tmp_path)
    notebook = tmp_path / "students" / login(NAMES[0]) / "1_waves.ipynb"
    assert [place_of(notebook, task).kind for task in TASKS[:2]] == ["code", "markdown"]
    assert len(place_of(notebook, TASKS[1]).figures) == 1, "not that of the next part"
    assert place_of(notebook, TASKS[2]) == ("markdown", ("", {}), []), "another notebook's"


def test_what_was_asked_is_the_text_above(tmp_path):
    cells = [
        new_markdown_cell("## 1a"),
        new_markdown_cell("Prove it.", attachments={"a.png": {"image/png": "AA=="}}),
        new_code_cell("plot()"),
        new_markdown_cell("An answer.", id="other", metadata={"nbgrader": {"solution": True}}),
        new_markdown_cell("Because.", id="proof", metadata={"nbgrader": {"solution": True}}),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "1_waves.ipynb")
    assert place_of(tmp_path / "1_waves.ipynb", TASKS[1]).asked == ("Prove it.", {"a.png": {"image/png": "AA=="}})


def test_without_a_notebook(tmp_path):
    assert place_of(tmp_path / "none.ipynb", TASKS[0]) == ("code", ("", {}), [])
    (tmp_path / "broken.ipynb").write_text("{")
    assert place_of(tmp_path / "broken.ipynb", TASKS[1]) == ("markdown", ("", {}), [])
