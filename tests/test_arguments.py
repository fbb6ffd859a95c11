"""Bad arguments of the public functions: the message names the parameter and quotes the value."""

import math
from functools import partial

import numpy as np
import pytest
import torch

from sheet11.aggregation import softargmax_aggregate
from sheet11.encoding import gram, positional_encoding, rotation
from sheet11.given.attention import self_attention
from sheet11.given.edges import degrees
from sheet11.given.gcn import GCN
from sheet11.given.graphs import grid, load_graph, random_neighbourhoods, two_block_model
from sheet11.given.propagation import decay_rate, propagate
from sheet11.given.softmax import lse, softargmax
from sheet11.given.toeplitz import half_width, lag_profile, toeplitz_deviation
from sheet11.given.training import accuracy, cross_entropy, draw_training_nodes
from sheet11.oversmoothing import dirichlet_energy, mean_average_distance, normalized_adjacency
from sheet11.scores import attention_scores, predict_cross_term, score_terms

HUGE, INF, NAN = 10**400, math.inf, math.nan
A, WIDE = np.ones((2, 3)), np.ones((2, 4))
M, INDEX = torch.zeros(3, 2), torch.tensor([0, 1, 1])
FAR = torch.tensor([[0.0], [1.7e308], [-1.7e308]], dtype=torch.float64)
EDGES, LOOP = torch.tensor([[0, 1], [1, 0]]), torch.tensor([[2], [2]])
LABELS, MASK = torch.tensor([0, 0, 0, 1, 1]), torch.tensor([True, False, False, True, False])

GOOD = {
    positional_encoding: {"n": 4, "p": 6},
    gram: {"n": 4, "p": 6},
    rotation: {"delta": 4, "p": 6},
    attention_scores: {"E": A, "X": A},
    score_terms: {"E": A, "X": A},
    predict_cross_term: {"E": A, "sigma": 1.0},
    self_attention: {"Q": A, "K": A, "V": A},
    lag_profile: {},
    toeplitz_deviation: {},
    half_width: {"profile": [1.0], "p": 1},
    lse: {"m": M},
    softargmax: {"m": M},
    softargmax_aggregate: {"messages": M, "index": INDEX, "num_nodes": 2},
    degrees: {"num_nodes": 3},
    normalized_adjacency: {"edge_index": EDGES, "num_nodes": 3},
    dirichlet_energy: {"x": M, "edge_index": EDGES},
    mean_average_distance: {"x": M, "edge_index": EDGES},
    grid: {},
    two_block_model: {},
    load_graph: {"graph": "sbm"},
    random_neighbourhoods: {"num_nodes": 1, "max_degree": 1, "channels": 1},
    decay_rate: {},
    GCN: {"in_features": 2, "hidden": 3, "classes": 2, "depth": 1},
    draw_training_nodes: {"labels": LABELS, "labels_per_class": 1, "copies": 1},
    cross_entropy: {"logits": torch.zeros(5, 2), "labels": LABELS},
    accuracy: {"logits": torch.zeros(5, 2), "labels": LABELS},
}
ENCODINGS = positional_encoding, gram, rotation
MEASURES = dirichlet_energy, mean_average_distance

CASES = [
    (ENCODINGS, "p", -2, "at least 1, got -2"),
    (ENCODINGS, "p", "6", "an integer, got '6'"),
    (ENCODINGS, "convention", "Sheet", "one of 'sheet', .*got 'Sheet'"),
    (ENCODINGS, "base", 0.5, "finite and at least 1, got 0.5"),
    (ENCODINGS, "base", HUGE, "finite and at least 1, got 1000"),
    (ENCODINGS, "base", "e", "a number, got 'e'"),
    (ENCODINGS, "scale", -1.0, "positive and finite, got -1.0"),
    (ENCODINGS, "scale", HUGE, "positive and finite, got 1000"),
    (positional_encoding, "n", 0, "at least 1, got 0"),
    (gram, "n", HUGE, "below .*, got 1000"),
    (rotation, "p", 3, "even, got 3"),
    (rotation, "delta", HUGE, "below .*, got 1000"),
    (rotation, "convention", "submission", "one of 'sheet', 'vaswani', got 'submission'"),
    (attention_scores, "mode", "sum", "one of 'cat', 'add', got 'sum'"),
    (attention_scores, "X", WIDE, r"have as many columns as E, 3, got shape \(2, 4\)"),
    (attention_scores, "E", NAN * A, r"finite, got nan at \[0, 0\]"),
    (attention_scores, "X", np.ma.masked_less(A, 2), "without masked entries, got masked"),
    (partial(attention_scores, A, mode="add"), "X", A[:1], r"the shape of E, .*\(1, 3\)"),
    (score_terms, "X", WIDE, r"the shape of E, .*\(2, 4\)"),
    (predict_cross_term, "E", A[:, :0], r"not be empty, got shape \(2, 0\)"),
    (predict_cross_term, "E", [1.0], r"a real matrix, got shape \(1,\)"),
    (predict_cross_term, "sigma", -0.5, "finite and not negative, got -0.5"),
    (predict_cross_term, "sigma", HUGE, "finite and not negative, got 1000"),
    (predict_cross_term, "sigma", "1", "a number, got '1'"),
    (partial(predict_cross_term, 1e200 * A), "sigma", 1e200, "smaller for .*, got 1e.200"),
    (self_attention, "K", A[:1], r"as many rows as Q, 2, got shape \(1, 3\)"),
    (self_attention, "V", WIDE, r"as many columns as K, 3, got shape \(2, 4\)"),
    (self_attention, "Q", NAN * A, r"finite, got nan at \[0, 0\]"),
    (partial(self_attention, A, V=A[:, :0]), "K", A[:, :0], r"at least one .*, got shape \(2, 0\)"),
    (partial(self_attention, 1e200 * A, V=A), "K", 1e200 * A, "smaller, got a score that over"),
    (lag_profile, "G", WIDE, r"square and not empty, got shape \(2, 4\)"),
    (lag_profile, "G", A[:0, :0], r"square and not empty, got shape \(0, 0\)"),
    (toeplitz_deviation, "G", [[NAN]], r"finite, got nan at \[0, 0\]"),
    (half_width, "p", 0, "at least 1, got 0"),
    (half_width, "profile", [[1.0]], "a real vector, got shape"),
    (half_width, "profile", np.ma.masked_less([1, 2], 2), "a real vector without masked"),
    ((lse, softargmax), "m", [1.0], "a floating-point tensor, got list"),
    ((lse, softargmax), "m", M[:, :0], r"at least one .* along dim -1, got shape \(3, 0\)"),
    ((lse, softargmax), "lam", NAN, "a number, got nan"),
    ((lse, softargmax), "lam", torch.ones(2), r"one value .*, got shape \(2,\)"),
    ((lse, softargmax), "lam", HUGE, "a number or a tensor .*, got 1000"),
    (lse, "lam", 0.0, "not be 0, .*, got 0"),
    (softargmax, "m", M - INF, "finite where lam favours it, got -inf"),
    (softargmax_aggregate, "messages", [[1.0]], "a floating-point tensor, got list"),
    (softargmax_aggregate, "messages", M.long(), "a floating-point tensor, got torch.int64"),
    (softargmax_aggregate, "messages", M[0], r"shape \(num_edges, channels\), got \(2,\)"),
    (softargmax_aggregate, "messages", M - INF, r"finite, got -inf at \[0, 0\]"),
    (softargmax_aggregate, "messages", M + torch.tensor([0, NAN]), r"finite, got nan at \[0, 1\]"),
    (softargmax_aggregate, "messages", FAR, "overflows .*, got messages up to 1.7e.308"),
    (softargmax_aggregate, "index", [0, 1, 1], "an integer tensor, got list"),
    (softargmax_aggregate, "index", INDEX.double(), "an integer tensor, got torch.float64"),
    (softargmax_aggregate, "index", INDEX > 0, "an integer tensor, got torch.bool"),
    (softargmax_aggregate, "index", INDEX[:2], r"shape \(3,\), .*, got \(2,\)"),
    (softargmax_aggregate, "index", INDEX + 1, r"nodes in .* = \[0, 2\), got 2"),
    (softargmax_aggregate, "index", INDEX - 1, "nodes in .*, got -1"),
    (softargmax_aggregate, "num_nodes", -1, "at least 0, got -1"),
    (softargmax_aggregate, "lam", NAN, "a number, got nan"),
    (softargmax_aggregate, "lam", torch.ones(3), r"2 channels .*, got shape \(3,\)"),
    (softargmax_aggregate, "lam", torch.ones(1, 2), r"2 channels .*, got shape \(1, 2\)"),
    (softargmax_aggregate, "lam", "hot", "a number or a tensor .*, got 'hot'"),
    (softargmax_aggregate, "eta", NAN, "a number, got nan"),
    (softargmax_aggregate, "eta", INF, "finite, got inf"),
    (partial(softargmax_aggregate, M + 1, INDEX, 2), "eta", 1e5, "overflows .*, got .*100000"),
    (degrees, "edge_index", [[0, 1], [1, 0]], "an int64 tensor, got list"),
    (degrees, "edge_index", EDGES.int(), "an int64 tensor, got torch.int32"),
    (degrees, "edge_index", EDGES[0], r"shape \(2, num_edges\), got \(2,\)"),
    (degrees, "edge_index", EDGES + 2, r"nodes in .* = \[0, 3\), got 3"),
    (degrees, "edge_index", EDGES - 1, "nodes in .*, got -1"),
    (degrees, "edge_index", LOOP, "not hold self-loops, got one at node 2"),
    (degrees, "edge_index", EDGES[:, :1], r"both directions .* only one of edge \(0, 1\)"),
    ((normalized_adjacency, *MEASURES), "edge_index", EDGES[:, :1], "both directions"),
    (normalized_adjacency, "num_nodes", 0, "at least 1, got 0"),
    (MEASURES, "x", [[0.0]], "a floating-point tensor, got list"),
    (MEASURES, "x", M[0], r"shape \(num_nodes, features\), got \(2,\)"),
    (grid, "rows", 0, "at least 1, got 0"),
    (two_block_model, "block_size", "5", "an integer, got '5'"),
    (two_block_model, "p_in", 1.5, "a probability, got 1.5"),
    (two_block_model, "p_out", NAN, "a probability, got nan"),
    (load_graph, "graph", "Karate", "one of 'karate', .*got 'Karate'"),
    (load_graph, "seed", 0.5, "an integer, got 0.5"),
    (load_graph, "nodes", 3, "at least 4, got 3"),
    (random_neighbourhoods, "num_nodes", 0, "at least 1, got 0"),
    (random_neighbourhoods, "seed", -2, "at least 0, got -2"),
    (lambda depth: list(propagate(M, torch.eye(3), depth)), "depth", -1, "at least 0, got -1"),
    (decay_rate, "energy", [1.0], r"at least two values, got shape \(1,\)"),
    (decay_rate, "energy", [1.0, -0.5], "not be negative, got -0.5"),
    (decay_rate, "energy", [INF, 1.0], r"finite, got inf at \[0\]"),
    (decay_rate, "energy", torch.ones(3, requires_grad=True), "requires_grad"),
    (GCN, "in_features", 0, "at least 1, got 0"),
    (GCN, "hidden", 1.5, "an integer, got 1.5"),
    (GCN, "depth", 0, "at least 1, got 0"),
    (GCN, "copies", 0, "at least 1, got 0"),
    (GCN, "remedy", "dropout", "one of 'none', .*, got 'dropout'"),
    (GCN, "alpha", 1.5, "between 0 and 1, got 1.5"),
    (GCN, "theta", 0, "positive and finite, got 0"),
    (draw_training_nodes, "labels_per_class", 2, "below 2, .*, got 2"),
    (draw_training_nodes, "copies", 0, "at least 1, got 0"),
    (draw_training_nodes, "seed", -1, "at least 0, got -1"),
    ((cross_entropy, accuracy), "train_mask", MASK.long(), "boolean, got torch.int64"),
    ((cross_entropy, accuracy), "train_mask", MASK | True, "nodes to test on, got 5 of 5"),
    ((cross_entropy, accuracy), "train_mask", MASK & False, "nodes to train on .*, got 0 of 5"),
]


@pytest.mark.parametrize(("functions", "name", "value", "message"), CASES)
def test_bad_argument(functions, name, value, message):
    for function in functions if isinstance(functions, tuple) else [functions]:
        with pytest.raises((TypeError, ValueError), match=f"{name}.* must .*{message}"):
            function(**GOOD.get(function, {}) | {name: value})
