"""Degrees, and which edges and features are refused."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from undirected import edge_index_of, graphs

from sheet11.given import edges
from sheet11.given.edges import check_features, degrees

X, EDGES = torch.zeros(3, 2), torch.tensor([[0, 1], [1, 0]])


@pytest.fixture(params=["sorted", "hashed"], autouse=True)
def size(request, monkeypatch):
    """Every case on both sides of the size above which edges are hashed."""
    monkeypatch.setattr(edges, "LARGE", {"sorted": 2**15, "hashed": 0}[request.param])


def test_the_degree_is_the_number_of_neighbours():
    @settings(deadline=None, max_examples=30)
    @given(graphs)
    def law(graph):
        assert degrees(edge_index_of(graph), len(graph)).tolist() == [
            degree for _, degree in graph.degree
        ]

    law()


@pytest.mark.parametrize(
    ("edge_index", "error", "message"),
    [
        ([[0, 1], [1, 0]], TypeError, "edge_index must be an int64 tensor, got list"),
        (EDGES.int(), TypeError, "edge_index must be an int64 tensor, got torch.int32"),
        (EDGES[0], ValueError, r"edge_index must have shape \(2, num_edges\), got \(2,\)"),
        (
            torch.zeros(3, 2, dtype=torch.int64),
            ValueError,
            r"edge_index must have shape .*, got \(3, 2\)",
        ),
        (
            EDGES + 2,
            ValueError,
            r"edge_index must hold nodes in \[0, num_nodes\) = \[0, 3\), got 3",
        ),
        (EDGES - 1, ValueError, "edge_index must hold nodes in .*, got -1"),
        (
            torch.tensor([[2], [2]]),
            ValueError,
            "edge_index must not hold self-loops, got one at node 2",
        ),
        (
            EDGES[:, :1],
            ValueError,
            r"edge_index must hold both directions .*, got only one of edge \(0, 1\)",
        ),
        (
            torch.tensor([[0, 1, 2], [1, 2, 0]]),
            ValueError,
            "edge_index must hold both directions",
        ),  # a directed cycle
    ],
)
def test_bad_edges(edge_index, error, message):
    with pytest.raises(error, match=message):
        degrees(edge_index, 3)


def test_edges_are_accepted_exactly_if_every_one_has_its_reverse():
    pairs = list(itertools.permutations(range(4), 2))
    for chosen in itertools.product([False, True], repeat=len(pairs)):
        edges = set(itertools.compress(pairs, chosen))
        edge_index = torch.tensor(sorted(edges), dtype=torch.int64).reshape(-1, 2).T
        if edges == {(v, u) for u, v in edges}:
            degrees(edge_index, 4)
        else:
            with pytest.raises(ValueError, match="edge_index must hold both directions"):
                degrees(edge_index, 4)


def test_features_have_two_dimensions():
    with pytest.raises(ValueError, match=r"x must have shape \(num_nodes, features\), got \(2,\)"):
        check_features(X[0])
