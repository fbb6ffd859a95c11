"""A thousand damaged notebooks give their thousand expected results."""

import json
import re

import pytest
from mutations import mutations
from sheets import waves

from sheet11.course.notebooks import read_notebook
from sheet11.course.preprocess import without_answers
from sheet11.course.submissions.intake import Wanted, take_in
from sheet11.course.submissions.matching import blank_of

NUMBER = 1000
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
SENTENCES = (
    "1_waves.ipynb is not a Jupyter notebook, or too large",
    "the answer has more than 100000 characters",
)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return waves(tmp_path_factory.mktemp("sheet"))


@pytest.fixture(scope="module")
def mutated(course, tmp_path_factory):
    """Write a folder for each damaged notebook, and return them with the expected results."""
    folder = tmp_path_factory.mktemp("mutated")
    notebook = read_notebook(course.sheet.notebooks[course.first])
    answers = course.solutions[course.first] | {"proof": "It is odd: ![](attachment:scan.png)"}
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
        if cell.id == "proof":
            cell.attachments = {"scan.png": {"image/png": PIXEL}}
    found = {}
    for number, mutation in enumerate(
        mutations(json.loads(json.dumps(notebook)), answers, NUMBER, seed=1)
    ):
        path = folder / f"{number:04}" / f"{course.first}.ipynb"
        path.parent.mkdir()
        path.write_bytes(mutation.content)
        found[path.parent.name] = mutation
    return folder, found


@pytest.fixture(scope="module")
def taken(course, mutated):
    """Read all damaged notebooks."""
    editions = {
        stem: without_answers(read_notebook(path)) for stem, path in course.sheet.notebooks.items()
    }
    wanted = {stem: blank_of(stem, edition) for stem, edition in editions.items()}
    return {
        submission.student: submission
        for submission in take_in(mutated[0], Wanted(wanted)).submissions
    }


def test_every_notebook_is_read_as_stated(course, mutated, taken):
    assert taken.keys() == mutated[1].keys()
    for name, (_, kept, perhaps) in mutated[1].items():
        submission = taken[name]
        assert submission.error is None
        assert submission.problems["2_slopes"] == "there is no 2_slopes.ipynb"
        said = {key: text for key, text in submission.problems.items() if key != "2_slopes"}
        assert set(said.values()) <= set(SENTENCES), name
        if kept is None:
            assert course.first in said and not submission.notebooks, name
            continue
        names = course.solutions[course.first]
        cells = submission.notebooks.get(course.first, [])
        answers = {
            cell.name: re.sub("attachment:[0-9a-f]+", "attachment:scan.png", cell.source)
            for cell in cells
            if cell.name in names
        }
        assert answers.items() >= kept.items(), name
        assert answers.keys() - kept.keys() <= perhaps, name


def test_most_mutations_leave_something(mutated, taken):
    """Else the others would show little."""
    assert sum(bool(submission.notebooks) for submission in taken.values()) > NUMBER / 2
    assert sum(not submission.notebooks for submission in taken.values()) > NUMBER / 5
