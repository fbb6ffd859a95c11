"""The form that all notebooks have. Stored outputs are compared by nbval."""

import ast
import re
from itertools import pairwise

import nbformat
import pytest
from click.testing import CliRunner
from papermill.cli import papermill

from sheet11 import read_records
from sheet11.course.notebooks import MAIN_FIGURE, error_of, parameters_of
from sheet11.course.sheet import find_sheet

PART = re.compile(r"^## (\w+)\) .+ \((\d+) points?\)$", re.MULTILINE)
TASK = re.compile(
    r"### Task (?P<part>\w+)\.(?P<number>\d+) · .+\n"
    r"\*(?P<points>\d+) points? · (?P<minutes>\d+) minutes · difficulty [123] of 3\*\n\n"
)
PASTED = re.compile(
    r"### From notebook \d\d · "
)  # what later cells go on with, without points of its own
HINT = re.compile(
    r"^<details><summary>Hint \d</summary>\n\n.+?\n\n</details>$", re.MULTILINE | re.DOTALL
)


@pytest.fixture(params=find_sheet().notebooks)
def stem(request):
    return request.param


@pytest.fixture
def notebook(stem, notebooks):
    return notebooks[stem]


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def marks(cell):
    return cell.metadata.get("nbgrader", {})


def answers(notebook):
    """Every answer cell with the cell above it and its points, which stand with the check if the answer is code."""
    for above, cell, below in zip(
        notebook.cells, notebook.cells[1:], notebook.cells[2:], strict=False
    ):
        if marks(cell).get("solution") and not PASTED.match(above.source):
            yield (
                above,
                cell,
                marks(cell if cell.cell_type == "markdown" else below).get("points", 0),
            )


def test_file(notebook):
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", cell.id) for cell in notebook.cells), (
        "readable cell ids"
    )
    assert not re.search(r"/(home|root|tmp|Users)/", nbformat.writes(notebook)), "no machine paths"


def test_order(notebook):
    title = notebook.cells[0].source
    assert title.startswith("# ") and re.search(r"\d+ minutes", title), (
        "a title, and how long it will take"
    )
    (parameters,) = tagged(notebook, "parameters")
    assert code(notebook).index(parameters) == 1, "imports, then parameters"
    assert notebook.cells[notebook.cells.index(parameters) - 1].source.startswith("## Parameters")
    assert len(tagged(notebook, MAIN_FIGURE)) == 1
    headings = [
        line
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in headings_of(cell.source)
    ]
    assert headings.count(1) == 1 and all(
        below <= above + 1 for above, below in pairwise(headings)
    ), "no level is left out"


def headings_of(source):
    return [len(line.split(" ")[0]) for line in source.splitlines() if re.match(r"#+ ", line)]


def test_the_points_of_a_part_are_those_of_its_tasks(notebook):
    claimed, found, part = {}, {}, None
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not marks(cell) and cell.source.startswith("## "):
            heading = PART.match(cell.source)
            part = heading and heading[1]
            if heading:
                claimed[part] = int(heading[2])
        if points := marks(cell).get("points"):
            found[part] = found.get(part, 0) + points
    assert claimed and found == claimed


def test_every_answer_has_its_question_and_points_right_above(notebook):
    numbers = []
    for above, cell, points in answers(notebook):
        task = TASK.match(above.source)
        assert above.cell_type == "markdown" and not marks(above) and task, (
            f"{cell.id}: no task above"
        )
        assert int(task["points"]) == points > 0, (
            f"{cell.id}: its task says {task['points']} points, nbgrader {points}"
        )
        assert int(task["minutes"]) > 0
        assert HINT.search(above.source[task.end() :]), f"{cell.id}: no hint"
        assert above.source.count("<details>") == len(HINT.findall(above.source))
        numbers.append((task["part"], int(task["number"])))
    parts = {part: [number for other, number in numbers if other == part] for part, _ in numbers}
    assert all(found == list(range(1, len(found) + 1)) for found in parts.values()), (
        "tasks are numbered in order"
    )


def test_marks_are_nbgraders(notebook):
    cells = notebook.cells
    for above, cell, below in zip([None, *cells[:-1]], cells, [*cells[1:], None], strict=True):
        if not marks(cell):
            continue
        kind = {name: marks(cell)[name] for name in ("solution", "grade", "locked")}
        assert (
            marks(cell).schema_version == 3
            and marks(cell).grade_id == cell.id
            and not marks(cell).task
        )
        if cell.cell_type == "markdown":
            assert kind == {"solution": True, "grade": True, "locked": False}
        elif kind["solution"]:
            assert kind == {"solution": True, "grade": False, "locked": False}
            assert PASTED.match(above.source) or marks(below).get("locked"), (
                f"{cell.id}: its check comes right below"
            )
            assert (
                cell.source.count("### BEGIN SOLUTION")
                == cell.source.count("### END SOLUTION")
                >= 1
            )
        else:
            assert kind == {"solution": False, "grade": True, "locked": True}
            assert "record(" in cell.source.split("### BEGIN HIDDEN TESTS")[0], (
                f"{cell.id}: what is graded is recorded"
            )


def test_a_solution_stands_on_its_own(notebook):
    for cell in code(notebook):
        if marks(cell).get("solution"):
            assert "sheet11" not in cell.source, f"{cell.id}: the answer is the package's"


def test_the_text_speaks_of_the_sheet(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.search(
                r"source document|\b(the|this) kit\b|\bis lost\b|lost statement", cell.source, re.I
            )
            assert not found, f"{cell.id}: {found[0]}"


def test_stored_outputs_come_from_one_clean_run(stem, notebook, promised):
    assert [cell.execution_count for cell in code(notebook)] == list(
        range(1, len(code(notebook)) + 1)
    )
    assert error_of(notebook) is None
    assert set(read_records(notebook)) >= promised[stem]
    for cell in code(notebook):
        assert "execution" not in cell.metadata, "times differ from run to run"
        assert not any(output.get("name") == "stderr" for output in cell.outputs)


def test_parameters_are_typed_literals_with_help(notebook):
    defaults = parameters_of(notebook)
    assert "seed" in defaults
    (cell,) = tagged(notebook, "parameters")
    lines = cell.source.splitlines()
    assert len(lines) == len(defaults)
    for line in lines:
        assert re.fullmatch(r"\w+: (int|float|str) = [^#]+  # .+", line)
    for value in defaults.values():
        ast.literal_eval(value)


def test_papermill_shows_the_parameters(stem, notebook):
    shown = (
        CliRunner().invoke(papermill, ["--help-notebook", str(find_sheet().notebooks[stem])]).stdout
    )
    for name, default in parameters_of(notebook).items():
        assert re.search(rf"{name}: (int|float|str) \(default {re.escape(default)}\)\s+\S", shown)
