"""The functions for large graphs against the plain ones, on both sides of the size that sends inputs to them."""

from functools import cache

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from undirected import close, edge_index_of, graphs, normal, seeds

from sheet11 import oversmoothing
from sheet11.given.graphs import two_block_model
from sheet11.oversmoothing import (
    dirichlet_energy,
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
    tolerance = 1e-4 if dtype == torch.float32 else 1e-12
    plain, blocks = both(lambda: dirichlet_energy(x, edge_index))
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


def test_small_graphs_of_any_form(both):
    @law
    @given(graphs, st.integers(1, 3), seeds)
    def equal(graph, features, seed):
        edge_index = edge_index_of(graph)
        x = normal(len(graph), features, seed=seed).requires_grad_()
        plain, blocks = both(lambda: torch.autograd.grad(dirichlet_energy(x, edge_index), x)[0])
        close(plain, blocks)
        plain, blocks = both(lambda: normalized_adjacency(edge_index, len(graph)))
        close(plain.to_dense(), blocks.to_dense(), 1e-14)
        assert len(plain.values()) == len(blocks.values())

    equal()


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
    "spider": lambda: nx.convert_node_labels_to_integers(spider(60, 20)),
    "no edges": lambda: nx.empty_graph(1001),
    "cliques that one edge joins": lambda: nx.barbell_graph(501, 0),
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
