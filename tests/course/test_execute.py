"""Executing notebooks of a few cells made here."""

import nbformat
import numpy as np
import pytest

from sheet11.course.errors import NotebookError
from sheet11.course.execute import execute
from sheet11.course.notebooks import error_of, parameters_of, read_notebook
from sheet11.lab.records import read_records


def test_parameters_replace_defaults_and_the_argument_stays_as_it_is(build, recording):
    notebook = build(recording)
    before = nbformat.writes(notebook)
    cells = []
    executed = execute(notebook, {"n": 5}, on_cell=lambda: cells.append(1))
    records = read_records(executed)
    assert records["square"] == 25
    assert np.array_equal(records["many"], np.arange(5))
    assert nbformat.writes(notebook) == before
    assert len(cells) == 3  # parameters, injected parameters, recording
    nbformat.validate(executed)


@pytest.mark.slow
def test_same_input_same_output(build, recording):
    noisy = "import sys, time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.3)"
    notebook = build(recording, noisy)
    first, second = (nbformat.writes(execute(notebook, {"n": 2})) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise ValueError('n must be odd, got 4')", "ValueError: n must be odd, got 4"),
        ("import os\nos._exit(1)", "DeadKernelError: Kernel died"),
        ("def f(:", "SyntaxError"),
    ],
)
def test_error_ends_the_execution_and_is_kept(build, source, message):
    executed = execute(build(source, "print('later')"), {})
    assert error_of(executed).startswith(message)
    assert executed.cells[-1].outputs == []
    assert executed.cells[-2].outputs[-1].output_type == "error"


def test_no_error(build):
    assert error_of(execute(build("1 + 1"), {})) is None


def test_working_directory(build, tmp_path):
    (tmp_path / "data.txt").write_text("here")
    executed = execute(build("from sheet11 import record\nrecord(text=open('data.txt').read())"), {}, cwd=tmp_path)
    assert read_records(executed) == {"text": "here"}
    assert [path.name for path in tmp_path.iterdir()] == ["data.txt"]


def test_unknown_kernel(build):
    with pytest.raises(NotebookError, match="no kernel named 'nope'"):
        execute(build("1", kernelspec={"name": "nope", "display_name": "nope"}), {})


def test_parameters_of(build):
    notebook = build(parameters="n: int = 64  # tokens\nscale: float = None  # divisor\nname: str = 'a b'")
    assert parameters_of(notebook) == {"n": "64", "scale": "None", "name": "'a b'"}
    assert parameters_of(build("1", parameters=None)) == {}


@pytest.mark.parametrize("content", ["", "no JSON", "{}", "[]", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5}'])
def test_no_notebook(content, tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    with pytest.raises(NotebookError, match="a.ipynb is no Jupyter notebook") as caught:
        read_notebook(path)
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path):
    with pytest.raises(NotebookError, match="cannot be read: No such file"):
        read_notebook(tmp_path / "a.ipynb")
