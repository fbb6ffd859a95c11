"""What the tests of the notebooks share: the notebooks, how they are run, and what they must record."""

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import pytest
from nbformat import NotebookNode

from sheet11.course.execute import execute
from sheet11.course.sheet import find_sheet

matplotlib.use("Agg")

Run = Callable[..., NotebookNode]

# other tools read these names: a notebook may record more, never less
PROMISED = {
    "01_encoding": {"E", "gram", "toeplitz_deviation", "half_width"},
    "02_scores": {
        "scores_cat",
        "scores_add",
        "relative_difference",
        "cross_std",
        "predicted_cross_std",
        "slope",
    },
    "03_aggregation": {
        "error_max",
        "error_min",
        "error_mean",
        "error_sum",
        "slope_at_zero",
        "variance",
        "learned",
    },
    "04_oversmoothing": {"dirichlet_energy", "mad", "decay_rate", "predicted_rate", "accuracy"},
}


@pytest.fixture(scope="session")
def promised() -> Mapping[str, set[str]]:
    """Names that a notebook must record, by its stem."""
    return PROMISED


@pytest.fixture(scope="session")
def notebooks() -> dict[str, NotebookNode]:
    """The notebooks by stem."""
    return {
        stem: nbformat.read(path, as_version=4) for stem, path in find_sheet().notebooks.items()
    }


@pytest.fixture(scope="session")
def run(notebooks: dict[str, NotebookNode]) -> Run:
    """Run a notebook under parameters: `run("01_encoding", n=4)`."""

    def run(stem: str, /, **parameters: Any) -> NotebookNode:
        return execute(notebooks[stem], parameters, warm=True)

    return run


@pytest.fixture
def run_with(notebooks: dict[str, NotebookNode]) -> Run:
    """Run a notebook with other answers, by id, hidden tests included: `run_with("01_encoding", answers, n=4)`.

    Nobody looks at its figures; `run` draws them.
    """

    def run_with(stem: str, answers: Mapping[str, str], /, **parameters: Any) -> NotebookNode:
        notebook = copy.deepcopy(notebooks[stem])
        assert set(answers) <= {cell.id for cell in notebook.cells}
        for cell in notebook.cells:
            cell.source = answers.get(cell.id, cell.source)
        return execute(notebook, parameters, warm=True, instead_of_figures="a figure")

    return run_with


@pytest.fixture
def try_task(
    notebooks: dict[str, NotebookNode],
) -> Iterator[Callable[..., tuple[str | None, dict[str, Any]]]]:
    """Run an answer with what is visible of its check, as grading does; gives the error, if any, and the records.

    `try_task("01_encoding", "encoding", source, n=4)`; a further True after the source runs the hidden tests, too.
    """

    def try_task(
        stem: str, task: str, source: str, hidden: bool = False, /, **parameters: Any
    ) -> tuple[str | None, dict[str, Any]]:
        cells = [cell for cell in notebooks[stem].cells if cell.cell_type == "code"]
        first = next(i for i, cell in enumerate(cells) if cell.metadata.get("nbgrader"))
        place = next(i for i, cell in enumerate(cells) if cell.id == task)
        space: dict[str, Any] = {}
        for cell in cells[:first]:
            exec(cell.source, space)
            if "parameters" in cell.metadata.get("tags", []):
                space.update(parameters)
        found: dict[str, Any] = {}
        space["record"] = lambda **values: found.update(values)
        check = cells[place + 1].source
        if not hidden:
            check = re.sub(
                r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", check, flags=re.DOTALL
            )
        try:
            exec(source, space)
            exec(check, space)
        except Exception as error:
            return f"{type(error).__name__}: {error}", found
        return None, found

    yield try_task
    plt.close("all")


@pytest.fixture
def run_task(
    try_task: Callable[..., tuple[str | None, dict[str, Any]]],
) -> Callable[..., str | None]:
    """What is visible of a task's check says of an answer; None if it passes."""
    return lambda *arguments, **parameters: try_task(*arguments, **parameters)[0]


@pytest.fixture
def records_of_task(
    try_task: Callable[..., tuple[str | None, dict[str, Any]]],
) -> Callable[..., dict[str, Any]]:
    """What a task's check records of an answer, up to where it stops it."""
    return lambda *arguments, **parameters: try_task(*arguments, **parameters)[1]


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """Run a notebook under impossible parameters; the first cell after them must fail, and this is what it says."""

    def refused(stem: str, /, **parameters: Any) -> str:
        cells = run(stem, **parameters).cells
        tagged = next(
            i for i, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", [])
        )
        first_after = cells[tagged + 2]  # after the defaults and the injected values
        (error,) = [output for output in first_after.outputs if output.output_type == "error"]
        return f"{error.ename}: {error.evalue}"

    return refused
