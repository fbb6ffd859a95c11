"""The cells around an answer."""

import nbformat
from class_of_thirteen import NAMES, TASKS, login, write_class
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sheet11.course.desk.around import Around, around

WAVE, PROOF, SLOPE = TASKS[:3]


def test_the_figures_of_the_part_of_an_answer(tmp_path):
    write_class(tmp_path)
    notebook = tmp_path / "students" / login(NAMES[0]) / "1_waves.ipynb"
    assert [around(notebook, task).kind for task in (WAVE, PROOF)] == ["code", "markdown"]
    assert len(around(notebook, PROOF).figures) == 1, "not that of the next part"
    assert around(notebook, SLOPE) == Around("markdown"), "another notebook's"


def test_the_question_is_the_text_above(tmp_path):
    other = {"nbgrader": {"solution": True, "grade_id": "other"}}
    answer = {"nbgrader": {"solution": True, "grade_id": "proof"}}
    picture = {"a.png": {"image/png": "AA=="}}
    cells = [
        new_markdown_cell("## 1a"),
        new_markdown_cell("Prove it.", attachments=picture),
        new_code_cell("plot()"),
        new_markdown_cell("An answer.", metadata=other),
        new_markdown_cell("Because.", metadata=answer),
        new_markdown_cell("Now draw it."),
    ]
    path = tmp_path / "1_waves.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    found = around(path, PROOF)
    assert (found.question, found.attachments) == ("Prove it.", picture)


def test_without_a_notebook(tmp_path):
    (tmp_path / "broken.ipynb").write_text("{")
    assert around(tmp_path / "none.ipynb", WAVE) == Around("code")
    assert around(tmp_path / "broken.ipynb", PROOF) == Around("markdown")
