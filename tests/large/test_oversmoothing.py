"""The functions for large graphs against the plain ones, on both sides of the size that sends inputs to them."""

from functools import cache

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from undirected import close, dense, edge_index_of, graphs, normal, seeds

from sheet11 import oversmoothing
from sheet11.given.graphs import grid, two_block_model
from sheet11.large import oversmoothing as large
from sheet11.oversmoothing import (
    dirichlet_energy,
    mean_average_distance,
    normalized_adjacency,
    second_eigenvalue,
)

law = settings(deadline=None, max_examples=50)


@pytest.fixture
def both(monkeypatch):
    """Evaluate an expression by the plain functions and by those for large graphs."""

    def both(call):
        results = []
        for limit in (10**9, 0):
            monkeypatch.setattr(oversmoothing, "LARGE", limit)
            monkeypatch.setattr(oversmoothing, "LARGE_MATRIX", limit)
            results.append(call())
        return results

    return both


SIZES = [
    oversmoothing.LARGE_MATRIX - 1,
    oversmoothing.LARGE_MATRIX + 1,
    6000,
]  # the last has more than LARGE edges


@pytest.mark.parametrize("nodes", SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_plain_and_large_are_equal(nodes, dtype, both):
    block = nodes // 2
    edge_index = two_block_model(block, 10 / block, 1 / block).edge_index
    x = normal(nodes, 3).to(dtype)
    x[7] = 0
    tolerance = 1e-4 if dtype == torch.float32 else 1e-12
    for measure in (dirichlet_energy, mean_average_distance):
        plain, blocks = both(lambda measure=measure: measure(x, edge_index))
        close(blocks, plain, tolerance)
    if nodes <= SIZES[1]:
        plain, blocks = both(lambda: normalized_adjacency(edge_index, nodes, dtype))
        assert (
            plain.layout == blocks.layout == torch.sparse_csr
            and plain.dtype == blocks.dtype == dtype
        )
        close(plain.to_dense(), blocks.to_dense(), tolerance)
        plain, sparse = both(lambda: second_eigenvalue(plain))
        assert sparse == pytest.approx(plain, abs=tolerance)


def test_sizes_stand_on_both_sides():
    edges = [two_block_model(n // 2, 20 / n, 2 / n).edge_index.shape[1] for n in SIZES]
    assert edges[0] < oversmoothing.LARGE < edges[-1]


def test_small_graphs_of_any_form(both):
    @law
    @given(graphs, st.integers(1, 3), seeds, st.sets(st.integers(0, 11)))
    def equal(graph, features, seed, zero_rows):
        edge_index, x = edge_index_of(graph), normal(len(graph), features, seed=seed)
        x[[v for v in zero_rows if v < len(graph)]] = 0
        for measure in (dirichlet_energy, mean_average_distance):
            plain, blocks = both(lambda measure=measure: measure(x, edge_index))
            close(plain, blocks)
        plain, blocks = both(lambda: normalized_adjacency(edge_index, len(graph)))
        close(plain.to_dense(), blocks.to_dense(), 1e-14)
        assert len(plain.values()) == len(blocks.values())

    equal()


def test_measures_have_gradients(both):
    edge_index, x = grid(3, 4).edge_index, normal(12, 2).requires_grad_()
    for measure in (dirichlet_energy, mean_average_distance):
        plain, blocks = both(
            lambda measure=measure: torch.autograd.grad(measure(x, edge_index), x)[0]
        )
        close(plain, blocks)


@pytest.mark.parametrize("seed", range(5))
def test_iteration_finds_the_largest_but_one_for_each_component(seed):
    graph = nx.gnp_random_graph(40, 0.06, seed=seed)
    eigenvalues = np.linalg.eigvalsh(dense(graph))
    others = eigenvalues[: len(graph) - nx.number_connected_components(graph)]
    found = large.second_eigenvalue(normalized_adjacency(edge_index_of(graph), len(graph)))
    assert abs(found) == pytest.approx(np.abs(others).max(initial=0), abs=1e-12)


def spider(legs, length):
    return nx.compose_all(
        nx.path_graph([0, *range(1 + leg * length, 1 + (leg + 1) * length)]) for leg in range(legs)
    )


LARGE = {
    "one block": lambda: nx.gnp_random_graph(1300, 0.01, seed=1),
    "many components": lambda: nx.gnp_random_graph(
        1500, 0.0007, seed=2
    ),  # most nodes are isolated or in small trees
    "two equal components": lambda: nx.disjoint_union(
        nx.grid_2d_graph(24, 24), nx.grid_2d_graph(24, 24)
    ),
    "grid": lambda: nx.convert_node_labels_to_integers(nx.grid_2d_graph(32, 41)),
    "path": lambda: nx.path_graph(1100),  # its gap is 3e-6
    "bipartite": lambda: nx.complete_bipartite_graph(600, 500),  # the largest is negative
    "complete": lambda: nx.complete_graph(1001),  # all but one are 0
    "star": lambda: nx.star_graph(1200),
    "spider": lambda: nx.convert_node_labels_to_integers(spider(60, 20)),
    "no edges": lambda: nx.empty_graph(1001),
    "pairs": lambda: nx.disjoint_union_all([nx.complete_graph(2)] * 501),
}


@cache
def large_graph(name):
    """Edges and number of nodes of one of these, and its second eigenvalue, found densely."""
    graph = LARGE[name]()
    edge_index = edge_index_of(graph)
    return (
        edge_index,
        len(graph),
        second_eigenvalue(normalized_adjacency(edge_index, len(graph)).to_dense()),
    )


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-6)])
def test_sparse_and_dense_second_eigenvalue(name, dtype, tolerance):
    edge_index, nodes, expected = large_graph(name)
    found = second_eigenvalue(normalized_adjacency(edge_index, nodes, dtype))
    assert found == pytest.approx(expected, abs=tolerance)
    if dtype == torch.float64:
        assert 1 - found == pytest.approx(1 - expected, rel=1e-6)


def test_two_large_cliques_that_one_edge_joins():
    graph = nx.barbell_graph(501, 0)
    P = normalized_adjacency(edge_index_of(graph), len(graph))
    expected = second_eigenvalue(P.to_dense())
    assert 1 - second_eigenvalue(P) == pytest.approx(1 - expected, rel=1e-6)


class Factors:
    """A factorization that says nothing: every iteration with it is as slow as with the matrix."""

    def solve(self, x):
        return np.roll(x, 1) + np.roll(x, -1)


def test_a_gap_that_is_too_small_is_an_error(monkeypatch):
    P = normalized_adjacency(edge_index_of(nx.path_graph(2000)), 2000)
    path = second_eigenvalue(P)
    assert 1 - path == pytest.approx((np.pi / 2000) ** 2 / 3, rel=1e-2)
    monkeypatch.setattr(large, "_RESTARTS", 1)
    monkeypatch.setattr(large, "splu", lambda *args, **options: Factors())
    with pytest.raises(np.linalg.LinAlgError, match="P must have a larger gap"):
        second_eigenvalue(P)
