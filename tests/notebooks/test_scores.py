"""Notebook 02: other parameters, and what it records."""

import numpy as np
import pytest

from sheet11 import attention_scores, positional_encoding, read_records
from sheet11.course.notebooks import error_of

STEM = "02_scores"


@pytest.mark.parametrize(
    "parameters",
    [
        {"n": 2, "p": 3, "convention": "submission", "seed": 1},
        {"n": 40, "p": 512, "convention": "vaswani", "draws": 3, "seed": 2},
    ],
)
def test_other_parameters(parameters, run, promised):
    executed = run(STEM, **parameters)
    assert error_of(executed) is None
    records = read_records(executed)
    assert set(records) >= promised[STEM]
    assert records["scores_cat"].shape == (parameters["n"], parameters["n"])


def test_impossible_parameters(refused):
    assert refused(STEM, seed=-1).startswith("ValueError: seed must be at least 0, got -1")


def test_recorded_scores_are_those_of_the_package(notebooks):
    records = read_records(notebooks[STEM])
    E = positional_encoding(64, 256)
    X = np.random.default_rng(0).normal(0, E.std(), size=(256, 64))
    for mode in ("cat", "add"):
        assert np.allclose(records[f"scores_{mode}"], attention_scores(E, X, mode), rtol=0, atol=1e-9)
    relative = np.linalg.norm(records["scores_add"] - records["scores_cat"]) / np.linalg.norm(records["scores_cat"])
    assert np.isclose(records["relative_difference"], relative)
