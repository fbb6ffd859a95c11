"""Aggregation against loops, torch's reductions at the limits, and the laws of a thermal mean."""

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sheet11 import aggregation
from sheet11.aggregation import fit_aggregation, softargmax_aggregate
from sheet11.graphs import random_neighbourhoods
from sheet11.softmax import lse, softargmax

torch.set_num_threads(1)  # for such small tensors more only wait for each other
INF = math.inf
law = settings(deadline=None, max_examples=50)
numbers = st.floats(-10, 10)
neighbourhoods = st.lists(numbers, min_size=1, max_size=8)
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def aggregate_one(m, lam, eta=0.0):
    m = m if isinstance(m, torch.Tensor) else tensor(m)
    return softargmax_aggregate(m[:, None], torch.zeros(len(m), dtype=torch.int64), 1, lam, eta)[0, 0]


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
            m = [message[channel].item() for message, target in zip(messages, index, strict=True) if target == v]
            if m:
                weights = [math.exp(lam[channel] * message) for message in m]
                mean = sum(weight * message for weight, message in zip(weights, m, strict=True)) / sum(weights)
                result[v, channel] = len(m) ** eta[channel] * mean
    return result


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("lam", "eta"), [(1.3, 0.5), (-2.0, 0.0), (0.0, 1.7), (1e-3, -1.0), (4.0, 1.0)])
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
    ("lam", "eta", "reduction"), [(INF, 0, "amax"), (-INF, 0, "amin"), (0, 0, "mean"), (0, 1, "sum")]
)
def test_limits_are_the_reductions_of_torch(lam, eta, reduction, dtype):
    messages, index, num_nodes = shuffled(dtype)
    target = index[:, None].expand_as(messages)
    expected = messages.new_zeros(num_nodes, 3).scatter_reduce(0, target, messages, reduction, include_self=False)
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
    ours, theirs = (torch.autograd.grad((weights * value).sum(), m)[0] for value in (result, expected))
    torch.testing.assert_close(ours, theirs)


@pytest.fixture(params=[aggregation._BLOCK, 4], ids=["one block", "many blocks"])
def blocks(request, monkeypatch):
    monkeypatch.setattr(aggregation, "_BLOCK", request.param)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("share", [0.99, 1.01])
@pytest.mark.parametrize("sign", [-1, 1])
def test_both_ways_to_compute_agree_with_gradients_where_they_meet(blocks, dtype, share, sign):
    messages, index, num_nodes = shuffled(dtype)
    largest = -0.9 * math.log(torch.finfo(dtype).tiny)  # exponent that the faster way takes on
    lam = sign * share * largest / (messages.amax(0) - messages.amin(0)).max()
    assert (aggregation._common_shift(messages, lam[None]) is None) == (share > 1)
    inputs = [
        messages.requires_grad_(),
        lam[None].requires_grad_(),
        torch.full((1,), 0.3, dtype=dtype).requires_grad_(),
    ]
    results = []
    for way in (softargmax_aggregate, lambda m, i, n, lam, eta: aggregation._aggregate(m, lam, eta, i, n)):
        result = way(messages, index, num_nodes, *inputs[1:])
        weights = torch.linspace(-1, 1, result.numel(), dtype=dtype).view_as(result)
        results.append([result, *torch.autograd.grad((result * weights).sum(), inputs)])
    for ours, other in zip(*results, strict=True):
        near(ours, other, 100 * TOLERANCE[dtype])


@pytest.mark.parametrize("check", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
@pytest.mark.parametrize("lam", [[0.7, -1.3], [0.0, 0.0], [2.5]])
def test_derivatives_in_messages_lam_and_eta(blocks, check, lam):
    messages = torch.randn(6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    index = torch.tensor([3, 0, 2, 0, 3, 0])  # nodes 1 and 4 have no neighbours, node 2 has one
    lam, eta = tensor(lam).requires_grad_(), tensor([0.4, -0.6]).requires_grad_()
    assert check(lambda m, lam, eta: softargmax_aggregate(m, index, 5, lam, eta), (messages, lam, eta))


@pytest.mark.parametrize("check", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
@pytest.mark.parametrize("function", [lse, softargmax])
@pytest.mark.parametrize("lam", [1.5, -0.5])
def test_derivatives_of_lse_and_softargmax(check, function, lam):
    m = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert check(lambda m, lam: function(m, lam, dim=0), (m, tensor(lam).requires_grad_()))


@law
@given(neighbourhoods, st.floats(-5, 5))
def test_slope_in_lam_is_the_variance(m, lam):
    lam = tensor(lam).requires_grad_()
    (slope,) = torch.autograd.grad(aggregate_one(m, lam), lam)
    weights = torch.softmax(lam.detach() * tensor(m), dim=0)
    mean = (weights * tensor(m)).sum()
    assert slope.item() == pytest.approx((weights * (tensor(m) - mean) ** 2).sum().item(), rel=1e-9, abs=1e-9)


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


@law
@given(st.lists(numbers, min_size=1, max_size=6), st.floats(-5, 5))
def test_lse_and_softargmax_are_their_definitions(m, lam):
    assume(abs(lam) > 1e-2)
    powers = [math.exp(lam * value) for value in m]
    assert lse(tensor(m), lam).item() == pytest.approx(math.log(sum(powers)) / lam, rel=1e-10, abs=1e-10)
    assert softargmax(tensor(m), lam).tolist() == pytest.approx([power / sum(powers) for power in powers], rel=1e-10)


@law
@given(neighbourhoods, st.floats(1e-3, 1e6))
def test_lse_lies_above_the_maximum_by_at_most_the_entropy(m, lam):
    assert max(m) - 1e-12 <= lse(tensor(m), lam) <= max(m) + math.log(len(m)) / lam + 1e-12
    assert lse(tensor(m), -lam).item() == pytest.approx(-lse(-tensor(m), lam).item(), abs=1e-12)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_lse_and_softargmax_at_their_limits(dtype):
    m = torch.tensor([[1.0, 5.0, 5.0], [2.0, -1.0, 0.0]], dtype=dtype)
    for lam in (INF, 1e6):
        near(lse(m, lam), m.amax(dim=1), 1e-5)
        assert softargmax(m, lam).tolist() == [[0, 0.5, 0.5], [1, 0, 0]]
        assert softargmax(m, -lam).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert torch.equal(lse(m, INF), m.amax(dim=1))
    assert torch.equal(lse(m, -INF, dim=0), m.amin(dim=0))
    assert torch.equal(softargmax(m, 0), torch.full_like(m, 1 / 3))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_dimension(dim):
    m = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    near(lse(m, 2.0, dim), torch.logsumexp(2 * m, dim) / 2, 1e-14)
    near(softargmax(m, 2.0, dim), torch.softmax(2 * m, dim), 1e-14)


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
        assert remainder.item() == pytest.approx((m.mean() + lam / 2 * m.var(correction=0)).item(), abs=lam**2)


@pytest.mark.parametrize(("lam", "eta"), [(0.0, 0.0), (0.0, 1.0), (1.5, -0.5)])
def test_fit_finds_mean_sum_and_what_lies_between(lam, eta):
    messages, index = random_neighbourhoods(40, 6, 2)
    target = softargmax_aggregate(messages, index, 40, lam, eta)
    fit = fit_aggregation(softargmax_aggregate, target, messages, index)
    assert (fit.lam, fit.eta) == pytest.approx((lam, eta), abs=1e-2)
    assert fit.loss < 1e-5


@pytest.mark.parametrize("lam", [INF, -INF])
def test_fit_approaches_max_and_min(lam):
    messages, index = random_neighbourhoods(40, 6, 2)
    fit = fit_aggregation(softargmax_aggregate, softargmax_aggregate(messages, index, 40, lam), messages, index)
    halfway, end = fit.path[150, 0] * math.copysign(1, lam), fit.lam * math.copysign(1, lam)
    assert 2 < halfway < end
    assert abs(fit.eta) < 0.05
    assert fit.loss < 1e-2


def test_fit_keeps_its_path():
    messages, index = random_neighbourhoods(10, 4, 2)
    target = softargmax_aggregate(messages, index, 10, 0.0, 1.0)
    fit = fit_aggregation(
        softargmax_aggregate, target, messages, index, start=(1.0, -0.5), learning_rate=0.1, steps=iter("abc")
    )
    assert fit.path.shape == (4, 3)
    assert fit.path[0, :2].tolist() == [1.0, -0.5]
    assert fit.path[-1].tolist() == [fit.lam, fit.eta, fit.loss]
    # the first step of Adam is the learning rate, against the sign of the gradient
    assert (fit.path[1] - fit.path[0])[:2].abs().tolist() == pytest.approx([0.1, 0.1], rel=1e-4)
    for lam, eta, loss in fit.path.tolist():
        error = loop(messages, index, 10, [lam] * 2, [eta] * 2) - target
        assert loss == pytest.approx((error.square().sum() / target.square().sum()).item())


M, INDEX = torch.zeros(3, 2), torch.tensor([0, 1, 1])


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"messages": [[1.0]]}, TypeError, "messages must be a floating-point tensor, got list"),
        ({"messages": M.long()}, TypeError, "messages must be a floating-point tensor, got torch.int64"),
        ({"messages": M[0]}, ValueError, r"messages must have shape \(num_edges, channels\), got \(2,\)"),
        ({"messages": M + INF}, ValueError, r"messages must be finite, got inf at \[0, 0\]"),
        ({"messages": M - INF}, ValueError, r"messages must be finite, got -inf at \[0, 0\]"),
        ({"messages": M + torch.tensor([0, math.nan])}, ValueError, r"messages must be finite, got nan at \[0, 1\]"),
        # each is finite, but not their distance
        ({"messages": torch.tensor([[3e38, 0], [3e38, 0], [-3e38, 0]])}, ValueError, "messages must"),
        ({"index": [0, 1, 1]}, TypeError, "index must be an integer tensor, got list"),
        ({"index": INDEX.double()}, TypeError, "index must be an integer tensor, got torch.float64"),
        ({"index": INDEX > 0}, TypeError, "index must be an integer tensor, got torch.bool"),
        ({"index": INDEX[:2]}, ValueError, r"index must have shape \(3,\), one target a message, got \(2,\)"),
        ({"index": INDEX + 1}, ValueError, r"index must be in \[0, num_nodes\) = \[0, 2\), got 2"),
        ({"index": INDEX - 1}, ValueError, r"index must be in .*, got -1"),
        ({"num_nodes": -1}, ValueError, "num_nodes must be at least 0, got -1"),
        ({"num_nodes": 2.0}, TypeError, "num_nodes must be an integer, got 2.0"),
        ({"lam": math.nan}, ValueError, "lam must be a number, got nan"),
        ({"lam": torch.ones(3)}, ValueError, r"lam must have one value or one per channel \(2\), got shape \(3,\)"),
        ({"lam": torch.ones(1, 2)}, ValueError, r"lam must have one value .*, got shape \(1, 2\)"),
        ({"lam": "hot"}, TypeError, "lam must be .*, got 'hot'"),
        ({"eta": math.nan}, ValueError, "eta must be a number, got nan"),
        ({"eta": INF}, ValueError, r"eta must be finite, got \[inf\]"),
        ({"eta": None}, TypeError, "eta must be .*, got None"),
        ({"messages": M + 1, "eta": 1e5}, ValueError, r"eta must be such that .* overflow torch.float32, got \[1000"),
    ],
)
def test_bad_arguments_of_the_aggregation(bad, error, message):
    with pytest.raises(error, match=message):
        softargmax_aggregate(**{"messages": M, "index": INDEX, "num_nodes": 2, **bad})


@pytest.mark.parametrize("function", [lse, softargmax])
@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"m": [1.0]}, TypeError, "m must be a floating-point tensor, got list"),
        ({"m": INDEX}, TypeError, "m must be a floating-point tensor, got torch.int64"),
        ({"m": M[:0], "dim": 0}, ValueError, r"m must have at least one message along dim 0, got shape \(0, 2\)"),
        ({"dim": 2}, ValueError, r"m must have at least one message along dim 2, got shape \(3, 2\)"),
        ({"lam": math.nan}, ValueError, "lam must be a number, got nan"),
        ({"lam": torch.ones(2)}, ValueError, r"lam must have one value, got shape \(2,\)"),
        ({"lam": "hot"}, TypeError, "lam must be .*, got 'hot'"),
    ],
)
def test_bad_arguments_of_lse_and_softargmax(function, bad, error, message):
    with pytest.raises(error, match=message):
        function(**{"m": M, **bad})


def test_lse_has_no_value_at_zero():
    with pytest.raises(ValueError, match="lam must not be 0, .*, got 0"):
        lse(M, 0.0)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"target": torch.zeros(2, 3)}, ValueError, r"target must have shape \(num_nodes, 2\), got \(2, 3\)"),
        ({"target": torch.zeros(2)}, ValueError, r"target must have shape \(num_nodes, 2\), got \(2,\)"),
        ({"target": torch.ones(1, 2)}, ValueError, r"index must be in .*, got 1"),
        ({"target": torch.zeros(2, 2)}, ValueError, "target must"),  # the loss is relative to it
        ({"learning_rate": 0}, ValueError, "learning_rate must be positive and finite, got 0"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number, got 'fast'"),
    ],
)
def test_bad_arguments_of_the_fit(bad, error, message):
    with pytest.raises(error, match=message):
        fit_aggregation(softargmax_aggregate, **{"target": torch.ones(2, 2), "messages": M, "index": INDEX, **bad})
