"""What the tests of the notebooks share: the notebooks, how they are run, and what they must record."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from sheet11.course.execute import execute
from sheet11.course.kernel import server, stop_server
from sheet11.course.sheet import find_sheet

Run = Callable[..., NotebookNode]

# other tools read these names: a notebook may record more, never less
PROMISED = {
    "01_encoding": {"E", "gram", "toeplitz_deviation", "half_width"},
    "02_scores": {"scores_cat", "scores_add", "relative_difference", "cross_std", "predicted_cross_std", "slope"},
    "03_aggregation": {"error_max", "error_min", "error_mean", "error_sum", "slope_at_zero", "variance", "learned"},
    "04_oversmoothing": {"dirichlet_energy", "mad", "decay_rate", "predicted_rate", "accuracy"},
}


@pytest.fixture(scope="session")
def promised() -> Mapping[str, set[str]]:
    """Names that a notebook must record, by its stem."""
    return PROMISED


@pytest.fixture(scope="session")
def notebooks() -> dict[str, NotebookNode]:
    """The notebooks by stem."""
    return {stem: nbformat.read(path, as_version=4) for stem, path in find_sheet().notebooks.items()}


@pytest.fixture(scope="package")
def run(notebooks: dict[str, NotebookNode]) -> Iterator[Run]:
    """Run a notebook under parameters: `run("01_encoding", n=4)`; one thread, because the matrices are small."""
    stop_server()
    server(threads=1)

    def run(stem: str, /, **parameters: Any) -> NotebookNode:
        return execute(notebooks[stem], parameters, warm=True)

    yield run
    stop_server()


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """Run a notebook under impossible parameters; the first cell after them must fail, and this is what it says."""

    def refused(stem: str, /, **parameters: Any) -> str:
        cells = run(stem, **parameters).cells
        tagged = next(i for i, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", []))
        first_after = cells[tagged + 2]  # after the defaults and the injected values
        (error,) = [output for output in first_after.outputs if output.output_type == "error"]
        return f"{error.ename}: {error.evalue}"

    return refused
