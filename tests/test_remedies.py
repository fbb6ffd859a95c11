"""The layers against deep oversmoothing, written out in numpy; PairNorm's promise."""

import math

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from undirected import close, dense, normal, seeds

from sheet11.given.gcn import GCN, REMEDIES
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


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_pair_norm_of_equal_nodes_and_of_large_ones(dtype):
    assert pair_norm(torch.full((7, 3), 0.1, dtype=dtype)).abs().max() < 1e-6
    large = pair_norm(1000 * normal(5, 3).to(dtype))
    assert large.dtype == dtype
    close(large.double().square().sum(dim=1).mean(), 1, 1e-2)


def test_pair_norm_of_a_batch():
    batch = normal(2, 5, 3)
    close(pair_norm(batch), torch.stack([pair_norm(x) for x in batch]), 1e-15)
