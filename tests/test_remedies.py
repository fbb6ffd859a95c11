"""Layers that counteract oversmoothing, against numpy, and PairNorm's invariant."""

import math

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from undirected import close, dense, edge_index_of, normal, seeds

from sheet11.given.gcn import GCN, REMEDIES
from sheet11.oversmoothing import normalized_adjacency
from sheet11.remedies import pair_norm

KARATE = nx.karate_club_graph()


def relu(x):
    return np.maximum(x, 0)


def pair_norm_loop(x):
    centred = x - sum(x) / len(x)
    return centred / math.sqrt(sum(row @ row for row in centred) / len(x))


def gcnii_loop(P, H, H0, W, l):
    beta = math.log(0.7 / l + 1)
    return relu((0.8 * P @ H + 0.2 * H0) @ ((1 - beta) * np.eye(len(W)) + beta * W))


LAYERS = {
    "none": lambda P, H, H0, W, l: relu(P @ H @ W),
    "residual": lambda P, H, H0, W, l: (H + relu(P @ H @ W)) / 2,
    "gcnii": gcnii_loop,
    "pairnorm": lambda P, H, H0, W, l: relu(pair_norm_loop(P @ H @ W)),
}


@pytest.mark.parametrize("remedy", REMEDIES)
def test_a_network_is_its_layers_written_out(remedy):
    torch.manual_seed(0)
    model, x = GCN(3, 5, 2, 4, remedy, alpha=0.2, theta=0.7), normal(34, 3)
    torch.nn.init.normal_(model.bias)
    encoder, layers, decoder, bias = (weight.detach().numpy() for weight in model.parameters())
    H = H0 = relu(x.numpy() @ encoder)
    P = normalized_adjacency(edge_index_of(KARATE), 34)
    states = model.hidden_states(x, P)
    close(states[0], H0)
    for l, (W, state) in enumerate(zip(layers, states[1:], strict=True), start=1):
        H = LAYERS[remedy](dense(KARATE), H, H0, W, l)
        close(state, H, 1e-9)  # PairNorm's root holds a small number that the loop does without
    close(model(x, P), H @ decoder + bias, 1e-9)


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 8), st.integers(1, 4), seeds, st.floats(1e-3, 1e3))
def test_pair_norm_fixes_the_mean_distance_of_two_nodes(num_nodes, features, seed, size):
    x = size * normal(2, num_nodes, features, seed=seed)  # two networks
    assume((x.var(dim=1).sum(dim=1) > 1e-4).all())  # well above what keeps equal nodes from 0/0
    for one, result in zip(x.numpy(), pair_norm(x), strict=True):
        close(result, pair_norm_loop(one), 1e-6)
        close(result.mean(dim=0), np.zeros(features))
        close((result[:, None] - result).square().sum(dim=2).mean(), 2, 1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_pair_norm_of_equal_nodes_and_of_large_ones(dtype):
    assert pair_norm(torch.full((7, 3), 0.1, dtype=dtype)).abs().max() < 1e-6
    large = pair_norm(1000 * normal(5, 3).to(dtype))
    assert large.dtype == dtype
    close(large.double().square().sum(dim=1).mean(), 1, 1e-2)
