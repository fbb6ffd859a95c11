"""Networks: their weights, copies side by side, and layers that are functions; without remedies.py, too."""

import math
import subprocess
import sys

import pytest
import torch
from undirected import close, normal

from sheet11.given.gcn import GCN, REMEDIES
from sheet11.given.graphs import karate_club
from sheet11.oversmoothing import normalized_adjacency

KARATE = karate_club()


def network(remedy, copies=None, depth=4, seed=0):
    torch.manual_seed(seed)
    return GCN(3, 5, 2, depth, remedy, copies, alpha=0.2, theta=0.7)


def test_weights_keep_the_mean_square_through_a_relu():
    torch.manual_seed(0)
    model = GCN(200, 100, 50, depth=3, copies=4)
    for weight, fan_in in [(model.encoder, 200), (model.layers, 100), (model.decoder, 100)]:
        assert weight.shape[-2] == fan_in
        assert weight.var().item() * fan_in == pytest.approx(
            2, rel=4 * math.sqrt(2 / weight.numel())
        )
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
    alone = [single(model, copy) for copy in range(3)]
    inputs = x if own_features else [x] * 3

    together = model(x, P)
    assert together.shape == (3, 34, 2)
    close(together, model(x, P.to_dense()).detach())
    for copy in range(3):
        close(together[copy], alone[copy](inputs[copy], P).detach())


def test_a_layer_is_any_function():
    model, x, P = (
        GCN(3, 5, 2, 3, lambda P, H, H0, W, number: H + number * H0),
        normal(34, 3),
        torch.eye(34),
    )
    H0, *states = model.hidden_states(x, P)
    for state, factor in zip(states, [2, 4, 7], strict=True):
        close(state.detach(), factor * H0.detach())


def test_networks_do_not_need_the_remedies():
    code = """
import sys
sys.modules["sheet11.remedies"] = None  # as if the file were not there
from sheet11 import GCN
GCN(2, 2, 2, 1), GCN(2, 2, 2, 1, lambda P, H, H0, W, l: H)
try:
    GCN(2, 2, 2, 1, "gcnii")
except ImportError:
    print("only their names")
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "only their names\n"


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"in_features": 0}, ValueError, "in_features must be at least 1, got 0"),
        ({"hidden": 1.5}, TypeError, "hidden must be an integer, got 1.5"),
        ({"classes": -1}, ValueError, "classes must be at least 1, got -1"),
        ({"depth": 0}, ValueError, "depth must be at least 1, got 0"),
        ({"copies": 0}, ValueError, "copies must be at least 1, got 0"),
        (
            {"remedy": "dropout"},
            ValueError,
            "remedy must be one of 'none', .*, 'pairnorm', got 'dropout'",
        ),
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
