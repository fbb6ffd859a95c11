"""Aggregation in blocks against the formula, on both sides of the threshold; tests/test_aggregation has the rest."""

import math

import pytest
import torch

from sheet11 import aggregation
from sheet11.aggregation import softargmax_aggregate
from sheet11.given.graphs import random_neighbourhoods
from sheet11.large import aggregation as large

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


def with_derivatives(messages, index, num_nodes, lam):
    inputs = [x.detach().requires_grad_() for x in (messages, lam, messages.new_tensor(0.4))]
    result = softargmax_aggregate(inputs[0], index, num_nodes, *inputs[1:])
    weights = torch.linspace(-1, 1, result.numel(), dtype=result.dtype).view_as(result)
    return [result, *torch.autograd.grad((result * weights).sum(), inputs)]


def compare(monkeypatch, *arguments):
    found = with_derivatives(*arguments)
    monkeypatch.setattr(aggregation, "LARGE", math.inf)
    for ours, other in zip(found, with_derivatives(*arguments), strict=True):
        torch.testing.assert_close(ours, other, rtol=1e-5, atol=TOLERANCE[ours.dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("more", [-1, 1])
def test_both_agree_where_blocks_take_over(dtype, more, monkeypatch):
    channels = 8
    edges = aggregation.LARGE // channels + more
    generator = torch.Generator().manual_seed(0)
    messages = torch.randn(edges, channels, dtype=dtype, generator=generator)
    index = torch.randint(edges // 20, (edges,), generator=generator)
    compare(monkeypatch, messages, index, edges // 20, messages.new_tensor(0.7))


@pytest.mark.parametrize("block", [large.BLOCK, 4])
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("share", [0.9, 1.2])
def test_both_agree_where_weights_leave_the_range_of_numbers(
    block, sign, dtype, share, monkeypatch
):
    monkeypatch.setattr(large, "BLOCK", block)
    monkeypatch.setattr(aggregation, "LARGE", 0)
    messages, index = random_neighbourhoods(20, 6, 3, seed=3, dtype=dtype)
    messages[index == 7] = -4.0 * sign  # far from what λ favours
    reach = -math.log(torch.finfo(dtype).tiny / torch.finfo(dtype).eps)
    lam = sign * share * reach / (messages.max() - messages.min())
    compare(monkeypatch, messages, index, 20, lam)


def test_the_formula_takes_over_where_no_one_shift_serves_all_nodes():
    messages, index = torch.tensor([[0.0], [100.0]]), torch.tensor([0, 1])
    for lam, expected in {0.5: True, 1.0: False, math.inf: False}.items():
        found = large.aggregate_in_blocks(messages, index, 2, lam, 0.0)
        assert (found is not None) == expected
    assert large.aggregate_in_blocks(messages.half(), index, 2, 0.0, 0.0) is None
    assert large.aggregate_in_blocks(messages + math.inf, index, 2, 1.0, 0.0) is None
