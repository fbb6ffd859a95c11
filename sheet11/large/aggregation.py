"""The soft(arg)max aggregation of many messages: in blocks that stay in the processor's cache, with its derivatives."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

BLOCK = 2**19  # entries of a block of messages


def common_shift(messages: Tensor, lam: Tensor) -> Tensor | None:
    """For each channel the message that λ favours, if no exponent relative to it underflows; else None."""
    messages, lam = messages.detach(), lam.detach()
    if not messages.numel() or messages.dtype not in (torch.float32, torch.float64):
        return None
    low, high = messages.amin(dim=0), messages.amax(dim=0)  # aminmax takes ten times as long
    reach = (lam.abs() * (high - low)).max()
    return torch.where(lam > 0, high, low) if reach < -0.9 * math.log(torch.finfo(messages.dtype).tiny) else None


def aggregate_in_blocks(
    messages: Tensor, index: Tensor, num_nodes: int, lam: Tensor, eta: Tensor, shift: Tensor
) -> Tensor:
    r"""|N|^η ⟨m⟩ with ⟨m⟩ = Σ w m / Σ w and w_u = exp(λ(m_u − shift)), where one shift serves all nodes.

    Args:
        messages: shape (num_edges, channels).
        index: target node of each message, shape (num_edges,).
        num_nodes: number of nodes.
        lam: λ, shape (1,) or (channels,).
        eta: η, shape (1,) or (channels,).
        shift: from `common_shift`, shape (channels,).

    Returns:
        Shape (num_nodes, channels).
    """
    apply: Callable[..., Tensor] = _InBlocks.apply
    return apply(messages, lam, eta, shift, index, num_nodes)


class _InBlocks(torch.autograd.Function):
    """The aggregation with its derivatives.

    ∂agg/∂m_u = |N|^η w_u (1 + λ(m_u − ⟨m⟩)) / Σ w,   ∂agg/∂λ = |N|^η Var(m),   ∂agg/∂η = agg log|N|.

    No tensor with an entry for each message is kept for them but the messages themselves.
    """

    @staticmethod
    def forward(
        ctx: Any, messages: Tensor, lam: Tensor, eta: Tensor, shift: Tensor, index: Tensor, num_nodes: int
    ) -> Tensor:
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
        return _degree(index, mean) ** eta * mean

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        messages, lam, eta, shift, index, total, mean = ctx.saved_tensors
        if torch.is_grad_enabled():  # somebody wants derivatives of the derivatives
            return _differentiable_backward(ctx, grad)
        degree = _degree(index, mean)
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


def _differentiable_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    """The same derivatives by operations that torch can differentiate again."""
    messages, lam, eta, shift, index, total, mean = ctx.saved_tensors
    w = torch.exp(lam * (messages - shift))
    total = torch.zeros_like(total).index_add(0, index, w)
    agg = torch.zeros_like(mean).index_add(0, index, w * messages) / (total + (total == 0))
    agg = _degree(index, mean) ** eta * agg
    needed = ctx.needs_input_grad[:3]
    wanted = [x for x, is_needed in zip((messages, lam, eta), needed, strict=True) if is_needed]
    found = iter(torch.autograd.grad(agg, wanted, grad, create_graph=True))
    return *(next(found) if is_needed else None for is_needed in needed), None, None, None


def _blocks(messages: Tensor) -> Iterator[slice]:
    """Slices of the messages that fit into the cache, two or three at a time."""
    step = max(1, BLOCK // messages.shape[1])
    return (slice(start, start + step) for start in range(0, len(messages), step))


def _degree(index: Tensor, like: Tensor) -> Tensor:
    """Number of messages of each node, at least 1 to keep 0^η from ∞; shape (num_nodes, 1)."""
    return torch.bincount(index, minlength=len(like)).clamp(min=1).to(like.dtype)[:, None]
