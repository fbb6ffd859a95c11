"""Notebook 01: other parameters, and what it records."""

import subprocess
import sys

import numpy as np
import pytest

from sheet11 import gram, positional_encoding, read_records
from sheet11.course.notebooks import error_of
from sheet11.course.sheet import find_sheet

STEM = "01_encoding"


@pytest.mark.parametrize(
    "parameters",
    [
        {"n": 2, "p": 1, "convention": "submission"},
        {"n": 33, "p": 7, "convention": "vaswani", "scale": 3.0, "base": 2.0, "seed": 5},
    ],
)
def test_other_parameters(parameters, run, promised):
    executed = run(STEM, **parameters)
    assert error_of(executed) is None
    assert set(read_records(executed)) >= promised[STEM]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n": 0}, "ValueError: n must be at least 2, got 0"),
        ({"p": -3}, "ValueError: p must be at least 1, got -3"),
        ({"convention": "sheep"}, "ValueError: convention must be one of 'sheet', 'submission', 'vaswani'"),
        ({"base": -1.0}, "ValueError: base must be at least 1, or the frequencies"),
    ],
)
def test_impossible_parameters(parameters, message, refused):
    assert refused(STEM, **parameters).startswith(message)


def test_plain_papermill(tmp_path):
    command = [sys.executable, "-m", "papermill", find_sheet().notebooks[STEM], tmp_path / "out.ipynb"]
    subprocess.run([*command, "-p", "n", "96", "-p", "convention", "vaswani"], check=True, capture_output=True)
    records = read_records(tmp_path / "out.ipynb")
    np.testing.assert_allclose(records["E"], positional_encoding(96, 256, "vaswani"), rtol=0, atol=1e-12)
    np.testing.assert_allclose(records["gram"], gram(96, 256, "vaswani"), rtol=1e-9, atol=1e-9)
