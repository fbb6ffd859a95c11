"""What is graded: tasks by nbgrader's marks, their titles, and the parameters that are drawn."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sheets import answer, check, text, waves

from sheet11.course.errors import NotebookError, ParameterError, SheetError
from sheet11.course.grading.exercises import Task, draw_exercises, syntax, tasks_of
from sheet11.course.sheet import find_sheet

F = 'def f(x, y=1):\n    """Some\n    thing."""\n    return x'


def tasks(*cells):
    return tasks_of("01", new_notebook(cells=list(cells)))


def test_an_answer_with_its_check_and_one_in_words():
    heading, task = (
        new_markdown_cell("## 1a) Part (5 points)"),
        new_markdown_cell("### Task 1a.1 · Do it\n*2 points*"),
    )
    assert tasks(
        heading,
        task,
        answer("f", F),
        check("f", "record(f=f(1))", 2, tolerance=1e-3),
        text("why", "…", 3),
    ) == [
        Task("01", "f", "1a.1 · Do it", "f(x, y=1): Some thing.", 2.0, "f-check", 1e-3),
        Task("01", "why", "1a) Part: why", "", 3.0, None, 1e-9),
    ]


def test_names():
    read, run = tasks(text("why", "…", 1.5), answer("f", F), check("f", "", 1))
    assert (read.column, run.column) == ("01/why", "01/f")


def test_hidden_tests_belong_to_the_task():
    source = "record(f=f(1))\n### BEGIN HIDDEN TESTS\nassert f(2)\n### END HIDDEN TESTS\n"
    (task,) = tasks(answer("f", F), check("f", source, 1))
    assert task.hidden.strip() == "assert f(2)"


def test_a_title_is_that_of_the_task_right_above():
    found = tasks(
        new_markdown_cell("## 1a) One"),
        new_markdown_cell("### Task 1a.1 · First"),
        answer("f", F),
        new_markdown_cell("### Task 1a.2 · Second"),
        check("f", "", 1),
        text("g", "## not a heading of the sheet", 1),
        new_markdown_cell("### Task 1a.3 · Third"),
        new_markdown_cell("## 1b) Two (1 point)"),
        text("h", "…", 1),
    )
    assert [task.title for task in found] == ["1a.1 · First", "1a.2 · Second", "1b) Two: h"]
    assert tasks(text("h", "…", 1))[0].title == "h"


def test_answers_in_code_that_a_person_reads():
    cell = new_code_cell("x = 1", id="plot", metadata=text("plot", "", 2).metadata)
    assert [(task.name, task.check, task.points) for task in tasks(cell)] == [("plot", None, 2)]


def test_what_gives_no_points_is_no_task():
    assert tasks(answer("f", F), check("f", "", 0), text("g", "…", 0), new_code_cell("1")) == []


def test_a_check_before_any_answer():
    with pytest.raises(NotebookError, match="01: the check 'f-check' comes before any answer"):
        tasks(check("f", "", 1))


def test_parameters_are_drawn_by_the_seed_within_their_ranges(tmp_path):
    sheet = waves(tmp_path).sheet

    def drawn(seed, **given):
        return {
            stem: each.notebook.metadata.papermill.parameters
            for stem, each in draw_exercises(sheet, given, seed).items()
        }

    assert drawn(1) == drawn(1)
    many = [drawn(seed) for seed in range(20)]
    assert {each["2_slopes"]["n"] for each in many} == {5, 6, 7, 8, 9}
    assert all(4 <= each["1_waves"]["p"] <= 9 for each in many)
    assert [each["n"] for each in drawn(1, n=99).values()] == [99, 99]
    assert drawn(1, p=3)["2_slopes"] == drawn(1)["2_slopes"]
    with pytest.raises(
        ParameterError, match="no notebook has a parameter 'm'; there are n, p, start"
    ):
        drawn(1, m=3)


def test_an_exercise_is_the_student_edition_and_the_sheets_own_answers(tmp_path):
    exercise = draw_exercises(waves(tmp_path).sheet, {}, 1)["1_waves"]
    assert "BEGIN SOLUTION" not in json.dumps(exercise.notebook) and "HIDDEN" not in json.dumps(
        exercise.notebook
    )
    assert (
        exercise.solutions.keys() == {"wave", "totals", "proof"}
        and "np.stack" in exercise.solutions["wave"]
    )
    assert {name: len(many) for name, many in exercise.mistakes.items()} == {"wave": 1, "totals": 1}


def test_a_sheet_without_tasks(tmp_path):
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), tmp_path / "only.ipynb")
    with pytest.raises(SheetError, match="sets no tasks: no cell of its notebooks has points"):
        draw_exercises(find_sheet(tmp_path), {}, 1)


def test_syntax_of_cells_with_magics_and_of_none():
    assert len(syntax("%matplotlib inline\n!ls\nimport numpy").body) == 3
    assert syntax("def f(").body == []


def test_the_kits_own_tasks():
    exercises = draw_exercises(find_sheet(), {}, 1)
    for stem, exercise in exercises.items():
        assert exercise.tasks and all(
            task.points > 0 and task.notebook == stem for task in exercise.tasks
        )
        assert len({task.column for task in exercise.tasks}) == len(exercise.tasks)
        for task in exercise.tasks:
            assert task.title.count(" · ") == 1, (
                f"{task.column} has no heading '### Task 1a.1 · Title': {task.title}"
            )
