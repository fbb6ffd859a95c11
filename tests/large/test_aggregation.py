"""Aggregation in blocks against the formula, values and derivatives, on both sides of where one takes over."""

import math

import pytest
import torch

from sheet11 import aggregation
from sheet11.aggregation import softargmax_aggregate
from sheet11.given.graphs import random_neighbourhoods
from sheet11.large import aggregation as large

TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-10}
each_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


@pytest.fixture(params=[large.BLOCK, 4], ids=["one block", "many blocks"])
def blocks(request, monkeypatch):
    monkeypatch.setattr(large, "BLOCK", request.param)


def shuffled(dtype=torch.float64):
    """Neighbourhoods of 1 … 6 messages in any order; the nodes 0, 1, … 40, of which every third has none."""
    messages, index = random_neighbourhoods(20, 6, 3, seed=3, dtype=dtype)
    order = torch.randperm(len(index), generator=torch.Generator().manual_seed(0))
    return messages[order], (index + index // 2 + 1)[order], 41


def formula(*arguments):
    """The aggregation of an input that does not count as large."""
    before, aggregation.LARGE = aggregation.LARGE, math.inf
    try:
        return softargmax_aggregate(*arguments)
    finally:
        aggregation.LARGE = before


def compare(ways, messages, index, num_nodes, lam, eta, tolerance):
    """Check that two ways give the same values and derivatives."""
    inputs = [x.detach().requires_grad_() for x in (messages, lam, eta)]
    results = []
    for way in ways:
        result = way(inputs[0], index, num_nodes, *inputs[1:])
        weights = torch.linspace(-1, 1, result.numel(), dtype=result.dtype).view_as(result)
        results.append([result, *torch.autograd.grad((result * weights).sum(), inputs)])
    for ours, other in zip(*results, strict=True):
        assert ours.shape == other.shape and ours.dtype == other.dtype
        assert (ours - other).abs().max() <= tolerance * max(1.0, other.abs().max())


def reach(dtype):
    """The exponent between messages up to which one shift serves all nodes, wherever it is."""
    return -math.log(torch.finfo(dtype).tiny / torch.finfo(dtype).eps) - math.log(
        6
    )  # of as many weights in one sum


@each_dtype
@pytest.mark.parametrize("share", [0.01, 0.99])
@pytest.mark.parametrize("sign", [-1, 1])
def test_blocks_are_the_formula_with_derivatives(blocks, dtype, share, sign):
    messages, index, num_nodes = shuffled(dtype)
    lam = sign * share * reach(dtype) / (messages.amax(0) - messages.amin(0)).max()
    compare(
        [large.aggregate_in_blocks, formula],
        messages,
        index,
        num_nodes,
        lam[None],
        lam.new_full((1,), 0.3),
        TOLERANCE[dtype],
    )


@each_dtype
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("first", [0, 1])  # the message of which the first block is
def test_where_weights_would_leave_the_range_of_numbers_there_is_no_one_shift(
    dtype, sign, first, monkeypatch
):
    monkeypatch.setattr(large, "BLOCK", 1)
    messages, index = torch.tensor([[-3.0], [5.0]], dtype=dtype), torch.tensor([0, 1])
    order = [first, 1 - first]
    for share, expected in {0.99: True, 1.01: False}.items():
        lam = messages.new_tensor([sign * share * (reach(dtype) + math.log(6)) / 8])
        found = large.aggregate_in_blocks(messages[order], index, 2, lam, lam.new_zeros(1))
        assert (found is not None) == expected
        if expected:
            torch.testing.assert_close(found, messages[order])
        torch.testing.assert_close(softargmax_aggregate(messages, index, 2, lam), messages)


@pytest.mark.parametrize("lam", [0.0, math.inf, -math.inf, 1e6])
def test_blocks_are_for_ordinary_numbers(lam):
    messages, index, num_nodes = shuffled()
    lam, eta = torch.tensor([lam], dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    assert (large.aggregate_in_blocks(messages, index, num_nodes, lam, eta) is None) == (lam != 0)
    zero = lam.new_zeros(1)
    assert large.aggregate_in_blocks(messages[:0], index[:0], num_nodes, zero, eta) is None
    assert (
        large.aggregate_in_blocks(messages.half(), index, num_nodes, zero.half(), eta.half())
        is None
    )
    for bad in (math.inf, math.nan):
        assert large.aggregate_in_blocks(messages + bad, index, num_nodes, zero, eta) is None


@each_dtype
def test_large_messages_and_differences_that_overflow(dtype):
    largest = torch.finfo(dtype).max
    zero, index = torch.zeros(1, dtype=dtype), torch.zeros(6, dtype=torch.int64)
    same = torch.full((6, 2), largest / 2, dtype=dtype)
    assert torch.equal(large.aggregate_in_blocks(same, index, 1, zero, zero), same[:1])
    apart = torch.tensor(
        [[largest], [-largest]], dtype=dtype
    )  # of weights 1 and 0, but with which derivative
    assert large.aggregate_in_blocks(apart, index[:2], 1, zero + 1, zero) is None


@pytest.mark.parametrize("check", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
@pytest.mark.parametrize("lam", [[0.7, -1.3], [0.0, 0.0], [2.5]])
def test_derivatives_in_messages_lam_and_eta(blocks, check, lam):
    messages = torch.randn(
        6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    ).requires_grad_()
    index = torch.tensor([3, 0, 2, 0, 3, 0])  # nodes 1 and 4 have no neighbours, node 2 has one
    lam = torch.tensor(lam, dtype=torch.float64).requires_grad_()
    eta = torch.tensor([0.4, -0.6], dtype=torch.float64).requires_grad_()
    assert check(
        lambda m, lam, eta: large.aggregate_in_blocks(m, index, 5, lam, eta), (messages, lam, eta)
    )


def test_derivatives_of_some_inputs_only(blocks):
    messages, index, num_nodes = shuffled()
    lam = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    eta = torch.zeros(1, dtype=torch.float64)
    (slope,) = torch.autograd.grad(
        large.aggregate_in_blocks(messages, index, num_nodes, lam, eta).sum(),
        lam,
        create_graph=True,
    )
    (bend,) = torch.autograd.grad(slope, lam)
    (expected,) = torch.autograd.grad(
        formula(messages, index, num_nodes, lam, eta).sum(), lam, create_graph=True
    )
    torch.testing.assert_close(slope, expected)
    torch.testing.assert_close(bend, torch.autograd.grad(expected, lam)[0])


@each_dtype
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_both_agree_on_both_sides_of_the_size_where_blocks_take_over(dtype, more, monkeypatch):
    channels = 8
    edges = aggregation.LARGE // channels + more
    generator = torch.Generator().manual_seed(0)
    messages = torch.randn(edges, channels, dtype=dtype, generator=generator)
    index = torch.randint(edges // 20, (edges,), generator=generator)
    calls = []
    monkeypatch.setattr(
        aggregation,
        "aggregate_in_blocks",
        lambda *a: calls.append(a) or large.aggregate_in_blocks(*a),
    )
    lam, eta = messages.new_tensor([0.7]), messages.new_tensor([0.4])
    ways = [softargmax_aggregate, formula]
    compare(ways, messages, index, edges // 20, lam, eta, TOLERANCE[dtype])
    assert len(calls) == (more >= 0)
