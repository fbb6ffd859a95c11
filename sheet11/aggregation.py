"""Aggregation functions between min, mean, sum and max (exercise 2).

λ (`lam`) is an inverse temperature and η (`eta`) an exponent of the number of neighbours.
Sources: the sheet; Li et al. 2020, DeeperGCN, arXiv:2006.07739, whose softmax aggregation is the case η = 0.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from sheet11.adam import adam
from sheet11.tensors import check_messages, check_per_channel

__solutions__ = ("softargmax_aggregate",)
_BLOCK = 2**19  # entries of a block of messages


class Fit(NamedTuple):
    """A fit of (λ, η): the last values, and the path that led there with the loss before each step."""

    lam: float
    eta: float
    loss: float
    path: Tensor  # (steps + 1, 3): λ, η, loss


def softargmax_aggregate(
    messages: Tensor, index: Tensor, num_nodes: int, lam: float | Tensor = 1.0, eta: float | Tensor = 0.0
) -> Tensor:
    r"""Aggregate the messages of each neighbourhood, channel by channel.

    soft(arg)max_agg(v, m; λ, η) = |N(v)|^η · Σ_{u∈N(v)} soft(arg)max(m; λ)_u · m_u

    | λ   | η | result        |
    |-----|---|---------------|
    | −∞  | 0 | minimum       |
    | 0   | 0 | mean          |
    | 0   | 1 | sum           |
    | +∞  | 0 | maximum       |

    A neighbourhood of one gives its message; a node without neighbours gives 0 whatever η. The result is
    differentiable in the messages, λ and η; at λ = ±∞ ties share the gradient.

    Args:
        messages: shape (num_edges, channels), floating point and finite.
        index: target node of each message, shape (num_edges,), integers in [0, num_nodes), in any order.
        num_nodes: number of nodes.
        lam: inverse temperature λ, a number or a tensor with one value or one per channel; may be ±inf.
        eta: exponent η of the neighbourhood's size, a number or a tensor with one value or one per channel; finite.

    Returns:
        Shape (num_nodes, channels).

    Raises:
        TypeError, ValueError: an argument has another shape or type, or a value that is out of range.
    """
    index = check_messages(messages, index, num_nodes)
    lam = check_per_channel("lam", lam, messages)
    eta = check_per_channel("eta", eta, messages)
    if not eta.isfinite().all():
        raise ValueError(f"eta must be finite, got {eta.tolist()!r}")
    if (shift := _common_shift(messages.detach(), lam.detach())) is not None:
        result = _Aggregate.apply(messages, lam, eta, shift, index, num_nodes)
    else:
        result = _aggregate(messages, lam, eta, index, num_nodes)
    if not result.isfinite().all():
        _raise_unless_finite(messages)
        if not _aggregate(messages, lam, torch.zeros_like(eta), index, num_nodes).isfinite().all():
            raise ValueError(
                f"messages must not differ by more than {messages.dtype} holds, "
                f"got {messages.min().item()} to {messages.max().item()}"
            )
        raise ValueError(f"eta must be such that the result does not overflow {result.dtype}, got {eta.tolist()!r}")
    return result


def fit_aggregation(
    aggregate: Callable[[Tensor, Tensor, int, Tensor, Tensor], Tensor],
    target: Tensor,
    messages: Tensor,
    index: Tensor,
    start: tuple[float, float] = (0.0, 0.5),
    learning_rate: float = 0.2,
    steps: Iterable[int] = range(300),
) -> Fit:
    r"""Learn (λ, η) by gradient descent (Adam) so that an aggregation imitates `target`.

    The loss is the mean squared error relative to the target's mean square, so that 1 means no better than 0.

    Args:
        aggregate: of messages, index, num_nodes, λ and η, such as `softargmax_aggregate`.
        target: what to imitate, shape (num_nodes, channels).
        messages: shape (num_edges, channels).
        index: target node of each message, shape (num_edges,).
        start: (λ, η) before the first step.
        learning_rate: of Adam.
        steps: an iterable with one element a step; wrap it to show progress.

    Returns:
        The fitted λ and η, their loss, and the path.

    Raises:
        ValueError: the target does not fit the messages, or the learning rate is not positive.
    """
    if target.ndim != 2 or target.shape[1] != messages.shape[1]:
        raise ValueError(f"target must have shape (num_nodes, {messages.shape[1]}), got {tuple(target.shape)}")
    if not target.any():
        raise ValueError("target must not be 0 everywhere, because the loss is relative to it, got zeros")
    lam, eta = (messages.new_tensor(value).requires_grad_() for value in start)
    step = adam([lam, eta], learning_rate)
    scale = target.square().mean()

    def loss() -> Tensor:
        return (aggregate(messages, index, len(target), lam, eta) - target).square().mean() / scale

    path = []
    for _ in steps:
        error = loss()
        path.append([lam.item(), eta.item(), error.item()])
        step(error)
    with torch.no_grad():
        path.append([lam.item(), eta.item(), loss().item()])
    return Fit(*path[-1], torch.tensor(path, dtype=torch.float64))


def _aggregate(messages: Tensor, lam: Tensor, eta: Tensor, index: Tensor, num_nodes: int) -> Tensor:
    """The aggregation for every λ, by operations that torch can differentiate."""
    zeros = messages.new_zeros(num_nodes, messages.shape[1])

    # The weights do not change when a constant c is taken from all messages of a neighbourhood, and neither does any
    # gradient. With c the message that λ favours, no exponent is positive, and one weight is exactly 1.
    c = _shift(messages.detach(), index, lam.detach(), zeros)
    z = messages - c[index]
    hard = lam.isinf()
    soft = torch.exp(torch.where(hard, 0, lam) * z)
    w = torch.where(hard, (z == 0).to(z.dtype), soft) if hard.any() else soft

    total = zeros.index_add(0, index, w).clamp(min=1)  # below 1 only without neighbours
    mean = c + zeros.index_add(0, index, w * z) / total
    return _degree(index, num_nodes, z.dtype) ** eta * mean


class _Aggregate(torch.autograd.Function):
    """The aggregation where one shift serves all nodes: in blocks that stay in the processor's cache.

    With w_u = exp(λ(m_u − shift)), ⟨m⟩ = Σ w m / Σ w and agg = |N|^η ⟨m⟩, the derivatives are

    ∂agg/∂m_u = |N|^η w_u (1 + λ(m_u − ⟨m⟩)) / Σ w,   ∂agg/∂λ = |N|^η Var(m),   ∂agg/∂η = agg log|N|.

    No tensor with an entry for each message is kept for them but the messages themselves.
    """

    @staticmethod
    def forward(ctx, messages, lam, eta, shift, index, num_nodes):  # noqa: ANN001, ANN205
        total = messages.new_zeros(num_nodes, messages.shape[1])
        mean = torch.zeros_like(total)
        for block in _blocks(messages):
            m, i = messages[block], index[block]
            w = torch.exp(lam * (m - shift))
            total.index_add_(0, i, w)
            mean.index_add_(0, i, w * m)
        total += total == 0  # no neighbours
        mean /= total
        ctx.save_for_backward(messages, lam, eta, shift, index, total, mean)
        return _degree(index, num_nodes, mean.dtype) ** eta * mean

    @staticmethod
    def backward(ctx, grad):  # noqa: ANN001, ANN205
        messages, lam, eta, shift, index, total, mean = ctx.saved_tensors
        if torch.is_grad_enabled():  # somebody wants derivatives of the derivatives
            wanted = [x for x, needed in zip((messages, lam, eta), ctx.needs_input_grad, strict=False) if needed]
            found = iter(
                torch.autograd.grad(_aggregate(messages, lam, eta, index, len(mean)), wanted, grad, create_graph=True)
            )
            return *(next(found) if needed else None for needed in ctx.needs_input_grad[:3]), None, None, None
        degree = _degree(index, len(mean), mean.dtype)
        of_mean = grad * degree**eta
        of_weight = of_mean / total
        of_messages, of_lam = torch.empty_like(messages), torch.zeros_like(messages[0])
        for block in _blocks(messages):
            m, i = messages[block], index[block]
            z = m - mean.index_select(0, i)
            q = torch.exp(lam * (m - shift)).mul_(of_weight.index_select(0, i))
            if ctx.needs_input_grad[1]:
                of_lam += (q * z * z).sum(dim=0)
            torch.mul(q, 1 + lam * z, out=of_messages[block])
        of_eta = (of_mean * mean * degree.log()).sum(dim=0)
        return of_messages, of_lam.sum_to_size(lam.shape), of_eta.sum_to_size(eta.shape), None, None, None


def _blocks(messages: Tensor) -> Iterator[slice]:
    """Slices of the messages that fit into the cache, two or three at a time."""
    step = max(1, _BLOCK // messages.shape[1])
    return (slice(start, start + step) for start in range(0, len(messages), step))


def _common_shift(messages: Tensor, lam: Tensor) -> Tensor | None:
    """For each channel the message that λ favours, if no exponent relative to it underflows; else None."""
    if not messages.numel() or messages.dtype not in (torch.float32, torch.float64):
        return None
    low, high = messages.amin(dim=0), messages.amax(dim=0)  # aminmax takes ten times as long
    reach = (lam.abs() * (high - low)).max()
    return torch.where(lam > 0, high, low) if reach < -0.9 * math.log(torch.finfo(messages.dtype).tiny) else None


def _degree(index: Tensor, num_nodes: int, dtype: torch.dtype) -> Tensor:
    """Number of messages of each node, at least 1 to keep 0^η from ∞; shape (num_nodes, 1)."""
    return torch.bincount(index, minlength=num_nodes).clamp(min=1).to(dtype)[:, None]


def _shift(messages: Tensor, index: Tensor, lam: Tensor, zeros: Tensor) -> Tensor:
    """Per node and channel the maximum where λ > 0, the minimum where λ < 0, and 0 where λ = 0; no neighbours: 0."""
    target = index[:, None].expand_as(messages)
    c = zeros
    if (lam > 0).any():
        c = torch.where(lam > 0, zeros.scatter_reduce(0, target, messages, "amax", include_self=False), c)
    if (lam < 0).any():
        c = torch.where(lam < 0, zeros.scatter_reduce(0, target, messages, "amin", include_self=False), c)
    return c


def _raise_unless_finite(messages: Tensor) -> None:
    if not messages.isfinite().all():
        edge, channel = (~messages.isfinite()).nonzero()[0].tolist()
        raise ValueError(f"messages must be finite, got {messages[edge, channel].item()} at [{edge}, {channel}]")
