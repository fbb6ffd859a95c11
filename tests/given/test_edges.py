"""Degrees, and refusal of invalid edges."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from undirected import edge_index_of, graphs

from sheet11.given.edges import degrees


@settings(deadline=None, max_examples=30)
@given(graphs)
def test_the_degree_is_the_number_of_neighbours(graph):
    expected = [degree for _, degree in graph.degree]
    assert degrees(edge_index_of(graph), len(graph)).tolist() == expected


def test_edges_are_accepted_exactly_if_every_one_has_its_reverse():
    pairs = list(itertools.permutations(range(4), 2))
    for chosen in itertools.product([False, True], repeat=len(pairs)):
        found = set(itertools.compress(pairs, chosen))
        edge_index = torch.tensor(sorted(found), dtype=torch.int64).reshape(-1, 2).T
        if found == {(v, u) for u, v in found}:
            degrees(edge_index, 4)
        else:
            with pytest.raises(ValueError, match="edge_index must hold both directions"):
                degrees(edge_index, 4)
