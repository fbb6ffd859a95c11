"""Edges of large graphs: a missing direction is noticed."""

import pytest
import torch

from sheet11.given.graphs import grid
from sheet11.large.graphs import holds_both_directions


@pytest.mark.parametrize("missing", [0, 1234, 7079])
def test_one_missing_direction_is_noticed(missing):
    edge_index = grid(60, 60).edge_index
    assert holds_both_directions(edge_index, 3600)
    keep = torch.arange(edge_index.shape[1]) != missing
    assert not holds_both_directions(edge_index[:, keep], 3600)
    swapped = edge_index.clone()
    swapped[:, missing] = swapped[:, missing].flip(0)  # one direction twice
    assert not holds_both_directions(swapped, 3600)
