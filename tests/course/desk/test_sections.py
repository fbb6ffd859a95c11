"""What is around an answer."""

from class_of_thirteen import NAMES, TASKS, login, write_class

from sheet11.course.desk.sections import place_of


def test_the_figures_of_the_part_of_an_answer(tmp_path):
    write_class(tmp_path)
    notebook = tmp_path / "students" / login(NAMES[0]) / "1_waves.ipynb"
    assert [place_of(notebook, task).kind for task in TASKS[:2]] == ["code", "markdown"]
    assert len(place_of(notebook, TASKS[1]).figures) == 1, "not that of the next part"
    assert place_of(notebook, TASKS[2]) == ("markdown", []), "another notebook's"


def test_without_a_notebook(tmp_path):
    assert place_of(tmp_path / "none.ipynb", TASKS[0]) == ("code", [])
    (tmp_path / "broken.ipynb").write_text("{")
    assert place_of(tmp_path / "broken.ipynb", TASKS[1]) == ("markdown", [])
