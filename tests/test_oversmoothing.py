"""Propagation and its two measures against dense matrices and loops, networks against their layers written out."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sheet11.gcn import GCN, REMEDIES, pair_norm
from sheet11.graphs import karate_club, load_graph, two_block_model
from sheet11.oversmoothing import (
    _components,
    _lanczos,
    dirichlet_energy,
    mean_average_distance,
    normalized_adjacency,
    second_eigenvalue,
)
from sheet11.propagation import decay_rate, propagate
from sheet11.training import draw_training_nodes, train

torch.set_num_threads(1)  # for such small matrices more only wait for each other
law = settings(deadline=None, max_examples=50)
seeds = st.integers(0, 10**6)
graphs = st.builds(nx.gnp_random_graph, st.integers(1, 12), st.floats(0, 1), seeds)  # isolated nodes among them
KARATE = karate_club()


def edge_index_of(graph):
    return torch.tensor(list(graph.to_directed().edges), dtype=torch.int64).reshape(-1, 2).T


def dense(graph):
    """P by its definition, from networkx's adjacency matrix."""
    A = nx.to_numpy_array(graph, weight=None) + np.eye(len(graph))
    D = np.diag(A.sum(axis=1) ** -0.5)
    return D @ A @ D


def root_degree(graph):
    return torch.tensor([[1 + degree] for _, degree in graph.degree], dtype=torch.float64).sqrt()


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def close(ours, expected, tolerance=1e-12):
    np.testing.assert_allclose(torch.as_tensor(ours).detach(), expected, rtol=tolerance, atol=tolerance)


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


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-7), (torch.float64, 1e-15)])
def test_normalized_adjacency_of_the_karate_club(dtype, tolerance):
    P = normalized_adjacency(KARATE.edge_index, 34, dtype)
    assert P.dtype == dtype
    close(P.to_dense(), dense(nx.karate_club_graph()), tolerance)


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


@law
@given(graphs)
def test_lanczos_is_the_largest_but_one_for_each_component(graph):
    eigenvalues = np.linalg.eigvalsh(dense(graph))
    others = eigenvalues[: len(graph) - nx.number_connected_components(graph)]
    found = _lanczos(normalized_adjacency(edge_index_of(graph), len(graph)))
    assert abs(found) == pytest.approx(np.abs(others).max(initial=0), abs=1e-12)


def spider(legs, length):
    return nx.compose_all(nx.path_graph([0, *range(1 + leg * length, 1 + (leg + 1) * length)]) for leg in range(legs))


LARGE = {
    "one block": nx.gnp_random_graph(1300, 0.01, seed=1),
    "many components": nx.gnp_random_graph(1500, 0.0007, seed=2),  # most nodes are isolated or in small trees
    "two equal components": nx.disjoint_union(nx.grid_2d_graph(24, 24), nx.grid_2d_graph(24, 24)),
    "grid": nx.convert_node_labels_to_integers(nx.grid_2d_graph(32, 41)),
    "path": nx.path_graph(1100),  # its gap is 3e-6
    "bipartite": nx.complete_bipartite_graph(600, 500),  # the largest is negative
    "complete": nx.complete_graph(1001),  # all but one are 0
    "star": nx.star_graph(1200),
    "spider": nx.convert_node_labels_to_integers(spider(60, 20)),
    "no edges": nx.empty_graph(1001),
    "pairs": nx.disjoint_union_all([nx.complete_graph(2)] * 501),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-6)])
def test_sparse_and_dense_second_eigenvalue(name, dtype, tolerance):
    graph = LARGE[name]
    edge_index = edge_index_of(graph)
    expected = second_eigenvalue(normalized_adjacency(edge_index, len(graph)).to_dense())
    found = second_eigenvalue(normalized_adjacency(edge_index, len(graph), dtype))
    assert found == pytest.approx(expected, abs=tolerance)
    if dtype == torch.float64:
        assert 1 - found == pytest.approx(1 - expected, rel=1e-6)


@law
@given(graphs)
def test_components(graph):
    found = _components(*edge_index_of(graph), len(graph)).tolist()
    for nodes in nx.connected_components(graph):
        assert {found[node] for node in nodes} == {min(nodes)}


def test_components_of_a_shuffled_path():
    order = torch.randperm(5000, generator=torch.Generator().manual_seed(0))
    u, v = torch.cat([order[:-1], order[1:]]), torch.cat([order[1:], order[:-1]])
    assert not _components(u, v, 5000).any()


def test_second_eigenvalue_keeps_its_sign():
    bipartite = nx.complete_bipartite_graph(3, 3)  # P = (I + A)/4 with eigenvalues 1, 1/4, −1/2
    assert second_eigenvalue(normalized_adjacency(edge_index_of(bipartite), 6)) == pytest.approx(-0.5)


@pytest.mark.parametrize("graph", [nx.path_graph(7), nx.disjoint_union_all([nx.cycle_graph(5)] * 9), nx.empty_graph(4)])
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


def test_opposite_neighbours_are_at_distance_two():
    x = torch.tensor([[1.0, 2.0], [-2.0, -4.0], [5.0, 5.0]])  # the last has no neighbours
    assert mean_average_distance(x, torch.tensor([[0, 1], [1, 0]])).item() == pytest.approx(2)


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


# propagation


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
    assert decay_rate([dirichlet_energy(x, graph.edge_index) for x in states]) == pytest.approx(predicted, rel=0.01)


def test_energy_of_the_grid_falls_faster_while_it_bends():
    graph = load_graph("grid")
    P = normalized_adjacency(graph.edge_index, graph.num_nodes)
    predicted = 2 * math.log(second_eigenvalue(P))
    assert round(predicted, 4) == -0.0448

    def rate(depth):
        return decay_rate([dirichlet_energy(x, graph.edge_index) for x in propagate(normal(100, 8), P, depth)])

    assert rate(64) < 1.02 * predicted < 1.001 * predicted < predicted * (1 - 1e-9)
    assert rate(640) == pytest.approx(predicted, rel=1e-3)


@law
@given(st.floats(-3, 1), st.floats(1e-100, 1e100), st.integers(1, 100))
def test_decay_rate_of_an_exponential(rate, start, depth):
    assume(abs(rate) > 1e-6)
    assert decay_rate(start * np.exp(rate * np.arange(depth + 1))) == pytest.approx(rate, rel=1e-6, abs=1e-12)


def test_decay_rate_is_that_of_the_slowest_mode():
    layer = np.arange(65)
    assert decay_rate(np.exp(-0.5 * layer) + 1e-2 * np.exp(-0.1 * layer)) == pytest.approx(-0.1, rel=1e-3)


def test_decay_rate_leaves_rounding_errors_out():
    layer = np.arange(65)
    assert decay_rate(np.maximum(np.exp(-2.0 * layer), 1e-31)) == pytest.approx(-2)
    assert decay_rate([1, 0, 0]) == -math.inf
    assert decay_rate([1, math.exp(-1), 0]) == pytest.approx(-1)


# networks


def relu(x):
    return np.maximum(x, 0)


def pair_norm_loop(x):
    centred = x - sum(x) / len(x)
    return centred / math.sqrt(sum(row @ row for row in centred) / len(x))


def states_loop(model, remedy, x, P):
    """The layers of the table in the docstring of GCN, for one network, in numpy."""
    encoder, layers = (weight.detach().numpy() for weight in (model.encoder, model.layers))
    H0 = relu(x @ encoder)
    states = [H0]
    for number, W in enumerate(layers, start=1):
        H = states[-1]
        if remedy == "none":
            H = relu(P @ H @ W)
        elif remedy == "residual":
            H = (H + relu(P @ H @ W)) / 2
        elif remedy == "gcnii":
            beta = math.log(0.7 / number + 1)
            S = 0.8 * P @ H + 0.2 * H0
            H = relu(S @ ((1 - beta) * np.eye(len(W)) + beta * W))
        else:
            H = relu(pair_norm_loop(P @ H @ W))
        states.append(H)
    return states


def network(remedy, copies=None, depth=4, seed=0):
    torch.manual_seed(seed)
    return GCN(3, 5, 2, depth, remedy, copies, alpha=0.2, theta=0.7)


@pytest.mark.parametrize("remedy", REMEDIES)
def test_network_is_its_layers_written_out(remedy):
    model, x = network(remedy), normal(34, 3)
    torch.nn.init.normal_(model.bias)
    P = normalized_adjacency(KARATE.edge_index, 34)
    expected = states_loop(model, remedy, x.numpy(), dense(nx.karate_club_graph()))
    states = model.hidden_states(x, P)
    assert len(states) == 5
    for state, wanted in zip(states, expected, strict=True):
        close(state, wanted, 1e-9)  # PairNorm's root holds a small number that the loop does without
    decoder, bias = model.decoder.detach().numpy(), model.bias.detach().numpy()
    close(model(x, P), expected[-1] @ decoder + bias, 1e-9)


def test_weights_keep_the_mean_square_through_a_relu():
    torch.manual_seed(0)
    model = GCN(200, 100, 50, depth=3, copies=4)
    for weight, fan_in in [(model.encoder, 200), (model.layers, 100), (model.decoder, 100)]:
        assert weight.shape[-2] == fan_in
        assert weight.var().item() * fan_in == pytest.approx(2, rel=4 * math.sqrt(2 / weight.numel()))
        assert abs(weight.mean()) < 4 * math.sqrt(2 / fan_in / weight.numel())
    assert model.layers.shape[:2] == (3, 4)
    assert not model.bias.any()


def test_dtype_of_the_weights():
    model = GCN(2, 3, 2, depth=1, dtype=torch.float32)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def single(model, copy):
    """The network that is number `copy` in a model of several."""
    alone = network(model.remedy, depth=len(model.layers))
    with torch.no_grad():
        alone.encoder.copy_(model.encoder[copy])
        alone.layers.copy_(model.layers[:, copy])
        alone.decoder.copy_(model.decoder[copy])
        alone.bias.copy_(model.bias[copy])
    return alone


@pytest.mark.parametrize("remedy", REMEDIES)
@pytest.mark.parametrize("own_features", [False, True])
def test_copies_are_networks_side_by_side(remedy, own_features):
    model = network(remedy, copies=3, depth=3)
    x = normal(3, 34, 3) if own_features else normal(34, 3)
    P = normalized_adjacency(KARATE.edge_index, 34)
    mask = draw_training_nodes(KARATE.labels, 4, copies=3)
    alone = [single(model, copy) for copy in range(3)]
    inputs = x if own_features else [x] * 3

    together = model(x, P)
    assert together.shape == (3, 34, 2)
    close(together, model(x, P.to_dense()).detach())
    for copy in range(3):
        close(together[copy], alone[copy](inputs[copy], P).detach())

    accuracy = train(model, x, P.to_dense(), KARATE.labels, mask, epochs=20)
    expected = [train(alone[copy], inputs[copy], P, KARATE.labels, mask[copy], epochs=20) for copy in range(3)]
    assert accuracy.tolist() == [value.item() for value in expected]
    for copy in range(3):
        close(model(x, P)[copy], alone[copy](inputs[copy], P).detach(), 1e-6)


@law
@given(st.integers(2, 8), st.integers(1, 4), seeds, st.floats(1e-3, 1e3))
def test_pair_norm_fixes_the_mean_distance_of_two_nodes(num_nodes, features, seed, size):
    x = size * normal(num_nodes, features, seed=seed)
    assume(x.var(dim=0).sum() > 1e-4)  # well above the small number that keeps equal nodes from 0/0
    result = pair_norm(x)
    close(result, pair_norm_loop(x.numpy()), 1e-6)
    close(result.mean(dim=0), np.zeros(features))
    distances = [(result[u] - result[v]).square().sum().item() for u in range(num_nodes) for v in range(num_nodes)]
    assert sum(distances) / num_nodes**2 == pytest.approx(2)


def test_pair_norm_of_equal_nodes_and_of_a_batch():
    assert pair_norm(torch.ones(4, 3)).tolist() == [[0] * 3] * 4
    batch = normal(2, 5, 3)
    close(pair_norm(batch), torch.stack([pair_norm(x) for x in batch]), 1e-15)


def test_training_is_cross_entropy_and_adam():
    x, P = normal(34, 3), normalized_adjacency(KARATE.edge_index, 34)
    (mask,) = draw_training_nodes(KARATE.labels, 3, copies=1)
    ours, theirs = network("none"), network("none")
    accuracy = train(ours, x, P, KARATE.labels, mask, epochs=10, learning_rate=0.05, weight_decay=0.01)
    optimizer = torch.optim.Adam(theirs.parameters(), lr=0.05, weight_decay=0.01)
    for _ in range(10):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(theirs(x, P)[mask], KARATE.labels[mask]).backward()
        optimizer.step()
    for parameter, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        close(parameter, expected.detach(), 1e-6)
    correct = [theirs(x, P)[v].argmax() == KARATE.labels[v] for v in range(34) if not mask[v]]
    assert accuracy.item() == pytest.approx(sum(correct) / len(correct))


@pytest.mark.parametrize("remedy", REMEDIES)
def test_training_improves_on_separable_blocks(remedy):
    graph = two_block_model(30, p_in=0.4, p_out=0.02)
    P = normalized_adjacency(graph.edge_index, 60).to_dense()
    x = normal(60, 3) + 2.0 * graph.labels[:, None]
    mask = draw_training_nodes(graph.labels, 5, copies=4)
    model = network(remedy, copies=4, depth=2)
    before = train(model, x, P, graph.labels, mask, epochs=0)
    after = train(model, x, P, graph.labels, mask, epochs=60)
    assert before.shape == after.shape == (4,)
    assert after.min() > 0.9
    assert after.mean() > before.mean()


# bad input

X, EDGES = torch.zeros(3, 2), torch.tensor([[0, 1], [1, 0]])
P3 = torch.eye(3)
bad_edges = pytest.mark.parametrize(
    ("edge_index", "error", "message"),
    [
        ([[0, 1], [1, 0]], TypeError, "edge_index must be an int64 tensor, got list"),
        (EDGES.int(), TypeError, "edge_index must be an int64 tensor, got torch.int32"),
        (EDGES[0], ValueError, r"edge_index must have shape \(2, num_edges\), got \(2,\)"),
        (torch.zeros(3, 2, dtype=torch.int64), ValueError, r"edge_index must have shape .*, got \(3, 2\)"),
        (EDGES + 2, ValueError, r"edge_index must hold nodes in \[0, num_nodes\) = \[0, 3\), got 3"),
        (EDGES - 1, ValueError, "edge_index must hold nodes in .*, got -1"),
        (torch.tensor([[2], [2]]), ValueError, "edge_index must not hold self-loops, got one at node 2"),
        (EDGES[:, :1], ValueError, r"edge_index must hold both directions .*, got only one of edge \(0, 1\)"),
        (torch.tensor([[0, 1, 2], [1, 2, 0]]), ValueError, "edge_index must hold both directions"),  # a directed cycle
    ],
)


@bad_edges
def test_bad_edges(edge_index, error, message):
    for call in (
        lambda: normalized_adjacency(edge_index, 3),
        lambda: dirichlet_energy(X, edge_index),
        lambda: mean_average_distance(X, edge_index),
    ):
        with pytest.raises(error, match=message):
            call()


def test_edges_are_accepted_exactly_if_every_one_has_its_reverse():
    pairs = list(itertools.permutations(range(4), 2))
    for chosen in itertools.product([False, True], repeat=len(pairs)):
        edges = set(itertools.compress(pairs, chosen))
        edge_index = torch.tensor(sorted(edges), dtype=torch.int64).reshape(-1, 2).T
        if edges == {(v, u) for u, v in edges}:
            dirichlet_energy(torch.zeros(4, 1), edge_index)
        else:
            with pytest.raises(ValueError, match="edge_index must hold both directions"):
                dirichlet_energy(torch.zeros(4, 1), edge_index)


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


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: normalized_adjacency(EDGES, 0), ValueError, "num_nodes must be at least 1, got 0"),
        (lambda: normalized_adjacency(EDGES, 2.5), TypeError, "num_nodes must be an integer, got 2.5"),
        (lambda: list(propagate(X, P3, -1)), ValueError, "depth must be at least 0, got -1"),
        (lambda: list(propagate(X, P3, 1.0)), TypeError, "depth must be an integer, got 1.0"),
        (lambda: decay_rate([1.0]), ValueError, r"energy must hold at least two values, got shape \(1,\)"),
        (lambda: decay_rate([[1.0, 2.0]]), ValueError, r"energy must hold at least two values, got shape \(1, 2\)"),
        (lambda: decay_rate([1.0, -0.5]), ValueError, "energy must be finite and not negative, got -0.5"),
        (lambda: decay_rate([1.0, math.nan]), ValueError, "energy must be finite and not negative, got nan"),
        (lambda: decay_rate([math.inf, 1.0]), ValueError, "energy must be finite and not negative, got inf"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"in_features": 0}, ValueError, "in_features must be at least 1, got 0"),
        ({"hidden": 1.5}, TypeError, "hidden must be an integer, got 1.5"),
        ({"classes": -1}, ValueError, "classes must be at least 1, got -1"),
        ({"depth": 0}, ValueError, "depth must be at least 1, got 0"),
        ({"copies": 0}, ValueError, "copies must be at least 1, got 0"),
        ({"remedy": "dropout"}, ValueError, "remedy must be one of 'none', .*, 'pairnorm', got 'dropout'"),
        ({"alpha": 1.5}, ValueError, "alpha must be between 0 and 1, got 1.5"),
        ({"alpha": math.nan}, ValueError, "alpha must be between 0 and 1, got nan"),
        ({"alpha": "a"}, TypeError, "alpha must be .*, got 'a'"),
        ({"theta": 0}, ValueError, "theta must be positive and finite, got 0"),
        ({"theta": "a"}, TypeError, "theta must be a number, got 'a'"),
    ],
)
def test_bad_networks(bad, error, message):
    with pytest.raises(error, match=message):
        GCN(**{"in_features": 2, "hidden": 3, "classes": 2, "depth": 1, **bad})


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"epochs": -1}, ValueError, "epochs must be at least 0, got -1"),
        ({"epochs": 2.0}, TypeError, "epochs must be an integer, got 2.0"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be positive and finite, got 0"),
        ({"train_mask": torch.tensor([1, 0, 0])}, TypeError, "train_mask must be boolean, got torch.int64"),
        ({"train_mask": torch.tensor([True] * 3)}, ValueError, "train_mask must .* nodes to test on"),
        ({"train_mask": torch.tensor([False] * 3)}, ValueError, "train_mask must .* nodes to train on"),
        (
            {"train_mask": torch.tensor([[True, False, True], [False] * 3])},
            ValueError,
            r"train_mask .*, got \[2, 0\] of 3",
        ),
    ],
)
def test_bad_training(bad, error, message):
    arguments = {"labels": torch.tensor([0, 1, 0]), "train_mask": torch.tensor([True, True, False]), **bad}
    with pytest.raises(error, match=message):
        train(GCN(2, 3, 2, 1, dtype=torch.float32), X, P3, **arguments)
