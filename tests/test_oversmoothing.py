"""P, its second eigenvalue and the two measures of smoothness, against dense matrices and loops over edges."""

import math

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from undirected import close, dense, edge_index_of, graphs, normal, root_degree, seeds

from sheet11.given.graphs import karate_club
from sheet11.oversmoothing import (
    dirichlet_energy,
    mean_average_distance,
    normalized_adjacency,
    second_eigenvalue,
)

law = settings(deadline=None, max_examples=50)
KARATE = karate_club()


# the propagation matrix


@law
@given(graphs)
def test_normalized_adjacency_is_its_definition(graph):
    P = normalized_adjacency(edge_index_of(graph), len(graph))
    assert P.layout == torch.sparse_csr
    close(P.to_dense(), dense(graph), 1e-14)
    assert len(P.values()) == len(graph) + 2 * graph.number_of_edges()
    close(P @ root_degree(graph), root_degree(graph))
    assert -1 < torch.linalg.eigvalsh(P.to_dense()).min()


@law
@given(graphs)
def test_second_eigenvalue_is_the_largest_but_one_for_each_component(graph):
    eigenvalues = np.linalg.eigvalsh(dense(graph))  # ascending
    others = eigenvalues[: len(graph) - nx.number_connected_components(graph)]
    expected = others[np.abs(others).argmax()] if len(others) else 0
    found = second_eigenvalue(normalized_adjacency(edge_index_of(graph), len(graph)))
    assert abs(found) == pytest.approx(abs(expected), abs=1e-12)
    if np.sum(np.abs(np.abs(others) - abs(expected)) < 1e-9) == 1:  # otherwise the sign is open
        assert found == pytest.approx(expected, abs=1e-12)


def test_second_eigenvalue_keeps_its_sign():
    bipartite = nx.complete_bipartite_graph(3, 3)  # P = (I + A)/4 with eigenvalues 1, 1/4, −1/2
    assert second_eigenvalue(normalized_adjacency(edge_index_of(bipartite), 6)) == pytest.approx(
        -0.5
    )


@pytest.mark.parametrize(
    "graph", [nx.path_graph(7), nx.disjoint_union_all([nx.cycle_graph(5)] * 9), nx.empty_graph(4)]
)
def test_second_eigenvalue_in_single_precision(graph):
    single, double = (
        second_eigenvalue(normalized_adjacency(edge_index_of(graph), len(graph), dtype))
        for dtype in (torch.float32, torch.float64)
    )
    assert single == pytest.approx(double, abs=1e-6)


# energy and distance


def energy_loop(x, graph):
    y = x / root_degree(graph)
    return sum(((y[u] - y[v]) ** 2).sum().item() for u, v in graph.edges)


def distance_loop(x, graph):
    nodes = [v for v in graph if graph.degree[v]]
    total = 0.0
    for v in nodes:
        for u in graph[v]:
            norms = math.hypot(*x[u]) * math.hypot(*x[v])
            total += (1 - (x[u] @ x[v]).item() / norms if norms else 0) / graph.degree[v]
    return total / len(nodes) if nodes else 0.0


@law
@given(graphs, st.integers(1, 3), seeds)
def test_energy_is_a_sum_over_edges_and_a_trace(graph, features, seed):
    x = normal(len(graph), features, seed=seed)
    energy = dirichlet_energy(x, edge_index_of(graph)).item()
    assert energy == pytest.approx(energy_loop(x, graph), rel=1e-10, abs=1e-10)
    trace = np.trace(x.numpy().T @ (np.eye(len(graph)) - dense(graph)) @ x.numpy())
    assert energy == pytest.approx(trace, rel=1e-10, abs=1e-10)


@law
@given(graphs, st.integers(1, 3), seeds, st.sets(st.integers(0, 11)))
def test_distance_is_a_mean_over_neighbours_and_nodes(graph, features, seed, zero_rows):
    x = normal(len(graph), features, seed=seed)
    x[[v for v in zero_rows if v < len(graph)]] = 0
    distance = mean_average_distance(x, edge_index_of(graph)).item()
    assert distance == pytest.approx(distance_loop(x, graph), rel=1e-10, abs=1e-10)
    assert 0 <= distance <= 2 + 1e-12


@law
@given(graphs, seeds)
def test_what_propagation_preserves_is_smooth(graph, seed):
    x = root_degree(graph) * normal(1, 3, seed=seed)
    assert dirichlet_energy(x, edge_index_of(graph)) < 1e-28
    assert mean_average_distance(x, edge_index_of(graph)) < 1e-28


@pytest.mark.parametrize("size", [1e-9, 1e-12])
def test_tiny_measures_keep_their_relative_accuracy(size):
    edge_index = torch.tensor([[0, 1], [1, 0]])
    x = torch.tensor([[1.0, 0.0], [1.0, size]], dtype=torch.float64)
    assert dirichlet_energy(x, edge_index).item() == pytest.approx(size**2 / 2, rel=1e-6)
    assert mean_average_distance(x, edge_index).item() == pytest.approx(size**2 / 2, rel=1e-6)


@pytest.mark.parametrize(
    ("factor", "dtype"),
    [
        (1e-9, torch.float32),
        (1e9, torch.float64),
        (1e-25, torch.float32),
        (1e-200, torch.float64),
        (1e200, torch.float64),
    ],
)
def test_distance_does_not_depend_on_the_size_of_features(factor, dtype):
    x = normal(34, 3)
    scaled = mean_average_distance((factor * x).to(dtype), KARATE.edge_index).item()
    assert scaled == pytest.approx(mean_average_distance(x, KARATE.edge_index).item(), rel=1e-5)


@pytest.mark.parametrize("measure", [dirichlet_energy, mean_average_distance])
def test_gradients_are_finite_differences(measure):
    edge_index = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])  # node 3 is isolated
    x = torch.tensor([[3.0, 4.0], [1.0, 1.0], [-1.0, 1.0], [2.0, 0.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: measure(x, edge_index), x.requires_grad_())


def test_a_zero_vector_has_no_gradient_and_no_direction():
    x = torch.tensor([[0.0, 0.0], [1.0, 2.0]], requires_grad=True)
    distance = mean_average_distance(x, EDGES)
    assert distance == 0 and not torch.autograd.grad(distance, x)[0].any()


def test_second_eigenvalue_tells_a_small_gap_from_rounding():
    path = normalized_adjacency(edge_index_of(nx.path_graph(900)), 900)
    gap = (np.pi / 900) ** 2 / 3
    assert 1 - second_eigenvalue(path) == pytest.approx(gap, rel=1e-2)
    assert second_eigenvalue(torch.diag(torch.tensor([1.0, 1 - 1e-7, 0.5]))) == 0.5


# bad input

X, EDGES = torch.zeros(3, 2), torch.tensor([[0, 1], [1, 0]])


@pytest.mark.parametrize(
    "function",
    [dirichlet_energy, mean_average_distance, lambda x, edges: normalized_adjacency(edges, 3)],
)
@pytest.mark.parametrize(
    ("edge_index", "error", "message"),
    [
        ([[0, 1], [1, 0]], TypeError, "edge_index must be an int64 tensor, got list"),
        (EDGES[:, :1], ValueError, r"edge_index must .*, got only one of edge \(0, 1\)"),
    ],
)
def test_bad_edges(function, edge_index, error, message):
    with pytest.raises(error, match=message):
        function(X, edge_index)


@pytest.mark.parametrize("measure", [dirichlet_energy, mean_average_distance])
@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([[0.0]], TypeError, "x must be a floating-point tensor, got list"),
        (X.long(), TypeError, "x must be a floating-point tensor, got torch.int64"),
        (X[0], ValueError, r"x must have shape \(num_nodes, features\), got \(2,\)"),
    ],
)
def test_bad_features(measure, x, error, message):
    with pytest.raises(error, match=message):
        measure(x, EDGES)


def test_number_of_nodes():
    P = normalized_adjacency(EDGES, np.int8(100))
    close(P.to_dense(), normalized_adjacency(EDGES, 100).to_dense())
    with pytest.raises(ValueError, match="num_nodes must be at least 1, got 0"):
        normalized_adjacency(EDGES, 0)
