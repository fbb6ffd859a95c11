"""Functions for large graphs against the plain ones, on both sides of the threshold."""

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from undirected import close, edge_index_of, graphs, normal, seeds

from sheet11 import oversmoothing
from sheet11.given.graphs import load_graph
from sheet11.oversmoothing import (
    dirichlet_energy,
    normalized_adjacency,
    second_eigenvalue,
)

law = settings(deadline=None, max_examples=50)


@pytest.fixture
def both(monkeypatch):
    """Evaluate an expression with the plain functions and with those for large graphs."""

    def both(call):
        results = []
        for limit in (10**9, 0):
            monkeypatch.setattr(oversmoothing, "LARGE", limit)
            monkeypatch.setattr(oversmoothing, "LARGE_MATRIX", limit)
            results.append(call())
        return results

    return both


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float64, 1e-12)])
def test_plain_and_large_are_equal(dtype, tolerance, both):
    edge_index, x = load_graph("sbm", nodes=1000).edge_index, normal(1000, 3).to(dtype)
    plain, blocks = both(lambda: dirichlet_energy(x, edge_index))
    close(blocks, plain, tolerance)
    plain, blocks = both(lambda: normalized_adjacency(edge_index, 1000, dtype))
    for P in (plain, blocks):
        assert P.layout == torch.sparse_csr and P.dtype == dtype
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
    "many components": lambda: nx.gnp_random_graph(1500, 0.0007, seed=2),  # most are trees
    "equal components": lambda: nx.disjoint_union_all([nx.grid_2d_graph(24, 24)] * 2),
    "grid": lambda: nx.convert_node_labels_to_integers(nx.grid_2d_graph(32, 41)),
    "path": lambda: nx.path_graph(1100),  # its gap is 3e-6
    "bipartite": lambda: nx.complete_bipartite_graph(600, 500),  # the largest is negative
    "complete": lambda: nx.complete_graph(1001),  # all but one are 0
    "spider": lambda: nx.convert_node_labels_to_integers(spider(60, 20)),
    "no edges": lambda: nx.empty_graph(1001),
    "cliques that one edge joins": lambda: nx.barbell_graph(501, 0),
}


@pytest.mark.parametrize("name", LARGE)
def test_sparse_and_dense_second_eigenvalue(name):
    graph = LARGE[name]()
    P = normalized_adjacency(edge_index_of(graph), len(graph))
    expected, found = second_eigenvalue(P.to_dense()), second_eigenvalue(P)
    assert found == pytest.approx(expected, abs=1e-10)
    assert 1 - found == pytest.approx(1 - expected, rel=1e-6)
    assert second_eigenvalue(P.float()) == pytest.approx(expected, abs=1e-6)
