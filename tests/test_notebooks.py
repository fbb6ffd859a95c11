"""The four notebooks: their form, and that other parameters run through. Stored outputs are compared by nbval."""

import ast
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from sheet11 import attention_scores, gram, positional_encoding, read_records
from sheet11.course.execute import execute
from sheet11.course.kernel import server, stop_server
from sheet11.course.notebooks import MAIN_FIGURE, error_of, parameters_of
from sheet11.course.sheet import find_sheet

NOTEBOOKS = {stem: nbformat.read(path, as_version=4) for stem, path in find_sheet().notebooks.items()}
RECORDS = {
    "01_encoding": {"E", "gram", "toeplitz_deviation", "half_width"},
    "02_scores": {"scores_cat", "scores_add", "relative_difference", "cross_std", "predicted_cross_std", "slope"},
    "03_aggregation": {"error_max", "error_min", "error_mean", "error_sum", "slope_at_zero", "variance", "learned"},
    "04_oversmoothing": {"dirichlet_energy", "mad", "decay_rate", "predicted_rate", "accuracy"},
}
PARTS = {"01_encoding": "1a 1b", "02_scores": "1c 1d", "03_aggregation": "2a 2b 2c", "04_oversmoothing": "3a 3b"}

each_notebook = pytest.mark.parametrize("stem", NOTEBOOKS)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Kernels with one thread: these matrices are small."""
    stop_server()
    server(threads=1)
    yield
    stop_server()


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@each_notebook
def test_form(stem):
    notebook = NOTEBOOKS[stem]
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", cell.id) for cell in notebook.cells), "readable cell ids"
    tagged = [cell for cell in code(notebook) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1 and code(notebook).index(tagged[0]) == 1, "imports, then parameters"
    assert sum(MAIN_FIGURE in cell.metadata.get("tags", []) for cell in notebook.cells) == 1
    for part in PARTS[stem].split():
        (statement,) = [cell.source for cell in notebook.cells if cell.source.startswith(f"## {part})")]
        assert re.search(r"^## .* \(\d points\)$", statement, re.MULTILINE), "statement with points"
    assert not re.search(r"/(home|root|tmp|Users)/", nbformat.writes(notebook)), "no machine paths"


@each_notebook
def test_stored_outputs_come_from_one_clean_run(stem):
    notebook = NOTEBOOKS[stem]
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    assert error_of(notebook) is None
    assert set(read_records(notebook)) >= RECORDS[stem]
    for cell in code(notebook):
        assert "execution" not in cell.metadata, "times differ from run to run"
        assert not any(output.get("name") == "stderr" for output in cell.outputs)


@each_notebook
def test_parameters_are_typed_literals_with_help(stem):
    defaults = parameters_of(NOTEBOOKS[stem])
    assert "seed" in defaults
    (cell,) = [cell for cell in code(NOTEBOOKS[stem]) if "parameters" in cell.metadata.get("tags", [])]
    lines = cell.source.splitlines()
    assert len(lines) == len(defaults)
    for line in lines:
        assert re.fullmatch(r"\w+: (int|float|str) = [^#]+  # .+", line)
    for value in defaults.values():
        ast.literal_eval(value)


@each_notebook
def test_papermill_shows_the_parameters(stem):
    path = find_sheet().notebooks[stem]
    command = [sys.executable, "-m", "papermill", "--help-notebook", path]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for name, default in parameters_of(NOTEBOOKS[stem]).items():
        assert re.search(rf"{name}: (int|float|str) \(default {re.escape(default)}\)\s+\S", shown)


def test_plain_papermill(tmp_path):
    command = [sys.executable, "-m", "papermill", find_sheet().notebooks["01_encoding"], tmp_path / "out.ipynb"]
    subprocess.run([*command, "-p", "n", "96", "-p", "convention", "vaswani"], check=True, capture_output=True)
    records = read_records(tmp_path / "out.ipynb")
    E = positional_encoding(96, 256, "vaswani")
    assert np.array_equal(records["E"], E)
    assert np.allclose(records["gram"], gram(96, 256, "vaswani"), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("stem", "parameters"),
    [
        ("01_encoding", {"n": 2, "p": 1, "convention": "submission"}),
        ("01_encoding", {"n": 33, "p": 7, "convention": "vaswani", "scale": 3.0, "base": 2.0, "seed": 5}),
        ("02_scores", {"n": 2, "p": 3, "convention": "submission", "seed": 1}),
        ("02_scores", {"n": 40, "p": 512, "convention": "vaswani", "draws": 3, "seed": 2}),
        ("03_aggregation", {"num_nodes": 1, "max_degree": 2, "channels": 1, "fit_steps": 3, "seed": 4}),
        ("03_aggregation", {"num_nodes": 200, "max_degree": 30, "channels": 2, "fit_steps": 50, "seed": 9}),
        ("04_oversmoothing", {"graph": "grid", "depth": 200, "deepest": 4, "epochs": 2, "seed": 7}),
        ("04_oversmoothing", {"graph": "sbm", "depth": 1, "features": 2, "deepest": 2, "networks": 1, "hidden": 1}),
    ],
)
def test_other_parameters(stem, parameters):
    executed = execute(NOTEBOOKS[stem], parameters, warm=True)
    assert error_of(executed) is None
    records = read_records(executed)
    assert set(records) >= RECORDS[stem]
    if stem == "02_scores":
        assert records["scores_cat"].shape == (parameters["n"], parameters["n"])
    if stem == "04_oversmoothing":
        assert len(records["dirichlet_energy"]) == len(records["mad"]) == parameters["depth"] + 1


@pytest.mark.parametrize(
    ("stem", "parameters", "message"),
    [
        ("01_encoding", {"n": 0}, "ValueError: n must be at least 2, got 0"),
        ("01_encoding", {"p": -3}, "ValueError: p must be at least 1, got -3"),
        (
            "01_encoding",
            {"convention": "sheep"},
            "ValueError: convention must be one of 'sheet', 'submission', 'vaswani'",
        ),
        ("01_encoding", {"base": -1.0}, "ValueError: base must be at least 1, or the frequencies"),
        ("02_scores", {"seed": -1}, "ValueError: seed must be at least 0, got -1"),
        ("03_aggregation", {"max_degree": 2.5}, "TypeError: max_degree must be an integer, got 2.5"),
        ("03_aggregation", {"learning_rate": 0.0}, "ValueError: learning_rate must be positive and finite, got 0.0"),
        ("04_oversmoothing", {"graph": "ring"}, "ValueError: graph must be one of 'karate', 'grid', 'sbm', got 'ring'"),
        ("04_oversmoothing", {"labels_per_class": 17}, "ValueError: labels_per_class must be below 17"),
    ],
)
def test_impossible_parameters_fail_in_the_first_cell_after_them(stem, parameters, message):
    executed = execute(NOTEBOOKS[stem], parameters, warm=True)
    assert error_of(executed).startswith(message)
    tagged = next(i for i, cell in enumerate(executed.cells) if "parameters" in cell.metadata.tags)
    first_after = executed.cells[tagged + 2]  # after the defaults and the injected values
    assert any(output.output_type == "error" for output in first_after.outputs)


def test_recorded_scores_are_those_of_the_package():
    records = read_records(NOTEBOOKS["02_scores"])
    E = positional_encoding(64, 256)
    X = np.random.default_rng(0).normal(0, E.std(), size=(256, 64))
    for mode in ("cat", "add"):
        assert np.allclose(records[f"scores_{mode}"], attention_scores(E, X, mode), rtol=0, atol=1e-9)
    relative = np.linalg.norm(records["scores_add"] - records["scores_cat"]) / np.linalg.norm(records["scores_cat"])
    assert np.isclose(records["relative_difference"], relative)


def test_recorded_aggregation():
    records = read_records(NOTEBOOKS["03_aggregation"])
    assert all(records[f"error_{name}"] < 1e-12 for name in ("max", "min", "mean", "sum"))
    assert np.isclose(records["slope_at_zero"], records["variance"], rtol=1e-9)
    learned = {row["target"]: row for row in records["learned"]}
    assert learned["max"]["lam"] > 2 and learned["min"]["lam"] < -2
    assert abs(learned["mean"]["eta"]) < 0.01 and abs(learned["sum"]["eta"] - 1) < 0.01


def test_recorded_decay():
    records = read_records(NOTEBOOKS["04_oversmoothing"])
    assert np.isclose(records["decay_rate"], -0.2193, atol=5e-5)
    assert np.isclose(records["decay_rate"], records["predicted_rate"], rtol=0.01)
    accuracy = records["accuracy"]
    assert set(accuracy["graph"]) == {"karate", "sbm"}
    plain = accuracy[accuracy["model"] == "none"]
    assert plain["accuracy"][plain["depth"] == 32].mean() < plain["accuracy"][plain["depth"] == 2].mean()
