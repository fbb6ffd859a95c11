"""Aggregation against loops, torch's reductions at the limits, and the laws of a thermal mean.

All of it holds for the formula as it stands, and for what large inputs are sent to.
"""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

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
    """Whether inputs count as large."""
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


def test_one_lam_and_eta_for_every_channel():
    messages, index, num_nodes = shuffled()
    lam, eta = [0.5, -1.5, 0.0], [0.3, -0.3, 1.0]
    result = softargmax_aggregate(messages, index, num_nodes, tensor(lam), tensor(eta))
    near(result, loop(messages, index, num_nodes, lam, eta), 1e-12)


@pytest.mark.parametrize("lam", [-30.0, -1.0, 0.2, 5.0, 1000.0])
def test_weights_are_a_softmax_over_each_neighbourhood(lam):
    messages, index, num_nodes = shuffled()
    result = softargmax_aggregate(messages, index, num_nodes, lam)
    for v in range(num_nodes):
        m = messages[index == v]
        near(result[v], (torch.softmax(lam * m, dim=0) * m).sum(dim=0), 1e-12)


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


def test_channels_may_mix_finite_and_infinite_lam():
    messages, index, num_nodes = shuffled(channels=4)
    lam, eta = tensor([INF, -INF, 0.0, 2.0]), tensor([0.5, 0.0, 1.0, -1.0])
    together = softargmax_aggregate(messages, index, num_nodes, lam, eta)
    for channel in range(4):
        alone = messages[:, [channel]], index, num_nodes, lam[channel], eta[channel]
        near(together[:, [channel]], softargmax_aggregate(*alone), 1e-15)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("lam", [-1e6, -1e3, -1e-6, 1e-6, 1e3, 1e6])
def test_large_lam_is_finite_with_its_gradients(lam, dtype):
    messages, index, num_nodes = shuffled(dtype)
    messages = (100 * messages).requires_grad_()
    lam = torch.tensor(lam, dtype=dtype, requires_grad=True)
    eta = torch.tensor(0.5, dtype=dtype, requires_grad=True)
    result = softargmax_aggregate(messages, index, num_nodes, lam, eta)
    gradients = torch.autograd.grad(result.square().sum(), [messages, lam, eta])
    assert all(values.isfinite().all() for values in (result, *gradients))


@pytest.mark.parametrize("lam", [1e6, -1e6])
def test_large_lam_is_the_extreme_with_its_gradient(lam):
    messages = torch.tensor([[3.0], [7.0], [-2.0]], requires_grad=True)
    result = softargmax_aggregate(messages, torch.tensor([0, 0, 0]), 1, lam)
    extreme = messages.amax(dim=0, keepdim=True) if lam > 0 else messages.amin(dim=0, keepdim=True)
    assert torch.equal(result, extreme)
    ours, expected = (torch.autograd.grad(value.sum(), messages)[0] for value in (result, extreme))
    assert torch.equal(ours, expected)


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


@law
@given(neighbourhoods, st.floats(0, 100))
def test_exponential_approach_to_the_maximum(m, lam):
    gap = max(m) - max((value for value in m if value < max(m)), default=max(m))
    bound = (len(m) - 1) * (max(m) - min(m)) * math.exp(-lam * gap)
    assert -1e-12 <= max(m) - aggregate_one(m, lam) <= bound + 1e-12


def test_rate_of_the_approach_is_the_gap():
    m = [0.0, 1.0, 1.5]
    error = [1.5 - aggregate_one(m, lam).item() for lam in (20.0, 30.0)]
    assert math.log(error[1] / error[0]) / 10 == pytest.approx(-0.5, abs=1e-3)


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


def test_sum_tells_multisets_apart_that_mean_and_max_confuse():
    once, twice = [0.0, 1.0], [0.0, 0.0, 1.0, 1.0]
    for lam in (-INF, 0, 2.0, INF):
        assert aggregate_one(once, lam) == aggregate_one(twice, lam)
    assert aggregate_one(twice, 0, eta=1) == 2 * aggregate_one(once, 0, eta=1) == 2


M, INDEX = torch.zeros(3, 2), torch.tensor([0, 1, 1])


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"messages": [[1.0]]}, TypeError, "messages must be a floating-point tensor, got list"),
        (
            {"messages": M.long()},
            TypeError,
            "messages must be a floating-point tensor, got torch.int64",
        ),
        (
            {"messages": M[0]},
            ValueError,
            r"messages must have shape \(num_edges, channels\), got \(2,\)",
        ),
        ({"messages": M + INF}, ValueError, r"messages must be finite, got inf at \[0, 0\]"),
        ({"messages": M - INF}, ValueError, r"messages must be finite, got -inf at \[0, 0\]"),
        (
            {"messages": M + torch.tensor([0, math.nan])},
            ValueError,
            r"messages must be finite, got nan at \[0, 1\]",
        ),
        # each is finite, but not their distance
        (
            {"messages": torch.tensor([[3e38, 0], [3e38, 0], [-3e38, 0]])},
            ValueError,
            "messages must not differ by more",
        ),
        ({"index": [0, 1, 1]}, TypeError, "index must be an integer tensor, got list"),
        (
            {"index": INDEX.double()},
            TypeError,
            "index must be an integer tensor, got torch.float64",
        ),
        ({"index": INDEX > 0}, TypeError, "index must be an integer tensor, got torch.bool"),
        (
            {"index": INDEX[:2]},
            ValueError,
            r"index must have shape \(3,\), one target a message, got \(2,\)",
        ),
        ({"index": INDEX + 1}, ValueError, r"index must be in \[0, num_nodes\) = \[0, 2\), got 2"),
        ({"index": INDEX - 1}, ValueError, r"index must be in .*, got -1"),
        ({"num_nodes": -1}, ValueError, "num_nodes must be at least 0, got -1"),
        ({"num_nodes": 2.0}, TypeError, "num_nodes must be an integer, got 2.0"),
        ({"lam": math.nan}, ValueError, "lam must be a number, got nan"),
        (
            {"lam": torch.ones(3)},
            ValueError,
            r"lam must have one value or one per channel \(2\), got shape \(3,\)",
        ),
        ({"lam": torch.ones(1, 2)}, ValueError, r"lam must have one value .*, got shape \(1, 2\)"),
        ({"lam": "hot"}, TypeError, "lam must be .*, got 'hot'"),
        ({"eta": math.nan}, ValueError, "eta must be a number, got nan"),
        ({"eta": INF}, ValueError, r"eta must be finite, got \[inf\]"),
        ({"eta": None}, TypeError, "eta must be .*, got None"),
        (
            {"messages": M + 1, "eta": 1e5},
            ValueError,
            r"eta must be such that .* overflow torch.float32, got \[1000",
        ),
    ],
)
def test_bad_arguments_of_the_aggregation(bad, error, message):
    with pytest.raises(error, match=message):
        softargmax_aggregate(**{"messages": M, "index": INDEX, "num_nodes": 2, **bad})
