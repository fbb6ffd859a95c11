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


def test_weights_keep_the_mean_square_through_a_relu():
    torch.manual_seed(0)
    model = GCN(200, 100, 50, depth=3, copies=4, dtype=torch.float32)
    for weight, fan_in in [(model.encoder, 200), (model.layers, 100), (model.decoder, 100)]:
        assert weight.shape[-2] == fan_in
        square = weight.square().mean().item() * fan_in
        assert square == pytest.approx(2, rel=4 * math.sqrt(2 / weight.numel()))
        assert weight.dtype == torch.float32
    assert model.layers.shape[:2] == (3, 4)
    assert not model.bias.any()


def test_narrow_networks_shrink_although_the_mean_square_stays():
    torch.manual_seed(0)
    model = GCN(16, 16, 2, depth=16, copies=4000)
    with torch.no_grad():
        last = model.hidden_states(normal(4000, 5, 16), torch.eye(5, dtype=torch.float64))[-1]
    square = last.square().mean(dim=(1, 2))
    assert square.mean().item() == pytest.approx(1, rel=0.2)
    assert square.median() < 0.2


def single(model, copy):
    """The network that is number `copy` in a model of several."""
    alone = GCN(3, 5, 2, 3, model.remedy, alpha=0.2, theta=0.7)
    with torch.no_grad():
        alone.layers.copy_(model.layers[:, copy])
        for name in ("encoder", "decoder", "bias"):
            getattr(alone, name).copy_(getattr(model, name)[copy])
    return alone


@pytest.mark.parametrize("remedy", REMEDIES)
@pytest.mark.parametrize("copies", [None, 3])
def test_p_may_be_sparse(remedy, copies):
    torch.manual_seed(0)
    club = karate_club()
    P = normalized_adjacency(club.edge_index, club.num_nodes)
    model, x = GCN(3, 5, 2, 3, remedy, copies), torch.randn(34, 3, dtype=torch.float64)
    close(model(x, P.to_sparse_csr()), model(x, P.to_dense()).detach())


@pytest.mark.parametrize("remedy", REMEDIES)
@pytest.mark.parametrize("shape", [(3, 34, 3), (34, 3)])
def test_copies_are_networks_side_by_side(remedy, shape):
    model, x = GCN(3, 5, 2, 3, remedy, copies=3, alpha=0.2, theta=0.7), normal(*shape)
    P = normalized_adjacency(karate_club().edge_index, 34)
    together = model(x, P)
    close(together, model(x, P.to_dense()).detach())
    for copy, features in enumerate(x.expand(3, 34, 3)):
        close(together[copy], single(model, copy)(features, P).detach())


def test_a_layer_is_any_function():
    model = GCN(3, 5, 2, 3, lambda P, H, H0, W, number: H + number * H0)
    H0, *states = model.hidden_states(normal(34, 3), torch.eye(34))
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
