"""Aggregation against loops, torch's reductions at the limits, and the laws of a thermal mean.

All of it holds for the formula as it stands, and for what large inputs are sent to.
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
from sheet11.given.softmax import softargmax

INF = math.inf
law = settings(deadline=None, max_examples=50)
numbers = st.floats(-10, 10)
neighbourhoods = st.lists(numbers, min_size=1, max_size=8)
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}


@pytest.fixture(autouse=True, scope="module", params=[math.inf, 0], ids=["formula", "large"])
def way(request):
    """Every test for the formula, and for what large inputs are sent to."""
    before, aggregation.LARGE = aggregation.LARGE, request.param
    yield
    aggregation.LARGE = before


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def aggregate_one(m, lam, eta=0.0):
    m = m if isinstance(m, torch.Tensor) else tensor(m)
    return softargmax_aggregate(m[:, None], torch.zeros(len(m), dtype=torch.int64), 1, lam, eta)[
        0, 0
    ]


def shuffled(dtype=torch.float64, channels=3):
    """Neighbourhoods of 1 … 6 messages in any order; the nodes 0, 1, … 40, of which every third has none."""
    messages, index = random_neighbourhoods(20, 6, channels, seed=3, dtype=dtype)
    order = torch.randperm(len(index), generator=torch.Generator().manual_seed(0))
    return messages[order], (index + index // 2 + 1)[order], 41


def near(result, expected, tolerance):
    assert result.shape == expected.shape
    assert result.dtype == expected.dtype
    assert (result - expected).abs().max() <= tolerance * max(1.0, expected.abs().max())


def loop(messages, index, num_nodes, lam, eta):
    """The definition, with one λ and one η for each channel."""
    result = torch.zeros(num_nodes, messages.shape[1], dtype=messages.dtype)
    for v in range(num_nodes):
        for channel in range(messages.shape[1]):
            m = [
                message[channel].item()
                for message, target in zip(messages, index, strict=True)
                if target == v
            ]
            if m:
                weights = [math.exp(lam[channel] * message) for message in m]
                mean = sum(
                    weight * message for weight, message in zip(weights, m, strict=True)
                ) / sum(weights)
                result[v, channel] = len(m) ** eta[channel] * mean
    return result


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("lam", "eta"), [(1.3, 0.5), (-2.0, 0.0), (0.0, 1.7), (1e-3, -1.0), (4.0, 1.0)]
)
def test_aggregation_is_its_definition(lam, eta, dtype):
    messages, index, num_nodes = shuffled(dtype)
    expected = loop(messages.double(), index, num_nodes, [lam] * 3, [eta] * 3).to(dtype)
    near(softargmax_aggregate(messages, index, num_nodes, lam, eta), expected, 2 * TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("lam", "eta", "reduction"),
    [(INF, 0, "amax"), (-INF, 0, "amin"), (0, 0, "mean"), (0, 1, "sum")],
)
def test_limits_are_the_reductions_of_torch(lam, eta, reduction, dtype):
    messages, index, num_nodes = shuffled(dtype)
    target = index[:, None].expand_as(messages)
    expected = messages.new_zeros(num_nodes, 3).scatter_reduce(
        0, target, messages, reduction, include_self=False
    )
    near(softargmax_aggregate(messages, index, num_nodes, lam, eta), expected, TOLERANCE[dtype])


@pytest.mark.parametrize("lam", [-INF, -1e6, 0.0, 1.0, INF])
@pytest.mark.parametrize("eta", [-2.0, 0.0, 3.5])
def test_isolated_node_gives_zero_and_a_single_neighbour_its_message(lam, eta):
    messages = tensor([[1.5, -2.0]]).requires_grad_()
    lam, eta = (tensor(value).requires_grad_() for value in (lam, eta))
    result = softargmax_aggregate(messages, torch.tensor([1]), 3, lam, eta)
    assert result.tolist() == [[0, 0], [1.5, -2.0], [0, 0]]
    by_messages, by_lam, by_eta = torch.autograd.grad(result.sum(), [messages, lam, eta])
    assert by_messages.tolist() == [[1, 1]]
    assert (by_lam, by_eta) == (0, 0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_limits_are_exact_in_half_precision(dtype):
    m = torch.tensor([[3e-3], [3.1e-3], [-1e-3], [-1.1e-3]], dtype=dtype)
    index = torch.tensor([0, 0, 0, 0])
    assert torch.equal(softargmax_aggregate(m, index, 1, INF), m.amax(0, keepdim=True))
    assert torch.equal(softargmax_aggregate(m, index, 1, -INF), m.amin(0, keepdim=True))


def test_without_edges_or_nodes():
    none = torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64)
    assert softargmax_aggregate(*none, 3, 1.0, -1.0).tolist() == [[0, 0]] * 3
    assert softargmax_aggregate(*none, 0).shape == (0, 2)


@pytest.mark.parametrize("lam", [INF, -INF, 3.0, 1e6])
def test_ties_share_the_weight_and_keep_the_value(lam):
    m = [4.0, 4.0, 4.0]
    assert aggregate_one(m, lam) == 4
    assert aggregate_one(m, lam, eta=2.0) == 36
    assert softargmax(tensor(m), lam).tolist() == [1 / 3] * 3


@pytest.mark.parametrize("lam", [INF, -INF])
def test_gradient_at_infinity_is_shared_among_ties_as_by_torch(lam):
    m = tensor([[2.0, -1.0], [2.0, 3.0], [0.0, -1.0], [0.0, 3.0], [2.0, -1.0]]).requires_grad_()
    result = softargmax_aggregate(m, torch.zeros(5, dtype=torch.int64), 1, lam)
    expected = (m.amax if lam > 0 else m.amin)(dim=0, keepdim=True)
    weights = tensor([[1.0, 10.0]])
    ours, theirs = (
        torch.autograd.grad((weights * value).sum(), m)[0] for value in (result, expected)
    )
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("check", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
@pytest.mark.parametrize("lam", [[0.7, -1.3], [0.0, 0.0], [2.5]])
def test_derivatives_in_messages_lam_and_eta(check, lam):
    messages = torch.randn(
        6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    ).requires_grad_()
    index = torch.tensor([3, 0, 2, 0, 3, 0])  # nodes 1 and 4 have no neighbours, node 2 has one
    lam, eta = tensor(lam).requires_grad_(), tensor([0.4, -0.6]).requires_grad_()
    assert check(
        lambda m, lam, eta: softargmax_aggregate(m, index, 5, lam, eta), (messages, lam, eta)
    )


@law
@given(neighbourhoods, st.floats(-5, 5))
def test_slope_in_lam_is_the_variance(m, lam):
    lam = tensor(lam).requires_grad_()
    (slope,) = torch.autograd.grad(aggregate_one(m, lam), lam)
    weights = torch.softmax(lam.detach() * tensor(m), dim=0)
    mean = (weights * tensor(m)).sum()
    assert slope.item() == pytest.approx(
        (weights * (tensor(m) - mean) ** 2).sum().item(), rel=1e-9, abs=1e-9
    )


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("lam", [-1e6, -1e3, 1e3, 1e6])
def test_large_lam_is_the_extreme_with_its_gradients(lam, dtype):
    messages, index, num_nodes = shuffled(dtype)
    found = []
    for value in (lam, math.copysign(INF, lam)):
        inputs = [
            (100 * messages).requires_grad_(),
            torch.tensor(value, dtype=dtype).requires_grad_(),
        ]
        result = softargmax_aggregate(inputs[0], index, num_nodes, inputs[1], 0.5)
        found.append([result, *torch.autograd.grad(result.square().sum(), inputs)])
    for ours, extreme in zip(*found, strict=True):
        torch.testing.assert_close(ours, extreme)


@law
@given(neighbourhoods, st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_rises_from_min_to_max(m, lam, other):
    low, high = (aggregate_one(m, value).item() for value in sorted([lam, other]))
    assert min(m) - 1e-12 <= low <= high + 1e-12 <= max(m) + 2e-12


@law
@given(neighbourhoods, st.floats(-20, 20), st.floats(-2, 2), numbers, st.floats(0.1, 10))
def test_symmetries(m, lam, eta, shift, factor):
    m, size = tensor(m), len(m)
    expected = aggregate_one(m, lam, eta).item()

    def same(value):
        assert value.item() == pytest.approx(expected, rel=1e-10, abs=1e-10)

    same(aggregate_one(m.flip(0), lam, eta))
    same(-aggregate_one(-m, -lam, eta))
    same(aggregate_one(m * factor, lam / factor, eta) / factor)
    same(aggregate_one(m + shift, lam, eta) - size**eta * shift)
    same(size**eta * aggregate_one(m, lam))


def test_each_channel_has_its_lam_and_eta():
    messages, index, num_nodes = shuffled(channels=5)
    lam, eta = tensor([INF, -INF, 0.0, 2.0, -1.5]), tensor([0.5, 0.0, 1.0, -1.0, 0.3])
    together = softargmax_aggregate(messages, index, num_nodes, lam, eta)
    for channel in range(5):
        alone = messages[:, [channel]], index, num_nodes, lam[channel], eta[channel]
        near(together[:, [channel]], softargmax_aggregate(*alone), 1e-15)
    near(together[:, 3:], loop(messages[:, 3:], index, num_nodes, lam[3:], eta[3:]), 1e-12)


@pytest.mark.parametrize("lam", [-2.0, 0.0, 0.7])
def test_gradients_are_finite_differences(lam):
    messages, index, eta = (
        tensor([1.0, 4.0, -2.0, 0.5, 3.0])[:, None],
        torch.tensor([0, 0, 2, 0, 3]),
        0.4,
    )

    def agg(lam, eta):  # node 1 is isolated, nodes 2 and 3 have one message
        return softargmax_aggregate(messages, index, 4, lam, eta)

    for v in range(4):
        at = [tensor(lam).requires_grad_(), tensor(eta).requires_grad_()]
        by_lam, by_eta = torch.autograd.grad(agg(*at)[v].sum(), at)
        step = 1e-5
        slope_lam = (agg(lam + step, eta) - agg(lam - step, eta))[v] / (2 * step)
        slope_eta = (agg(lam, eta + step) - agg(lam, eta - step))[v] / (2 * step)
        assert by_lam.item() == pytest.approx(slope_lam.item(), abs=1e-8)
        assert by_eta.item() == pytest.approx(slope_eta.item(), abs=1e-8)


def with_outlier(size):
    messages, index, num_nodes = shuffled(torch.float32)
    messages[(index == 1).nonzero()[0]] = size
    return messages, index, num_nodes


HARD = {
    "outlier": (with_outlier(-1e6), 0.0),
    "larger outlier": (with_outlier(-1e7), 0.0),
    "outlier above": (with_outlier(1e7), 1.0),
    "log-normal": ((torch.exp(3 * shuffled(torch.float32)[0]), *shuffled()[1:]), 1e-3),
    "far from 0": ((shuffled(torch.float32)[0] + 1000, *shuffled()[1:]), 0.5),
}


@pytest.mark.parametrize("case", HARD)
def test_every_result_is_as_exact_as_its_own_neighbourhood_allows(case):
    (messages, index, num_nodes), lam = HARD[case]
    found = []
    for dtype in (torch.float32, torch.float64):
        m, at = messages.to(dtype).requires_grad_(), torch.tensor(lam, dtype=dtype).requires_grad_()
        result = softargmax_aggregate(m, index, num_nodes, at)
        by_lam = torch.autograd.grad(result[2:].sum(), at, retain_graph=True)[0]
        found.append([result, torch.autograd.grad(result.sum(), m)[0], by_lam])
    for ours, exact in zip(*found, strict=True):
        torch.testing.assert_close(ours.double(), exact, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_many_messages_add_up(dtype):
    count = 2**24 + 2**22 if dtype == torch.float32 else 6000
    messages = (torch.arange(count) % 2).to(dtype)[:, None]
    index = torch.zeros(count, dtype=torch.int64)
    assert softargmax_aggregate(messages, index, 1, 0.0).item() == 0.5


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")
def test_function_transforms_and_forward_mode():
    messages, index, num_nodes = shuffled()

    def agg(lam):
        return softargmax_aggregate(messages, index, num_nodes, lam).sum()

    lam = tensor(0.6)
    expected = torch.autograd.functional.jacobian(agg, lam)
    bend = torch.autograd.functional.hessian(agg, lam)
    torch.testing.assert_close(torch.func.grad(agg)(lam), expected)
    torch.testing.assert_close(torch.func.jvp(agg, (lam,), (lam / lam,))[1], expected)
    torch.testing.assert_close(torch.func.jacfwd(agg)(lam), expected)
    torch.testing.assert_close(torch.func.hessian(agg)(lam), bend)
    with forward_ad.dual_level():
        dual = agg(forward_ad.make_dual(lam, lam / lam))
        torch.testing.assert_close(forward_ad.unpack_dual(dual).tangent, expected)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.int32, torch.uint64])
def test_targets_and_sizes_of_any_width(dtype):
    messages, index, num_nodes = shuffled()
    expected = softargmax_aggregate(messages, index, num_nodes)
    found = softargmax_aggregate(messages, index.to(dtype), np.int8(num_nodes))
    assert torch.equal(found, expected)


M, INDEX = torch.zeros(3, 2), torch.tensor([0, 1, 1])
APART = torch.tensor([[0.0], [1.7e308], [-1.7e308]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"messages": [[1.0]]}, TypeError, "messages must be a floating-point tensor, got list"),
        ({"messages": M.long()}, TypeError, "messages must be .*, got torch.int64"),
        ({"messages": M[0]}, ValueError, r"messages must have shape .*, got \(2,\)"),
        ({"messages": M - INF}, ValueError, r"messages must be finite, got -inf at \[0, 0\]"),
        ({"messages": M + tensor([0, math.nan])}, ValueError, r"finite, got nan at \[0, 1\]"),
        ({"messages": APART, "lam": 1.0}, ValueError, "no result overflows .* from -1.7e"),
        ({"index": [0, 1, 1]}, TypeError, "index must be an integer tensor, got list"),
        ({"index": INDEX.double()}, TypeError, "index must be .*, got torch.float64"),
        ({"index": INDEX > 0}, TypeError, "index must be .*, got torch.bool"),
        ({"index": INDEX[:2]}, ValueError, r"index must have shape \(3,\), .*, got \(2,\)"),
        ({"index": INDEX + 1}, ValueError, r"index must be in .* = \[0, 2\), got 2"),
        ({"index": INDEX - 1}, ValueError, "index must be in .*, got -1"),
        ({"num_nodes": -1}, ValueError, "num_nodes must be at least 0, got -1"),
        ({"num_nodes": 2.0}, TypeError, "num_nodes must be an integer, got 2.0"),
        ({"lam": math.nan}, ValueError, "lam must be a number, got nan"),
        ({"lam": torch.ones(3)}, ValueError, r"lam must .* channel \(2\), got shape \(3,\)"),
        ({"lam": torch.ones(1, 2)}, ValueError, r"lam must .*, got shape \(1, 2\)"),
        ({"lam": "hot"}, TypeError, "lam must be .*, got 'hot'"),
        ({"lam": 10**400}, TypeError, "lam must be .*, got 1000"),
        ({"eta": math.nan}, ValueError, "eta must be a number, got nan"),
        ({"eta": INF}, ValueError, "eta must be finite, got inf"),
        ({"eta": None}, TypeError, "eta must be .*, got None"),
        ({"messages": M + 1, "eta": 1e5}, ValueError, "no result overflows .* 1.0 .*eta .*100000"),
    ],
)
def test_bad_arguments_of_the_aggregation(bad, error, message):
    with pytest.raises(error, match=message):
        softargmax_aggregate(**{"messages": M, "index": INDEX, "num_nodes": 2, **bad})
