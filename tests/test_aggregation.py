"""Aggregation against loops, torch's reductions at the limits, and the laws of a thermal mean.

Every test runs with the formula and with the version for large inputs.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import forward_ad

from sheet11 import aggregation
from sheet11.aggregation import softargmax_aggregate
from sheet11.given.graphs import random_neighbourhoods

INF = math.inf
law = settings(deadline=None, max_examples=50)
numbers = st.floats(-10, 10)
neighbourhoods = st.lists(numbers, min_size=1, max_size=8)
TOLERANCE = {torch.float32: 2e-6, torch.float64: 1e-12}


@pytest.fixture(autouse=True, scope="module", params=[math.inf, 0], ids=["formula", "large"])
def way(request):
    """Run every test with the formula and with the version for large inputs."""
    before, aggregation.LARGE = aggregation.LARGE, request.param
    yield
    aggregation.LARGE = before


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def aggregate_one(m, lam, eta=0.0):
    index = torch.zeros(len(m), dtype=torch.int64)
    return softargmax_aggregate(m[:, None], index, 1, lam, eta).item()


def shuffled(dtype=torch.float64, channels=3):
    """Neighbourhoods of 1 … 6 messages in any order; the nodes 0, 1, … 40, of which every third has none."""
    messages, index = random_neighbourhoods(20, 6, channels, seed=3, dtype=dtype)
    order = torch.randperm(len(index), generator=torch.Generator().manual_seed(0))
    return messages[order], (index + index // 2 + 1)[order], 41


def near(result, expected):
    tolerance = TOLERANCE[result.dtype] * expected.abs().max().item()
    torch.testing.assert_close(result, expected, rtol=0, atol=tolerance)


def loop(messages, index, num_nodes, lam, eta):
    """The definition, with one λ and one η for each channel."""
    result = torch.zeros(num_nodes, messages.shape[1], dtype=messages.dtype)
    for v in range(num_nodes):
        for channel, m in enumerate(messages[index == v].T.tolist()):
            weights = [math.exp(lam[channel] * message) for message in m]
            for weight, message in zip(weights, m, strict=True):
                result[v, channel] += len(m) ** eta[channel] * weight / sum(weights) * message
    return result


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_aggregation_is_its_definition(dtype):
    messages, index, num_nodes = shuffled(dtype, channels=5)
    lam, eta = tensor([1.3, -2.0, 0.0, 1e-3, 4.0]), tensor([0.5, 0.0, 1.7, -1.0, 1.0])
    expected = loop(messages.double(), index, num_nodes, lam.tolist(), eta.tolist()).to(dtype)
    near(softargmax_aggregate(messages, index, num_nodes, lam, eta), expected)
    first = softargmax_aggregate(messages, index, num_nodes, 1.3, 0.5)[:, 0]
    near(first, expected[:, 0])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("lam", "eta", "reduction"),
    [(INF, 0, "amax"), (-INF, 0, "amin"), (0, 0, "mean"), (0, 1, "sum")],
)
def test_limits_are_the_reductions_of_torch(lam, eta, reduction, dtype):
    messages, index, num_nodes = shuffled(dtype)
    target, nothing = index[:, None].expand_as(messages), messages.new_zeros(num_nodes, 3)
    expected = nothing.scatter_reduce(0, target, messages, reduction, include_self=False)
    near(softargmax_aggregate(messages, index, num_nodes, lam, eta), expected)


@pytest.mark.parametrize("lam", [-INF, -1e6, 0.0, 1.0, INF])
@pytest.mark.parametrize("eta", [-2.0, 0.0, 3.5])
def test_isolated_node_gives_zero_and_a_single_neighbour_its_message(lam, eta):
    inputs = [x.requires_grad_() for x in map(tensor, ([[1.5, -2.0]], lam, eta))]
    result = softargmax_aggregate(inputs[0], torch.tensor([1]), 3, *inputs[1:])
    assert result.tolist() == [[0, 0], [1.5, -2.0], [0, 0]]
    slopes = torch.autograd.grad(result.sum(), inputs)
    assert [slope.tolist() for slope in slopes] == [[[1, 1]], 0, 0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_limits_are_exact_in_half_precision(dtype):
    m = torch.tensor([3e-3, 3.1e-3, -1e-3, -1.1e-3], dtype=dtype)
    assert aggregate_one(m, INF) == m.max()
    assert aggregate_one(m, -INF) == m.min()


def test_without_edges_or_nodes():
    none = torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64)
    assert softargmax_aggregate(*none, 3, 1.0, -1.0).tolist() == [[0, 0]] * 3
    assert softargmax_aggregate(*none, 0).shape == (0, 2)


@pytest.mark.parametrize("lam", [INF, -INF])
def test_gradient_at_infinity_is_shared_among_ties_as_by_torch(lam):
    m = tensor([[2.0, -1.0], [2.0, 3.0], [0.0, -1.0], [0.0, 3.0], [2.0, -1.0]]).requires_grad_()
    result = softargmax_aggregate(m, torch.zeros(5, dtype=torch.int64), 1, lam)
    expected = (m.amax if lam > 0 else m.amin)(dim=0, keepdim=True)
    near(result, expected)
    (ours,), (theirs,) = (
        torch.autograd.grad(value, m, tensor([[1.0, 10.0]])) for value in (result, expected)
    )
    near(ours, theirs)


@pytest.mark.parametrize("check", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
@pytest.mark.parametrize("lam", [[0.7, -1.3], [0.0, 0.0], [2.5]])
def test_derivatives_in_messages_lam_and_eta(check, lam):
    messages = random_neighbourhoods(6, 1, 2)[0]
    index = torch.tensor([3, 0, 2, 0, 3, 0])  # nodes 1 and 4 have no neighbours, node 2 has one
    inputs = [x.requires_grad_() for x in (messages, tensor(lam), tensor([0.4, -0.6]))]
    assert check(lambda m, lam, eta: softargmax_aggregate(m, index, 5, lam, eta), inputs)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("lam", [-1e6, -1e3, 1e3, 1e6])
def test_large_lam_is_the_extreme_with_its_gradients(lam, dtype):
    messages, index, num_nodes = shuffled(dtype)
    found = []
    for value in (lam, math.copysign(INF, lam)):
        inputs = [x.requires_grad_() for x in (100 * messages, torch.tensor(value, dtype=dtype))]
        result = softargmax_aggregate(inputs[0], index, num_nodes, inputs[1], 0.5)
        found.append([result, *torch.autograd.grad(result.square().sum(), inputs)])
    for ours, extreme in zip(*found, strict=True):
        torch.testing.assert_close(ours, extreme)


@law
@given(neighbourhoods, st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_rises_from_min_to_max(m, lam, other):
    low, high = (aggregate_one(tensor(m), value) for value in sorted([lam, other]))
    assert min(m) - 1e-12 <= low <= high + 1e-12 <= max(m) + 2e-12


@law
@given(neighbourhoods, st.floats(-20, 20), st.floats(-2, 2), numbers, st.floats(0.1, 10))
def test_symmetries(m, lam, eta, shift, factor):
    m, size = tensor(m), len(m)
    assert [
        aggregate_one(m.flip(0), lam, eta),
        -aggregate_one(-m, -lam, eta),
        aggregate_one(m * factor, lam / factor, eta) / factor,
        aggregate_one(m + shift, lam, eta) - size**eta * shift,
        size**eta * aggregate_one(m, lam),
    ] == pytest.approx([aggregate_one(m, lam, eta)] * 5, rel=1e-10, abs=1e-10)


def with_outlier(size):
    messages, index, _ = shuffled(torch.float32)
    messages[(index == 1).nonzero()[0]] = size
    return messages


HARD = [
    (with_outlier(-1e6), 0.0),
    (with_outlier(-1e7), 0.0),
    (with_outlier(1e7), 1.0),
    (torch.exp(3 * shuffled(torch.float32)[0]), 1e-3),  # heavy tails
    (shuffled(torch.float32)[0] + 1000, 0.5),
]


@pytest.mark.parametrize(("messages", "lam"), HARD)
def test_every_result_is_as_exact_as_its_own_neighbourhood_allows(messages, lam):
    _, index, num_nodes = shuffled()
    found = []
    for dtype in (torch.float32, torch.float64):
        m, at = messages.to(dtype).requires_grad_(), torch.tensor(lam, dtype=dtype).requires_grad_()
        result = softargmax_aggregate(m, index, num_nodes, at)
        (by_lam,) = torch.autograd.grad(result[2:].sum(), at, retain_graph=True)
        found.append([result, *torch.autograd.grad(result.sum(), m), by_lam])
    for ours, exact in zip(*found, strict=True):
        torch.testing.assert_close(ours.double(), exact, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_many_messages_add_up(dtype):
    count = 2**24 + 2**22 if dtype == torch.float32 else 6000
    assert aggregate_one((torch.arange(count) % 2).to(dtype), 0.0) == 0.5


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")
def test_function_transforms_and_forward_mode():
    messages, index, num_nodes = shuffled()

    def agg(lam):
        return softargmax_aggregate(messages, index, num_nodes, lam).sum()

    lam = tensor(0.6)
    slope = torch.autograd.functional.jacobian(agg, lam)
    near(torch.func.grad(agg)(lam), slope)
    near(torch.func.jvp(agg, (lam,), (lam / lam,))[1], slope)
    near(torch.func.jacfwd(agg)(lam), slope)
    near(torch.func.hessian(agg)(lam), torch.autograd.functional.hessian(agg, lam))
    with forward_ad.dual_level():
        dual = agg(forward_ad.make_dual(lam, lam / lam))
        near(forward_ad.unpack_dual(dual).tangent, slope)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.int32, torch.uint64])
def test_targets_and_sizes_of_any_width(dtype):
    messages, index, num_nodes = shuffled()
    found = softargmax_aggregate(messages, index.to(dtype), np.int8(num_nodes))
    near(found, softargmax_aggregate(messages, index, num_nodes))
