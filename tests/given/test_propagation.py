"""Repeated propagation against powers of P, and the rate of decay against the second eigenvalue."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from undirected import close, edge_index_of, graphs, normal, seeds

from sheet11.given.graphs import karate_club, load_graph
from sheet11.given.propagation import decay_rate, propagate
from sheet11.oversmoothing import dirichlet_energy, normalized_adjacency, second_eigenvalue

law = settings(deadline=None, max_examples=50)
KARATE = karate_club()
X, P3 = torch.zeros(3, 2), torch.eye(3)


@pytest.mark.parametrize("layout", [torch.Tensor.to_dense, torch.Tensor.to_sparse])
def test_propagate_multiplies_by_a_matrix(layout):
    x, P = normal(34, 2), normalized_adjacency(KARATE.edge_index, 34)
    states = list(propagate(x, layout(P), 5))
    assert len(states) == 6
    for depth, state in enumerate(states):
        close(state, np.linalg.matrix_power(P.to_dense().numpy(), depth) @ x.numpy())


def test_propagate_applies_a_function():
    x = torch.tensor([[1.0], [-2.0]])
    states = list(propagate(x, lambda x: torch.relu(2 * x + 1), 3))
    assert [state.squeeze(1).tolist() for state in states] == [[1, -2], [3, 0], [7, 1], [15, 3]]
    assert [state is x for state in propagate(x, torch.neg, 0)] == [True]


@law
@given(graphs, st.integers(1, 3), seeds)
def test_energy_never_falls_slower_than_the_second_eigenvalue(graph, features, seed):
    edge_index = edge_index_of(graph)
    P = normalized_adjacency(edge_index, len(graph))
    states = propagate(normal(len(graph), features, seed=seed), P, 6)
    energies = [dirichlet_energy(x, edge_index).item() for x in states]
    for before, after in itertools.pairwise(energies):
        assert after <= second_eigenvalue(P) ** 2 * before + 1e-14 * energies[0]


@pytest.mark.parametrize(("name", "rate"), [("karate", -0.2193), ("sbm", -0.2441)])
@pytest.mark.parametrize("seed", range(3))
def test_energy_falls_at_the_rate_of_the_second_eigenvalue(name, rate, seed):
    graph = load_graph(name)
    P = normalized_adjacency(graph.edge_index, graph.num_nodes)
    predicted = 2 * math.log(abs(second_eigenvalue(P)))
    assert round(predicted, 4) == rate
    states = propagate(normal(graph.num_nodes, 8, seed=seed), P, 64)
    assert decay_rate([dirichlet_energy(x, graph.edge_index) for x in states]) == pytest.approx(
        predicted, rel=0.01
    )


def test_energy_of_the_grid_falls_faster_while_it_bends():
    graph = load_graph("grid")
    P = normalized_adjacency(graph.edge_index, graph.num_nodes)
    predicted = 2 * math.log(second_eigenvalue(P))
    assert round(predicted, 4) == -0.0448

    def rate(depth):
        return decay_rate(
            [dirichlet_energy(x, graph.edge_index) for x in propagate(normal(100, 8), P, depth)]
        )

    assert rate(64) < 1.02 * predicted < 1.001 * predicted < predicted * (1 - 1e-9)
    assert rate(640) == pytest.approx(predicted, rel=1e-3)


def test_decay_rate_is_that_of_the_slowest_mode():
    layer = np.arange(65)
    assert decay_rate(np.exp(-0.5 * layer) + 1e-2 * np.exp(-0.1 * layer)) == pytest.approx(
        -0.1, rel=1e-3
    )


@pytest.mark.parametrize("start", [1e-100, 1.0, 1e100])
def test_decay_rate_counts_what_is_above_1e_20_of_the_first(start):
    layer = np.arange(65)
    assert decay_rate(start * np.exp(-0.5 * layer)) == pytest.approx(-0.5)
    assert decay_rate(start * np.maximum(np.exp(-2.0 * layer), 1e-21)) == pytest.approx(-2)
    assert decay_rate([start, 2e-20 * start]) == pytest.approx(math.log(2e-20))
    assert decay_rate([start, 0.5e-20 * start]) == -math.inf


def test_decay_rate_is_that_of_the_second_half():
    first, second = np.zeros(10), -0.3 * np.arange(10)
    assert decay_rate(np.exp(np.concatenate([first, second]))) == pytest.approx(-0.3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: list(propagate(X, P3, -1)), "depth must be at least 0, got -1"),
        (lambda: decay_rate([1.0]), r"energy must hold at least two values, got shape \(1,\)"),
        (lambda: decay_rate([[1.0, 2.0]]), r"energy must be a real vector, got shape \(1, 2\)"),
        (lambda: decay_rate(torch.ones(3, requires_grad=True)), "energy must .*requires_grad"),
        (lambda: decay_rate([1.0, -0.5]), "energy must be finite and not negative, got -0.5"),
        (lambda: decay_rate([math.inf, 1.0]), "energy must be finite and not negative, got inf"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
