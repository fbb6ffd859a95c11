"""Tasks, answers and titles of notebooks in nbgrader's format."""

import pytest
from nbformat.v4 import new_notebook
from sheets_of_nbgrader import answer, check, given, heading, locked, plot, task, text

from sheet11.course.errors import SheetError
from sheet11.course.notebooks import syntax
from sheet11.course.tasks import Task, grade_id, tasks_of

F = 'def f(x, y=1):\n    """Some\n    thing."""\n    return x'


def tasks(*cells):
    return tasks_of("01", new_notebook(cells=list(cells)))


def answers(*cells):
    """The answers that each task is about."""
    return {task.name: task.answers for task in tasks(*cells)}


def test_a_check_and_an_answer_in_words():
    checking = check("f-1", "record(f=f(1))", 2 / 3)
    checking.metadata["sheet11"] = {"tolerance": 1e-3, "judge": "f - 1"}
    cells = [heading("## 1a) Part (5 points)"), heading("### Task 1a.1 · Do it\n*2 points*")]
    checked, read = tasks(*cells, answer("f", F), checking, text("why", "…", 3))
    assert checked == Task(
        notebook="01", name="f-1", title="1a.1 · Do it", wanted="f(x, y=1): Some thing.",
        points=2 / 3, by_hand=False, answers=("f",), cell_type="code", tolerance=1e-3, judge="f - 1",
    )  # fmt: skip
    assert read == Task(
        notebook="01", name="why", title="1a.1 · Do it: why", wanted="", points=3, by_hand=True,
        answers=("why",), cell_type="markdown", tolerance=1e-9, judge="",
    )  # fmt: skip
    assert (checked.column, read.column) == ("01/f-1", "01/why")


def test_a_check_is_about_the_answers_before_it():
    assert answers(
        check("installed", "import json"),
        answer("a", "a = 1"),
        given("b = a"),
        answer("c", "c = b"),
        check("both", ""),
        check("both-again", ""),
        answer("d", ""),
        check("last", ""),
    ) == {"installed": (), "both": ("a", "c"), "both-again": ("a", "c"), "last": ("d",)}


def test_answers_that_a_person_reads_are_their_own_tasks():
    assert answers(
        plot("figure", "1"), check("title", ""), answer("f", ""), text("why", ""), check("f-1", "")
    ) == {"figure": ("figure",), "title": ("figure",), "why": ("why",), "f-1": ("f",)}
    assert answers(plot("figure", "1"), answer("f", ""), check("f-1", ""))["f-1"] == ("f",)


@pytest.mark.parametrize("settings", [7, None, {"tolerance": "1"}, {"judge": 2}])
def test_settings_of_a_check_that_are_none(settings):
    checking = check("f-1", "")
    checking.metadata["sheet11"] = settings
    with pytest.raises(SheetError, match="^01/f-1: its metadata 'sheet11' must hold"):
        tasks(answer("f", F), checking)


def test_a_task_cell():
    (found,) = tasks(heading("## Part D"), task("cell-93a", "## Part E (4 points)\nShow it.", 4))
    assert (found.name, found.title, found.points) == ("cell-93a", "Part E", 4)
    assert found.by_hand and found.answers == () and found.cell_type == "markdown"


def test_a_title_is_that_of_the_task_right_above():
    found = tasks(
        heading("## 1a) One"),
        heading("### Task 1a.1 · First"),
        answer("f", F),
        heading("### Task 1a.2 · Second"),
        check("f-1", ""),
        check("f-2", ""),
        text("g", "## not a heading of the sheet"),
        heading("### Task 1a.3 · Third"),
        heading("## 1b) Two (1 point)"),
        text("h", "…"),
    )
    assert [task.title for task in found] == [
        "1a.1 · First", "1a.1 · First: f-2", "1a.2 · Second", "1b) Two: h"
    ]  # fmt: skip
    assert tasks(text("h", "…"))[0].title == "h"


def test_syntax_of_cells_with_magics_and_of_none():
    assert len(syntax("%matplotlib inline\n!ls\nimport numpy").body) == 3
    assert syntax("def f(").body == []


def test_cells_are_known_by_grade_id():
    cells = [given("1"), locked("c", "2"), answer("f", F)]
    cells[0].metadata["nbgrader"] = {"grade_id": "cell-1", "locked": False}
    assert [grade_id(cell) for cell in cells] == [None, "c", "f"]
    with pytest.raises(SheetError, match="01: two cells have the grade_id 'f'"):
        tasks(answer("f", F), check("f", ""))
