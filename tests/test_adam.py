"""Adam against torch.optim.Adam."""

import math

import pytest
import torch

from sheet11.adam import adam

torch.set_num_threads(1)  # for such small tensors more only wait for each other


def rosenbrock(x, y):
    return ((1 - x) ** 2 + 100 * (y - x**2) ** 2).sum()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize(
    "options",
    [{}, {"weight_decay": 0.1}, {"beta1": 0.5, "beta2": 0.9}, {"epsilon": 1e-2}, {"beta1": 0.0, "weight_decay": 1.0}],
)
def test_path_is_that_of_torch(options, dtype, tolerance):
    start = [torch.tensor([-1.0, 0.5], dtype=dtype), torch.tensor([[2.0, -0.3]], dtype=dtype)]
    ours = [theta.clone().requires_grad_() for theta in start]
    theirs = [theta.clone().requires_grad_() for theta in start]
    step = adam(ours, 0.05, **options)
    optimizer = torch.optim.Adam(
        theirs,
        lr=0.05,
        betas=(options.get("beta1", 0.9), options.get("beta2", 0.999)),
        eps=options.get("epsilon", 1e-8),
        weight_decay=options.get("weight_decay", 0.0),
    )
    for _ in range(60):
        step(rosenbrock(*ours))
        optimizer.zero_grad()
        rosenbrock(*theirs).backward()
        optimizer.step()
        for theta, expected in zip(ours, theirs, strict=True):
            torch.testing.assert_close(theta, expected, rtol=tolerance, atol=tolerance)
    assert all(theta.is_leaf and theta.requires_grad and theta.grad is None for theta in ours)


def test_first_step_is_the_learning_rate_against_the_sign():
    theta = torch.tensor([3.0, -1e-3, 50.0], dtype=torch.float64, requires_grad=True)
    before = theta.detach().clone()
    adam([theta], 0.25)(theta.square().sum())
    torch.testing.assert_close(theta.detach() - before, -0.25 * before.sign(), rtol=1e-4, atol=0)


def test_finds_the_minimum():
    theta = torch.tensor([4.0, -3.0], dtype=torch.float64, requires_grad=True)
    minimum = torch.tensor([1.0, 2.0], dtype=torch.float64)
    step = adam(iter([theta]), 0.1)
    for _ in range(1000):
        step((theta - minimum).square().sum())
    torch.testing.assert_close(theta.detach(), minimum, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("value", "error"), [(0, ValueError), (-0.1, ValueError), (math.inf, ValueError), ("0.1", TypeError)]
)
def test_bad_learning_rate(value, error):
    with pytest.raises(error, match=f"learning_rate must be .*, got {value!r}"):
        adam([torch.zeros(1, requires_grad=True)], value)
