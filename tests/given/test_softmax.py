"""Log-sum-exp and its derivative: definitions, limits, and the laws between them."""

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sheet11.given.softmax import lse, softargmax

INF = math.inf
law = settings(deadline=None, max_examples=50)
neighbourhoods = st.lists(st.floats(-10, 10), min_size=1, max_size=8)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


@law
@given(neighbourhoods, st.floats(-5, 5))
def test_lse_and_softargmax_are_their_definitions(m, lam):
    assume(abs(lam) > 1e-2)
    powers = [math.exp(lam * value) for value in m]
    expected = math.log(sum(powers)) / lam
    assert lse(tensor(m), lam).item() == pytest.approx(expected, rel=1e-10, abs=1e-10)
    weights = [power / sum(powers) for power in powers]
    assert softargmax(tensor(m), lam).tolist() == pytest.approx(weights, rel=1e-10)


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


@pytest.mark.parametrize("lam", [1.5, -0.5])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_dimension_and_derivatives(dim, lam):
    m = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(lse(m, lam, dim), torch.logsumexp(lam * m, dim) / lam)
    torch.testing.assert_close(softargmax(m, lam, dim), torch.softmax(lam * m, dim))
    inputs = m.requires_grad_(), tensor(lam).requires_grad_()
    for function in (lse, softargmax):
        assert torch.autograd.gradcheck(lambda m, lam, f=function: f(m, lam, dim), inputs)
        assert torch.autograd.gradgradcheck(lambda m, lam, f=function: f(m, lam, dim), inputs)


@law
@given(neighbourhoods, st.floats(-1e3, 1e3) | st.sampled_from([INF, -INF]))
def test_gradient_of_lse_is_softargmax(m, lam):
    assume(abs(lam) > 1e-300)  # where 1/λ is finite
    m = tensor(m).requires_grad_()
    (gradient,) = torch.autograd.grad(lse(m, lam), m)
    torch.testing.assert_close(gradient, softargmax(m.detach(), lam))


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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_softargmax_of_differences_beyond_the_dtype(dtype):
    m = torch.tensor([torch.finfo(dtype).max, torch.finfo(dtype).min], dtype=dtype)
    assert softargmax(m, 0.0).tolist() == [0.5, 0.5]
    assert softargmax(m, 1e6).tolist() == softargmax(m, INF).tolist() == [1, 0]
    assert softargmax(tensor([-INF, 1.0]), 1.0).tolist() == [0, 1]
