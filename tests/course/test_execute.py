"""Executing notebooks of a few cells made here."""

from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

from sheet11.course.errors import NotebookError
from sheet11.course.execute import execute
from sheet11.course.notebooks import error_of, parameters_of, read_notebook
from sheet11.lab.records import read_records

NOISY = "import sys, time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.02)"


class Executed(NamedTuple):
    """A notebook, and what came of it in a folder with a file."""

    notebook: NotebookNode
    before: str  # the notebook, written
    folder: Path
    result: NotebookNode


@pytest.fixture(scope="module")
def executed(build, recording, tmp_path_factory):
    folder = tmp_path_factory.mktemp("folder")
    (folder / "data.txt").write_text("here")
    notebook = build(recording, NOISY, "record(text=open('data.txt').read())")
    before = nbformat.writes(notebook)
    return Executed(notebook, before, folder, execute(notebook, {"n": 5}, folder))


def test_parameters_replace_defaults_and_the_argument_stays_as_it_is(executed):
    records = read_records(executed.result)
    assert records["square"] == 25
    assert np.array_equal(records["many"], np.arange(5))
    assert nbformat.writes(executed.notebook) == executed.before
    nbformat.validate(executed.result)


@pytest.mark.slow
def test_same_input_same_output(executed):
    again = execute(executed.notebook, {"n": 5}, executed.folder)
    assert nbformat.writes(again) == nbformat.writes(executed.result)
    assert [output.text for output in again.cells[4].outputs] == ["0\n1\n2\n"], "however it came"


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


def test_no_error(executed):
    assert error_of(executed.result) is None


def test_working_directory(executed):
    assert read_records(executed.result)["text"] == "here"
    assert [path.name for path in executed.folder.iterdir()] == ["data.txt"]


def test_unknown_kernel(build):
    with pytest.raises(NotebookError, match="no kernel named 'nope'"):
        execute(build("1", kernelspec={"name": "nope", "display_name": "nope"}), {})


def test_parameters_of(build):
    notebook = build(
        parameters="n: int = 64  # tokens\nscale: float = None  # divisor\nname: str = 'a b'"
    )
    assert parameters_of(notebook) == {"n": "64", "scale": "None", "name": "'a b'"}
    assert parameters_of(build("1", parameters=None)) == {}


@pytest.mark.parametrize(
    "content", ["", "no JSON", "{}", "[]", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5}']
)
def test_no_notebook(content, tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    with pytest.raises(NotebookError, match="a.ipynb is no Jupyter notebook") as caught:
        read_notebook(path)
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path):
    with pytest.raises(NotebookError, match="cannot be read: No such file"):
        read_notebook(tmp_path / "a.ipynb")
