"""Edges of large graphs: what is drawn is independent, and one direction of an edge is noticed."""

import math

import numpy as np
import pytest
import torch

from sheet11.given.graphs import grid
from sheet11.large.graphs import draw_successes, holds_both_directions


@pytest.mark.parametrize("p", [1e-300, 1e-9, 1e-5, 0.5, 1.0])
def test_successes_are_independent_trials(p):
    trials, draws = 10**6, 100 if p < 0.1 else 1
    counts = []
    for seed in range(draws):
        found = draw_successes(np.random.default_rng(seed), p, trials)
        assert (np.diff(found) > 0).all()
        assert not len(found) or 0 <= found[0] <= found[-1] < trials
        counts.append(len(found))
    assert abs(np.sum(counts) - draws * trials * p) <= 4.5 * math.sqrt(draws * trials * p * (1 - p))


@pytest.mark.parametrize("missing", [0, 1234, 7079])
def test_one_missing_direction_is_noticed(missing):
    edge_index = grid(60, 60).edge_index
    assert holds_both_directions(edge_index, 3600)
    keep = torch.arange(edge_index.shape[1]) != missing
    assert not holds_both_directions(edge_index[:, keep], 3600)
    swapped = edge_index.clone()
    swapped[:, missing] = swapped[:, missing].flip(0)  # one direction twice
    assert not holds_both_directions(swapped, 3600)
