"""Rubrics that come with a sheet, and go back into it."""

import json

import nbformat
import pytest
from sheet11.course.grading.exercises import draw_exercises
from sheets import waves

from sheet11.course.book.marks import Task
from sheet11.course.book.rubric import begin_rubrics, keep_rubrics
from sheet11.course.book.store import Store
from sheet11.course.errors import SheetError
from sheet11.course.preprocess import without_answers

PROOF = Task("1_waves/proof", "Why", "", 1.0, True, "")


@pytest.fixture
def course(tmp_path):
    return waves(tmp_path / "sheet")


def write_rubric(course, rubric):
    path = course.sheet.notebooks["1_waves"]
    content = json.loads(path.read_text())
    next(cell for cell in content["cells"] if cell["id"] == "proof")["metadata"]["sheet11"] = {
        "rubric": rubric
    }
    path.write_text(json.dumps(content))


def items(store):
    return [(item.task, item.points, item.words) for item in store.items()]


def test_a_rubric_comes_with_the_sheet_and_not_with_the_edition(course, tmp_path):
    write_rubric(course, [{"points": 1, "words": " sine is odd "}])
    exercise = draw_exercises(course.sheet, {}, 0)["1_waves"]
    assert exercise.rubrics == {"1_waves/proof": [(1.0, "sine is odd")]}
    edition = nbformat.writes(
        without_answers(nbformat.read(course.sheet.notebooks["1_waves"], as_version=4))
    )
    assert "sine is odd" not in edition


def test_what_was_made_while_marking_is_not_overwritten(tmp_path):
    rubrics = {"1_waves/proof": [(1.0, "sine is odd"), (-0.5, "a sign")]}
    with Store(tmp_path) as store:
        store.replace_answers([PROOF], [])
        begin_rubrics(store, rubrics)
        assert items(store) == [
            ("1_waves/proof", 1.0, "sine is odd"),
            ("1_waves/proof", -0.5, "a sign"),
        ]
        first, second = store.items()
        store.change_item(first.id, 0.5, "odd")
        store.remove_item(second.id)
        begin_rubrics(store, rubrics)
        assert items(store) == [("1_waves/proof", 0.5, "odd")]
        store.remove_item(first.id)
        begin_rubrics(store, rubrics)
        assert items(store) == [], "who removes all has a reason"


def test_a_rubric_is_kept_in_the_notebook(course, tmp_path):
    path = course.sheet.notebooks["1_waves"]
    path.write_text(nbformat.writes(nbformat.read(path, as_version=4)) + "\n")
    before = path.read_text()
    with Store(tmp_path) as store:
        store.replace_answers([PROOF], [])
        assert keep_rubrics(store, course.sheet) == [] and path.read_text() == before
        store.add_item("1_waves/proof", 0.5, "sine is odd")
        assert keep_rubrics(store, course.sheet) == [path]
        assert keep_rubrics(store, course.sheet) == []
    cell = next(cell for cell in nbformat.read(path, as_version=4).cells if cell.id == "proof")
    assert cell.metadata["sheet11"] == {"rubric": [{"points": 0.5, "words": "sine is odd"}]}
    del cell.metadata["sheet11"]
    assert draw_exercises(course.sheet, {}, 0)["1_waves"].rubrics == {
        "1_waves/proof": [(0.5, "sine is odd")]
    }
    others = [line for line in before.splitlines() if line not in path.read_text().splitlines()]
    assert not [line for line in others if "metadata" not in line], "nothing else has changed"


@pytest.mark.parametrize(
    "rubric",
    [
        "odd",
        {"points": 1},
        [1],
        [{"points": "1", "words": "odd"}],
        [{"points": True, "words": "odd"}],
        [{"points": 1, "words": ""}],
    ],
)
def test_a_rubric_that_is_none(course, rubric):
    write_rubric(course, rubric)
    with pytest.raises(
        SheetError, match="the rubric of 1_waves/proof must be a list of points with words, got"
    ):
        draw_exercises(course.sheet, {}, 0)
