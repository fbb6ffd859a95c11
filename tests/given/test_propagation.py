"""Repeated propagation against powers of P, and the rate of decay against the second eigenvalue."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from undirected import close, edge_index_of, graphs, normal, seeds

from sheet11.given.attention import self_attention
from sheet11.given.graphs import load_graph
from sheet11.given.propagation import attention, decay_rate, propagate
from sheet11.oversmoothing import dirichlet_energy, normalized_adjacency, second_eigenvalue

LAYER = np.arange(65)


@pytest.mark.parametrize("layout", [torch.Tensor.to_dense, torch.Tensor.to_sparse])
def test_propagate_multiplies_by_a_matrix(layout):
    x, P = normal(9, 2), normalized_adjacency(load_graph("grid", nodes=9).edge_index, 9)
    states = list(propagate(x, layout(P), 5))
    assert len(states) == 6
    for depth, state in enumerate(states):
        close(state, np.linalg.matrix_power(P.to_dense(), depth) @ x.numpy())


def test_propagate_applies_a_function():
    x = torch.tensor([[1.0], [-2.0]])
    states = list(propagate(x, lambda x: torch.relu(2 * x + 1), 3))
    assert [state.squeeze(1).tolist() for state in states] == [[1, -2], [3, 0], [7, 1], [15, 3]]


@settings(deadline=None, max_examples=50)
@given(graphs, seeds)
def test_energy_never_falls_slower_than_the_second_eigenvalue(graph, seed):
    edge_index = edge_index_of(graph)
    P = normalized_adjacency(edge_index, len(graph))
    states = propagate(normal(len(graph), 2, seed=seed), P, 6)
    energies = [dirichlet_energy(x, edge_index).item() for x in states]
    for before, after in itertools.pairwise(energies):
        assert after <= second_eigenvalue(P) ** 2 * before + 1e-14 * energies[0]


@pytest.mark.parametrize(
    ("name", "depth", "rate"),
    [("karate", 64, -0.2193), ("sbm", 64, -0.2441), ("grid", 640, -0.0448)],
)
@pytest.mark.parametrize("seed", range(3))
def test_energy_falls_at_the_rate_of_the_second_eigenvalue(name, depth, rate, seed):
    graph = load_graph(name)
    P = normalized_adjacency(graph.edge_index, graph.num_nodes)
    predicted = 2 * math.log(abs(second_eigenvalue(P)))
    assert round(predicted, 4) == rate
    states = propagate(normal(graph.num_nodes, 8, seed=seed), P, depth)
    energies = [dirichlet_energy(x, graph.edge_index) for x in states]
    assert decay_rate(energies) == pytest.approx(predicted, rel=0.01)


def test_decay_rate_is_that_of_the_slowest_mode_in_the_second_half():
    energy = np.exp(-0.5 * LAYER) + 1e-2 * np.exp(-0.1 * LAYER)
    assert decay_rate(energy) == pytest.approx(-0.1, rel=1e-3)
    assert decay_rate(np.exp(-0.3 * np.maximum(LAYER - 30, 0))) == pytest.approx(-0.3)


@pytest.mark.parametrize("start", [1e-100, 1.0, 1e100])
def test_decay_rate_counts_what_is_above_1e_20_of_the_first(start):
    assert decay_rate(start * np.maximum(np.exp(-2.0 * LAYER), 1e-21)) == pytest.approx(-2)
    assert decay_rate([start, 2e-20 * start]) == pytest.approx(math.log(2e-20))
    assert decay_rate([start, 0.5e-20 * start]) == -math.inf


@pytest.mark.parametrize("layout", [torch.Tensor.to_dense, torch.Tensor.to_sparse])
def test_attention_is_that_of_exercise_1_among_a_node_and_its_neighbours(layout):
    x, P = normal(9, 2), normalized_adjacency(load_graph("grid", nodes=9).edge_index, 9)
    attended = attention(x, layout(P))
    for node, row in enumerate(P.to_dense()):
        near = x[row > 0].T.numpy()
        close(
            attended[node],
            self_attention(x[node, :, None].expand(2, near.shape[1]), near, near)[:, 0],
        )
