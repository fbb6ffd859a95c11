"""Fixtures with the notebooks and their answers, and to run them."""

import copy
import re

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import pytest

from sheet11.course.execute import execute
from sheet11.course.sheet import find_sheet

matplotlib.use("Agg")

# other tools read these names: a notebook may record more, never less
PROMISED = {
    "01_encoding": "E gram toeplitz_deviation half_width",
    "02_scores": "scores_cat scores_add relative_difference cross_std predicted_cross_std slope",
    "03_aggregation": "error_max error_min error_mean error_sum slope_at_zero variance learned",
    "04_oversmoothing": "dirichlet_energy mad decay_rate predicted_rate accuracy",
}


@pytest.fixture(scope="session")
def promised():
    """Return the names that each notebook must record, by its stem."""
    return {stem: set(names.split()) for stem, names in PROMISED.items()}


@pytest.fixture(scope="session")
def notebooks():
    """Return the notebooks by stem."""
    return {
        stem: nbformat.read(path, as_version=4) for stem, path in find_sheet().notebooks.items()
    }


@pytest.fixture(scope="session")
def solutions(notebooks):
    """Return the sheet's own code answers, by stem and id."""
    return {
        stem: {
            cell.id: cell.source
            for cell in notebook.cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
        }
        for stem, notebook in notebooks.items()
    }


@pytest.fixture(scope="session")
def run(notebooks):
    """Run a notebook with other answers, by id, hidden tests included: `run("01_encoding", answers, n=4)`."""

    def run(stem, answers, /, **options):
        notebook = copy.deepcopy(notebooks[stem])
        assert set(answers) <= {cell.id for cell in notebook.cells}
        for cell in notebook.cells:
            cell.source = answers.get(cell.id, cell.source)
        return execute(notebook, options, warm=True, instead_of_figures="a figure")

    return run


@pytest.fixture
def try_answer(notebooks, solutions):
    """Run an answer with the visible part of its check; return the error, if any, and the records."""

    def try_answer(stem, task, source, /, **parameters):
        cells = [cell for cell in notebooks[stem].cells if cell.cell_type == "code"]
        names = [cell.id for cell in cells]
        first = min(map(names.index, solutions[stem]))
        space, found = {}, {}
        for cell in cells[:first]:
            exec(cell.source, space)
            if cell.id == "parameters":
                space |= parameters
        space["record"] = found.update
        check = cells[names.index(task) + 1].source
        try:
            exec(source, space)
            exec(re.sub("### BEGIN HIDDEN.*### END HIDDEN TESTS", "", check, flags=re.S), space)
        except Exception as error:
            return error, found
        return None, found

    yield try_answer
    plt.close("all")
