"""P, its second eigenvalue and the two measures of smoothness, against dense matrices and loops over edges."""

import math

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from undirected import close, dense, edge_index_of, graphs, normal, root_degree, seeds

from sheet11.oversmoothing import (
    dirichlet_energy,
    mean_average_distance,
    normalized_adjacency,
    second_eigenvalue,
)

law = settings(deadline=None, max_examples=50)
EDGES = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])


@law
@given(graphs)
def test_normalized_adjacency_is_its_definition(graph):
    P = normalized_adjacency(edge_index_of(graph), np.int8(len(graph)))
    assert P.layout == torch.sparse_csr
    close(P.to_dense(), dense(graph), 1e-14)
    assert len(P.values()) == len(graph) + 2 * graph.number_of_edges()


@law
@given(graphs)
def test_second_eigenvalue_is_the_largest_but_one_for_each_component(graph):
    eigenvalues = np.linalg.eigvalsh(dense(graph))  # ascending
    others = eigenvalues[: len(graph) - nx.number_connected_components(graph)]
    expected = max(np.abs(others), default=0)
    found = second_eigenvalue(normalized_adjacency(edge_index_of(graph), len(graph)))
    assert abs(found) == pytest.approx(expected, abs=1e-12)
    assert not expected or np.abs(others - found).min() < 1e-12  # with its sign


@pytest.mark.parametrize(
    "graph", [nx.path_graph(7), nx.disjoint_union_all([nx.cycle_graph(5)] * 9), nx.empty_graph(4)]
)
def test_second_eigenvalue_in_single_precision(graph):
    P = normalized_adjacency(edge_index_of(graph), len(graph))
    assert second_eigenvalue(P.float()) == pytest.approx(second_eigenvalue(P), abs=1e-6)


def test_second_eigenvalue_tells_a_small_gap_from_rounding():
    path = normalized_adjacency(edge_index_of(nx.path_graph(900)), 900)
    gap = (np.pi / 900) ** 2 / 3
    assert 1 - second_eigenvalue(path) == pytest.approx(gap, rel=1e-2)
    assert second_eigenvalue(torch.diag(torch.tensor([1.0, 1 - 1e-7, 0.5]))) == 0.5


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
    return total / max(1, len(nodes))


@law
@given(graphs, st.integers(1, 3), seeds, st.sets(st.integers(0, 11)))
def test_energy_and_distance_are_sums_over_edges(graph, features, seed, zero_rows):
    x = normal(12, features, seed=seed)
    x[list(zero_rows)] = 0
    x, edge_index = x[: len(graph)], edge_index_of(graph)
    close(dirichlet_energy(x, edge_index), energy_loop(x, graph), 1e-10)
    close(mean_average_distance(x, edge_index), distance_loop(x, graph), 1e-10)
    trace = np.trace(x.numpy().T @ (np.eye(len(graph)) - dense(graph)) @ x.numpy())
    close(dirichlet_energy(x, edge_index), trace, 1e-10)


@law
@given(graphs, seeds)
def test_what_propagation_preserves_is_smooth(graph, seed):
    x = root_degree(graph) * normal(1, 3, seed=seed)
    assert dirichlet_energy(x, edge_index_of(graph)) < 1e-28
    assert mean_average_distance(x, edge_index_of(graph)) < 1e-28


@pytest.mark.parametrize("size", [1e-9, 1e-12])
def test_tiny_measures_keep_their_relative_accuracy(size):
    x = torch.tensor([[1.0, 0.0], [1.0, size]], dtype=torch.float64)
    for measure in (dirichlet_energy, mean_average_distance):
        assert measure(x, EDGES[:, :2]).item() == pytest.approx(size**2 / 2, rel=1e-6)


@pytest.mark.parametrize("factor", [1e-200, 1e-9, 1e9, 1e200])
def test_distance_does_not_depend_on_the_size_of_features(factor):
    x = normal(3, 3)
    close(mean_average_distance(factor * x, EDGES), mean_average_distance(x, EDGES))
    if 1e-30 < factor < 1e30:
        single = (factor * x).float()
        close(mean_average_distance(single, EDGES), mean_average_distance(x, EDGES), 1e-5)


@pytest.mark.parametrize("measure", [dirichlet_energy, mean_average_distance])
def test_gradients_are_finite_differences(measure):
    x = normal(4, 2).requires_grad_()  # node 3 is isolated
    assert torch.autograd.gradcheck(lambda x: measure(x, EDGES), x)


def test_a_zero_vector_has_no_gradient_and_no_direction():
    x = torch.tensor([[0.0, 0.0], [1.0, 2.0]], requires_grad=True)
    distance = mean_average_distance(x, EDGES[:, :2])
    assert distance == 0 and not torch.autograd.grad(distance, x)[0].any()
