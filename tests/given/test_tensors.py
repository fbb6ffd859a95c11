"""Checks of tensors: what they return, and what their errors say."""

import math

import pytest
import torch

from sheet11.given.tensors import (
    check_aggregate,
    check_floating,
    check_messages,
    check_per_channel,
    check_scalar,
    to_tensor,
)

M = torch.zeros(3, 2)


@pytest.mark.parametrize(
    "value", [2, 2.5, math.inf, torch.tensor(2.0), torch.tensor([2], dtype=torch.int32)]
)
def test_a_number_becomes_a_tensor_like_another(value):
    like = torch.zeros(1, dtype=torch.float64)
    assert (
        to_tensor("lam", value, like).dtype
        == check_scalar("lam", value, like).dtype
        == torch.float64
    )
    assert check_scalar("lam", value, like).shape == ()
    assert check_per_channel("lam", value, M).tolist() == [float(value)]


def test_gradients_pass():
    lam = torch.tensor(2.0, requires_grad=True)
    for checked in (check_scalar("lam", lam, M), check_per_channel("lam", lam, M)):
        (gradient,) = torch.autograd.grad(checked.sum(), lam)
        assert gradient == 1


def test_one_value_for_each_channel():
    assert check_per_channel("eta", torch.tensor([1.0, 2.0]), M, finite=True).tolist() == [1, 2]


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.int64])
def test_targets_become_int64(dtype):
    index = check_messages(M, torch.tensor([0, 1, 1], dtype=dtype), 2)
    assert index.dtype == torch.int64 and index.tolist() == [0, 1, 1]


def test_a_finite_result_is_returned_as_it_is():
    assert check_aggregate(M, M, M[0]) is M


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: to_tensor("lam", "hot", M),
            TypeError,
            "lam must be a number or a tensor, got 'hot'",
        ),
        (
            lambda: check_floating("m", M.int()),
            TypeError,
            "m must be a floating-point tensor, got torch.int32",
        ),
        (
            lambda: check_floating("m", 1.0),
            TypeError,
            "m must be a floating-point tensor, got float",
        ),
        (
            lambda: check_floating("m", M, 2),
            ValueError,
            r"m must have .* along dim 2, got shape \(3, 2\)",
        ),
        (
            lambda: check_scalar("lam", M[0], M),
            ValueError,
            r"lam must have one value, got shape \(2,\)",
        ),
        (lambda: check_scalar("lam", math.nan, M), ValueError, "lam must be a number, got nan"),
        (
            lambda: check_per_channel("eta", M[:, 0], M),
            ValueError,
            r"eta must .* per channel \(2\), got shape \(3,\)",
        ),
        (
            lambda: check_per_channel("eta", math.inf, M, finite=True),
            ValueError,
            r"eta must be finite, got \[inf\]",
        ),
        (
            lambda: check_messages(M, torch.tensor([0, 0, 5]), 5),
            ValueError,
            r"index must be .* \[0, 5\), got 5",
        ),
        (
            lambda: check_messages(M, torch.zeros(2).int(), 5),
            ValueError,
            r"index must have shape \(3,\), .* \(2,\)",
        ),
        (
            lambda: check_aggregate(M / 0, M - math.inf, M[0]),
            ValueError,
            r"messages must be finite, got -inf at \[0, 0\]",
        ),
        (
            lambda: check_aggregate(M / 0, M + 1, M[0] + 99),
            ValueError,
            r"eta must be .* overflow .* \[99.0, 99.0\]",
        ),
        (
            lambda: check_aggregate(M / 0, torch.tensor([[3e38], [-3e38]]), M[0]),
            ValueError,
            "messages must not differ by more than torch.float32 holds, got -3",
        ),
    ],
)
def test_errors_quote_the_value(call, error, message):
    with pytest.raises(error, match=message):
        call()
