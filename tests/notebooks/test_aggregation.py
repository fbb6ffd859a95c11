"""Notebook 03: other parameters, and what it records."""

import numpy as np
import pytest

from sheet11 import read_records
from sheet11.course.notebooks import error_of

STEM = "03_aggregation"


@pytest.mark.parametrize(
    "parameters",
    [
        {"num_nodes": 1, "max_degree": 2, "channels": 1, "fit_steps": 3, "seed": 4},
        {"num_nodes": 200, "max_degree": 30, "channels": 2, "fit_steps": 50, "seed": 9},
    ],
)
def test_other_parameters(parameters, run, promised):
    executed = run(STEM, **parameters)
    assert error_of(executed) is None
    assert set(read_records(executed)) >= promised[STEM]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_degree": 2.5}, "TypeError: max_degree must be an integer, got 2.5"),
        ({"learning_rate": 0.0}, "ValueError: learning_rate must be positive and finite, got 0.0"),
    ],
)
def test_impossible_parameters(parameters, message, refused):
    assert refused(STEM, **parameters).startswith(message)


def test_recorded_aggregation(notebooks):
    records = read_records(notebooks[STEM])
    assert all(records[f"error_{name}"] < 1e-12 for name in ("max", "min", "mean", "sum"))
    assert np.isclose(records["slope_at_zero"], records["variance"], rtol=1e-9)
    learned = {row["target"]: row for row in records["learned"]}
    assert learned["max"]["lam"] > 2 and learned["min"]["lam"] < -2
    assert abs(learned["mean"]["eta"]) < 0.01 and abs(learned["sum"]["eta"] - 1) < 0.01
