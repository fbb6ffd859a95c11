"""Notebook 04: other parameters, and what it records."""

import numpy as np
import pytest

from sheet11 import read_records
from sheet11.course.notebooks import error_of

STEM = "04_oversmoothing"


@pytest.mark.parametrize(
    "parameters",
    [
        {"graph": "grid", "depth": 200, "deepest": 4, "epochs": 2, "seed": 7},
        {"graph": "sbm", "depth": 1, "features": 2, "deepest": 2, "networks": 1, "hidden": 1},
    ],
)
def test_other_parameters(parameters, run, promised):
    executed = run(STEM, **parameters)
    assert error_of(executed) is None
    records = read_records(executed)
    assert set(records) >= promised[STEM]
    assert len(records["dirichlet_energy"]) == len(records["mad"]) == parameters["depth"] + 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"graph": "ring"}, "ValueError: graph must be one of 'karate', 'grid', 'sbm', got 'ring'"),
        ({"labels_per_class": 17}, "ValueError: labels_per_class must be below 17"),
    ],
)
def test_impossible_parameters(parameters, message, refused):
    assert refused(STEM, **parameters).startswith(message)


def test_recorded_decay(notebooks):
    records = read_records(notebooks[STEM])
    assert np.isclose(records["decay_rate"], -0.2193, atol=5e-5)
    assert np.isclose(records["decay_rate"], records["predicted_rate"], rtol=0.01)
    accuracy = records["accuracy"]
    assert set(accuracy["graph"]) == {"karate", "sbm"}
    plain = accuracy[accuracy["model"] == "none"]
    assert plain["accuracy"][plain["depth"] == 32].mean() < plain["accuracy"][plain["depth"] == 2].mean()
