"""Log-sum-exp and its derivative: definitions, limits, and the laws between them."""

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sheet11.given.softmax import lse, softargmax

INF = math.inf
M = torch.zeros(3, 2)
law = settings(deadline=None, max_examples=50)
numbers = st.floats(-10, 10)
neighbourhoods = st.lists(numbers, min_size=1, max_size=8)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("check", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
@pytest.mark.parametrize("function", [lse, softargmax])
@pytest.mark.parametrize("lam", [1.5, -0.5])
def test_derivatives_of_lse_and_softargmax(check, function, lam):
    m = torch.randn(
        3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    ).requires_grad_()
    assert check(lambda m, lam: function(m, lam, dim=0), (m, tensor(lam).requires_grad_()))


@law
@given(st.lists(numbers, min_size=1, max_size=6), st.floats(-5, 5))
def test_lse_and_softargmax_are_their_definitions(m, lam):
    assume(abs(lam) > 1e-2)
    powers = [math.exp(lam * value) for value in m]
    assert lse(tensor(m), lam).item() == pytest.approx(
        math.log(sum(powers)) / lam, rel=1e-10, abs=1e-10
    )
    assert softargmax(tensor(m), lam).tolist() == pytest.approx(
        [power / sum(powers) for power in powers], rel=1e-10
    )


@law
@given(neighbourhoods, st.floats(1e-3, 1e6))
def test_lse_lies_above_the_maximum_by_at_most_the_entropy(m, lam):
    assert max(m) - 1e-12 <= lse(tensor(m), lam) <= max(m) + math.log(len(m)) / lam + 1e-12
    assert lse(tensor(m), -lam).item() == pytest.approx(-lse(-tensor(m), lam).item(), abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lse_and_softargmax_at_their_limits(dtype):
    m = torch.tensor([[1.0, 5.0, 5.0], [2.0, -1.0, 0.0]], dtype=dtype)
    for lam in (INF, 1e6):
        torch.testing.assert_close(lse(m, lam), m.amax(dim=1), rtol=0, atol=5e-5)
        assert softargmax(m, lam).tolist() == [[0, 0.5, 0.5], [1, 0, 0]]
        assert softargmax(m, -lam).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert torch.equal(lse(m, INF), m.amax(dim=1))
    assert torch.equal(lse(m, -INF, dim=0), m.amin(dim=0))
    assert torch.equal(softargmax(m, 0), torch.full_like(m, 1 / 3))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_dimension(dim):
    m = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        lse(m, 2.0, dim), torch.logsumexp(2 * m, dim) / 2, rtol=0, atol=1e-14
    )
    torch.testing.assert_close(
        softargmax(m, 2.0, dim), torch.softmax(2 * m, dim), rtol=0, atol=1e-14
    )


@law
@given(neighbourhoods, st.floats(-1e3, 1e3))
def test_gradient_of_lse_is_softargmax(m, lam):
    assume(abs(lam) > 1e-300)  # where 1/λ is finite
    m = tensor(m).requires_grad_()
    (gradient,) = torch.autograd.grad(lse(m, lam), m)
    torch.testing.assert_close(gradient, softargmax(m.detach(), lam))


def test_gradient_of_lse_at_infinity_is_softargmax():
    m = tensor([1.0, 3.0, 3.0]).requires_grad_()
    for lam in (INF, -INF):
        (gradient,) = torch.autograd.grad(lse(m, lam), m)
        assert torch.equal(gradient, softargmax(m.detach(), lam))


def test_lse_diverges_at_zero_but_for_the_mean():
    m = tensor([0.3, -1.0, 2.0, 2.5])
    for lam in (1e-2, -1e-3, 1e-4):
        remainder = lse(m, lam) - math.log(4) / lam
        assert remainder.item() == pytest.approx(
            (m.mean() + lam / 2 * m.var(correction=0)).item(), abs=lam**2
        )


@pytest.mark.parametrize(
    ("m", "lam", "expected"),
    [
        ([-INF, -INF], 1.0, -INF),
        ([-INF, -INF], -1.0, -INF),
        ([-INF, 1.0], 2.0, 1.0),
        ([INF, 1.0], 2.0, INF),
        ([INF, 1.0], -2.0, 1.0),
        ([INF, INF], -2.0, INF),
        ([1.7e308, -1.7e308], 1.0, 1.7e308),
        ([1.7e308, -1.7e308], -1e6, -1.7e308),
    ],
)
def test_lse_of_infinite_and_of_large_messages(m, lam, expected):
    assert lse(tensor(m), lam) == expected


def test_softargmax_of_differences_beyond_the_dtype():
    for dtype in (torch.float32, torch.float64):
        m = torch.tensor([torch.finfo(dtype).max, torch.finfo(dtype).min], dtype=dtype)
        assert softargmax(m, 0.0).tolist() == [0.5, 0.5]
        assert softargmax(m, 1e6).tolist() == softargmax(m, INF).tolist() == [1, 0]
    assert softargmax(tensor([-INF, 1.0]), 1.0).tolist() == [0, 1]


@pytest.mark.parametrize("function", [lse, softargmax])
@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"m": [1.0]}, TypeError, "m must be a floating-point tensor, got list"),
        ({"m": M[:0], "dim": 0}, ValueError, r"m must have .* along dim 0, got shape \(0, 2\)"),
        ({"dim": 2}, ValueError, r"m must have .* along dim 2, got shape \(3, 2\)"),
        ({"lam": math.nan}, ValueError, "lam must be a number, got nan"),
        ({"lam": torch.ones(2)}, ValueError, r"lam must have one value, got shape \(2,\)"),
        ({"lam": 10**400}, TypeError, "lam must be a number or a tensor .*, got 1000"),
    ],
)
def test_bad_arguments_of_lse_and_softargmax(function, bad, error, message):
    with pytest.raises(error, match=message):
        function(**{"m": M, **bad})


def test_where_there_is_no_value():
    with pytest.raises(ValueError, match="lam must not be 0, .*, got 0"):
        lse(M, 0.0)
    with pytest.raises(ValueError, match="m must be finite where lam favours it, got -inf"):
        softargmax(M - INF, 1.0)
