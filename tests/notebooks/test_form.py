"""Common form of the notebooks; nbval compares their stored outputs."""

import re

import nbformat
import pytest
from click.testing import CliRunner
from papermill.cli import papermill

from sheet11 import read_records
from sheet11.course.notebooks import MAIN_FIGURE, error_of, parameters_of
from sheet11.course.sheet import find_sheet

PART = re.compile(r"## (\w+)\) .+ \((\d+) points?\)")
TASK = re.compile(
    r"### (?P<star>★ )?Task \w+\.\d+ · .+\n"
    r"\*(?P<points>no|\d+) points? · \d+ minutes · difficulty [123] of 3 · importance [123] of 3\*\n\n"
)
HINT = "<details><summary>Hint 1</summary>"
PASTED = "### From notebook "  # what later cells go on with, without points of its own


@pytest.fixture(params=find_sheet().notebooks)
def stem(request):
    return request.param


@pytest.fixture
def notebook(stem, notebooks):
    return notebooks[stem]


def nbgrader_metadata(cell):
    return cell.metadata.get("nbgrader", {})


def test_file(notebook):
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", cell.id) for cell in notebook.cells)
    assert not re.search(r"/(home|root|tmp|Users)/", nbformat.writes(notebook)), "no machine paths"
    tags = [tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])]
    assert tags.count("parameters") == tags.count(MAIN_FIGURE) == 1


def test_the_points_of_a_part_are_those_of_its_tasks(notebook):
    claimed, found, part = {}, {}, None
    for cell in notebook.cells:
        if heading := PART.match(cell.source):
            part = heading[1]
            claimed[part] = int(heading[2])
        if points := nbgrader_metadata(cell).get("points"):
            found[part] = found.get(part, 0) + points
    assert claimed and found == claimed


def test_every_answer_has_its_task_above_and_its_check_below(notebook):
    cells = notebook.cells
    for above, cell, below in zip(cells, cells[1:], cells[2:], strict=False):
        if not nbgrader_metadata(cell).get("solution") or above.source.startswith(PASTED):
            continue
        task = TASK.match(above.source)
        assert task and HINT in above.source, cell.id
        graded = nbgrader_metadata(cell if cell.cell_type == "markdown" else below)
        is_text = cell.cell_type == "markdown"  # nbgrader wants it graded, with 0 points
        assert graded.grade == (is_text or not task["star"]), cell.id
        assert task["points"] == str(graded.get("points") or "no"), cell.id


def test_marks_are_nbgraders(notebook):
    for cell in filter(nbgrader_metadata, notebook.cells):
        assert (
            nbgrader_metadata(cell).schema_version == 3
            and nbgrader_metadata(cell).grade_id == cell.id
        )
        kind = [name for name in ("solution", "grade", "locked") if nbgrader_metadata(cell)[name]]
        if cell.cell_type == "markdown":
            assert kind == ["solution", "grade"]
        elif "solution" in kind:
            assert kind == ["solution"]
            assert "### BEGIN SOLUTION" in cell.source and "### END SOLUTION" in cell.source
            assert "sheet11" not in cell.source, f"{cell.id}: the answer is the package's"
        elif kind == ["grade", "locked"]:
            visible = cell.source.split("### BEGIN HIDDEN TESTS")[0]
            assert "record(" in visible, f"{cell.id}: what is graded is recorded"
        else:
            assert kind == ["locked"], "the check of a task without points"
        if "locked" in kind:
            assert cell.metadata.jupyter.source_hidden, f"{cell.id} is folded"


def test_stored_outputs_come_from_one_clean_run(stem, notebook, promised):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert error_of(notebook) is None
    assert set(read_records(notebook)) >= promised[stem]
    for cell in code:
        assert "execution" not in cell.metadata, "times differ from run to run"
        assert not any(output.get("name") == "stderr" for output in cell.outputs)


def test_nbgrader_gives_the_stored_outputs_all_points(notebook):
    """And nbval finds the same outputs in a new execution."""
    grading = pytest.importorskip("nbgrader.utils")
    checks = [
        cell for cell in notebook.cells if cell.cell_type == "code" and grading.is_grade(cell)
    ]
    assert checks
    for cell in checks:
        points = cell.metadata.nbgrader.points
        assert grading.determine_grade(cell) == (points, points), cell.id


def test_papermill_shows_the_parameters_with_type_and_help(stem, notebook):
    path = str(find_sheet().notebooks[stem])
    shown = CliRunner().invoke(papermill, ["--help-notebook", path]).stdout
    parameters = parameters_of(notebook)
    assert "seed" in parameters
    for name in parameters:
        default = re.search(rf"{name}: (?:int|float|str) \(default (.+?)\)\s+\S", shown)[1]
        assert any(f" = {default}  # " in cell.source for cell in notebook.cells)
