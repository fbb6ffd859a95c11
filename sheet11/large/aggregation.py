"""The soft(arg)max aggregation of many messages: in blocks that stay in the processor's cache, with its derivatives."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

BLOCK = 2**18  # entries of a block of messages


def aggregate_in_blocks(
    messages: Tensor, index: Tensor, num_nodes: int, lam: Tensor, eta: Tensor
) -> Tensor | None:
    r"""|N|^η ⟨m⟩ with ⟨m⟩ = Σ w m / Σ w and w_u = exp(λ(m_u − shift)), where one shift serves all nodes.

    Args:
        messages: shape (num_edges, channels).
        index: target node of each message, shape (num_edges,).
        num_nodes: number of nodes.
        lam: λ, shape (1,) or (channels,).
        eta: η, shape (1,) or (channels,).

    Returns:
        Shape (num_nodes, channels); None where no one shift serves all nodes.
    """
    if not messages.numel() or messages.dtype not in (torch.float32, torch.float64):
        return None
    first = messages.detach()[
        : _step(messages)
    ]  # what λ favours there; a pass over all would take a fifth of the time
    shift = torch.where(lam.detach() > 0, first.amax(dim=0), first.amin(dim=0))
    degree = torch.bincount(index, minlength=num_nodes)[:, None]
    total, centred = _sums(messages.detach(), lam.detach(), shift, index, num_nodes)
    total += degree == 0
    centred /= total
    smallest = (
        torch.finfo(total.dtype).tiny / torch.finfo(total.dtype).eps
    )  # a node's largest weights are exact above
    (least, most), (lowest, highest) = total.aminmax(), centred.aminmax()
    if not (least > smallest and most < 1 / smallest and lowest > -math.inf and highest < math.inf):
        return None
    apply: Callable[..., Tensor] = _InBlocks.apply
    return apply(messages, lam, eta, shift, index, degree.to(messages.dtype), total, centred)


def _sums(
    messages: Tensor, lam: Tensor, shift: Tensor, index: Tensor, num_nodes: int
) -> tuple[Tensor, Tensor]:
    """Σ w and Σ w (m − shift) of every node; the latter is no number where a difference overflows."""
    total = messages.new_zeros(num_nodes, messages.shape[1])
    weighted = torch.zeros_like(total)
    rate = lam / math.log(2)  # exp2 takes less than half as long as exp
    for m, i, (z, w) in _blocks(messages, index, buffers=2):
        torch.mul(torch.sub(m, shift, out=z), rate, out=w).exp2_()
        total.index_add_(0, i, w)
        weighted.index_add_(0, i, z.mul_(w))
    return total, weighted


class _InBlocks(torch.autograd.Function):
    """The aggregation, of which all sums are there already, with its derivatives.

    ∂agg/∂m_u = |N|^η w_u (1 + λ(m_u − ⟨m⟩)) / Σ w,   ∂agg/∂λ = |N|^η Var(m),   ∂agg/∂η = agg log|N|.

    No tensor with an entry for each message is kept for them but the messages themselves.
    """

    @staticmethod
    def forward(
        ctx: Any,
        messages: Tensor,
        lam: Tensor,
        eta: Tensor,
        shift: Tensor,
        index: Tensor,
        degree: Tensor,
        total: Tensor,
        centred: Tensor,
    ) -> Tensor:
        ctx.save_for_backward(messages, lam, eta, shift, index, degree, total, centred)
        return (shift + centred).mul_(degree**eta).masked_fill_(degree == 0, 0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        messages, lam, eta, shift, index, degree, total, centred = ctx.saved_tensors
        if torch.is_grad_enabled():  # somebody wants derivatives of the derivatives
            return _differentiable_backward(ctx, grad)
        degree, of_lam, of_eta = degree.clamp(min=1), None, None
        # with z = m − shift, a message's part of a node, w (1 + λ(m − ⟨m⟩)) / Σ w, is w (constant + slope z)
        share = (grad * degree**eta).div_(total)
        slope = share * lam
        constant = torch.addcmul(share, slope, centred, value=-1)
        rate = lam / math.log(2)
        of_messages, spread = (
            _empty_like(messages),
            torch.zeros_like(total) if ctx.needs_input_grad[1] else None,
        )
        for m, i, (z, w, a, b), out in _blocks(messages, index, of_messages, buffers=4):
            torch.mul(torch.sub(m, shift, out=z), rate, out=w).exp2_()
            if spread is not None:
                torch.index_select(centred, 0, i, out=b)
                spread.index_add_(0, i, b.sub_(z).square_().mul_(w))
            torch.index_select(constant, 0, i, out=a)
            torch.index_select(slope, 0, i, out=b)
            torch.mul(a.addcmul_(b, z), w, out=out)
        if spread is not None:
            of_lam = spread.mul_(share).sum(dim=0).sum_to_size(lam.shape)
        if ctx.needs_input_grad[2]:
            of_eta = (
                (shift + centred)
                .mul_(share)
                .mul_(total)
                .mul_(degree.log())
                .sum(dim=0)
                .sum_to_size(eta.shape)
            )
        return of_messages, of_lam, of_eta, *[None] * 5


def _differentiable_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    """The same derivatives by operations that torch can differentiate again."""
    messages, lam, eta, shift, index, degree, total, _ = ctx.saved_tensors
    w = torch.exp(lam * (messages - shift))
    zeros = torch.zeros_like(total)
    mean = zeros.index_add(0, index, w * messages) / (zeros.index_add(0, index, w) + (degree == 0))
    agg = degree.clamp(min=1) ** eta * mean
    needed = ctx.needs_input_grad[:3]
    wanted = [x for x, is_needed in zip((messages, lam, eta), needed, strict=True) if is_needed]
    found = iter(torch.autograd.grad(agg, wanted, grad, create_graph=True))
    return *(next(found) if is_needed else None for is_needed in needed), *[None] * 5


def _empty_like(messages: Tensor) -> Tensor:
    """Memory for as many entries; numpy asks the system for huge pages, which are there in half the time of others."""
    return (
        torch.from_numpy(np.empty_like(messages.detach().numpy()))
        if messages.is_cpu
        else torch.empty_like(messages)
    )


def _step(messages: Tensor) -> int:
    """Number of messages of a block."""
    return max(1, BLOCK // messages.shape[1])


def _blocks(
    messages: Tensor, index: Tensor, *others: Tensor, buffers: int
) -> Iterator[tuple[Any, ...]]:
    """Blocks of the messages, their targets, as many buffers of their shape, and the same blocks of others."""
    kept = messages.new_empty(buffers, min(_step(messages), len(messages)), messages.shape[1])
    for start in range(0, len(messages), _step(messages)):
        block = slice(start, start + _step(messages))
        yield (
            messages[block],
            index[block],
            kept[:, : len(messages) - start],
            *(other[block] for other in others),
        )
