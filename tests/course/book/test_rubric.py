"""Rubrics that come with a sheet and are written back into it."""

import nbformat
import pytest
from filled import fill
from nbformat.v4 import new_markdown_cell, new_notebook

from sheet11.course.book.marks import Task
from sheet11.course.book.rubric import begin_rubrics, keep_rubrics
from sheet11.course.book.store import Store
from sheet11.course.errors import SheetError
from sheet11.course.sheet import find_sheet

PROOF = "1/proof"


def notebook_with(rubric=None):
    marks = {"grade_id": "proof", "grade": True, "solution": True, "points": 1}
    metadata = {
        "nbgrader": marks,
        "sheet11": {"tolerance": 1} | ({"rubric": rubric} if rubric else {}),
    }
    return new_notebook(cells=[new_markdown_cell("text"), new_markdown_cell("", metadata=metadata)])


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "out") as store:
        fill(store, [Task(PROOF, "Why", "", 1.0, True, "")], [])
        yield store


def items(store):
    return [(item.points, item.words) for item in store.items(PROOF)]


def test_what_was_made_while_marking_is_not_overwritten(store):
    notebook = notebook_with([{"points": 1, "words": " odd "}, {"points": -0.5, "words": "sign"}])
    begin_rubrics(store, "1", notebook)
    assert items(store) == [(1.0, "odd"), (-0.5, "sign")]
    first, second = store.items(PROOF)
    store.set_item(PROOF, 0.5, "odd", first.id)
    store.remove_item(second.id)
    begin_rubrics(store, "1", notebook)
    assert items(store) == [(0.5, "odd")]
    store.remove_item(first.id)
    begin_rubrics(store, "1", notebook)
    assert items(store) == [], "who removes all has a reason"


def test_a_rubric_is_kept_in_the_notebook(store, tmp_path):
    path = tmp_path / "1.ipynb"
    path.write_text(before := nbformat.writes(notebook_with()))
    sheet = find_sheet(tmp_path)
    assert keep_rubrics(store, sheet) == [] and path.read_text() == before
    store.set_item(PROOF, 0.5, "odd")
    assert keep_rubrics(store, sheet) == [path] and keep_rubrics(store, sheet) == []
    after = nbformat.read(path, as_version=4)
    assert after.cells[1].metadata["sheet11"].pop("rubric") == [{"points": 0.5, "words": "odd"}]
    assert nbformat.writes(after) == before, "nothing else has changed"


@pytest.mark.parametrize(
    "rubric",
    [
        "odd",
        1,
        [1],
        [{"points": "one", "words": "odd"}],
        [{"points": float("inf"), "words": "odd"}],
        [{"points": 1, "words": " "}],
    ],
)
def test_what_is_no_rubric(store, rubric):
    with pytest.raises(SheetError, match="the rubric of 1/proof must be a list of points with"):
        begin_rubrics(store, "1", notebook_with(rubric))


def test_the_rubrics_of_another_sheet(store, tmp_path, invoke):
    store.set_item(PROOF, 0.5, "odd")
    result = invoke("keep-rubric", "out", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "Error: Sheet 11 has no task 1/proof; name its sheet with --sheet\n"
