"""The layers against deep oversmoothing, written out in numpy; PairNorm's promise."""

import math

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from undirected import close, dense, normal, seeds

from sheet11 import remedies
from sheet11.given.gcn import GCN, REMEDIES, convolution
from sheet11.given.graphs import karate_club
from sheet11.oversmoothing import normalized_adjacency
from sheet11.remedies import pair_norm

law = settings(deadline=None, max_examples=50)
KARATE = karate_club()


def relu(x):
    return np.maximum(x, 0)


def pair_norm_loop(x):
    centred = x - sum(x) / len(x)
    return centred / math.sqrt(sum(row @ row for row in centred) / len(x))


def states_loop(model, remedy, x, P):
    """A network of these layers, in numpy."""
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


@pytest.mark.parametrize("remedy", REMEDIES)
def test_a_network_is_its_layers_written_out(remedy):
    torch.manual_seed(0)
    model, x = GCN(3, 5, 2, 4, remedy, alpha=0.2, theta=0.7), normal(34, 3)
    torch.nn.init.normal_(model.bias)
    P = normalized_adjacency(KARATE.edge_index, 34)
    expected = states_loop(model, remedy, x.numpy(), dense(nx.karate_club_graph()))
    states = model.hidden_states(x, P)
    assert len(states) == 5
    for state, wanted in zip(states, expected, strict=True):
        close(
            state, wanted, 1e-9
        )  # PairNorm's root holds a small number that the loop does without
    decoder, bias = model.decoder.detach().numpy(), model.bias.detach().numpy()
    close(model(x, P), expected[-1] @ decoder + bias, 1e-9)


@pytest.mark.parametrize("name", REMEDIES[1:])
def test_defaults_are_those_of_networks(name):
    torch.manual_seed(0)
    named = GCN(3, 5, 2, 4, name)
    torch.manual_seed(0)
    given_as_function = GCN(3, 5, 2, 4, getattr(remedies, name))
    x, P = normal(34, 3), normalized_adjacency(KARATE.edge_index, 34)
    assert torch.equal(named(x, P), given_as_function(x, P))


def test_residual_does_not_keep_the_size_of_features():
    torch.manual_seed(0)
    model, x = GCN(16, 16, 2, 32, "residual"), normal(34, 16)
    states = model.hidden_states(x, normalized_adjacency(KARATE.edge_index, 34))
    first, last = (states[layer].square().mean().sqrt().item() for layer in (0, -1))
    assert 0.5 < first < 2 and last < 0.01 * first
    assert convolution is GCN(1, 1, 1, 1).layer


@law
@given(st.integers(2, 8), st.integers(1, 4), seeds, st.floats(1e-3, 1e3))
def test_pair_norm_fixes_the_mean_distance_of_two_nodes(num_nodes, features, seed, size):
    x = size * normal(num_nodes, features, seed=seed)
    assume(x.var(dim=0).sum() > 1e-4)  # well above the small number that keeps equal nodes from 0/0
    result = pair_norm(x)
    close(result, pair_norm_loop(x.numpy()), 1e-6)
    close(result.mean(dim=0), np.zeros(features))
    distances = [
        (result[u] - result[v]).square().sum().item()
        for u in range(num_nodes)
        for v in range(num_nodes)
    ]
    assert sum(distances) / num_nodes**2 == pytest.approx(2)


def test_pair_norm_of_equal_nodes_and_of_a_batch():
    assert pair_norm(torch.ones(4, 3)).tolist() == [[0] * 3] * 4
    batch = normal(2, 5, 3)
    close(pair_norm(batch), torch.stack([pair_norm(x) for x in batch]), 1e-15)
