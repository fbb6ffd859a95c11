"""Soft(arg)max aggregation of many messages, in blocks that fit into the processor's cache."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.autograd.forward_ad import unpack_dual

from sheet11.given.tensors import to_tensor

BLOCK = 2**18  # entries in a block of messages
MANY = 2**10  # messages of a node above which float32 is summed in float64


def aggregate_in_blocks(
    messages: Tensor, index: Tensor, num_nodes: int, lam: float | Tensor, eta: float | Tensor
) -> Tensor | None:
    r"""Aggregate by |N|^η ⟨m⟩ with ⟨m⟩ = Σ w m / Σ w and w_u = exp(λ(m_u − shift)).

    The shift enters only through the exponent, so that one value can serve all nodes: an outlier does not change the
    mean of any other node.

    Returns:
        Shape (num_nodes, channels); None if weights over- or underflow, and within function transforms and
        forward-mode derivatives, which are not supported. The caller then uses the formula.
    """
    channels = messages.shape[1]
    if not messages.numel() or messages.dtype not in (torch.float32, torch.float64):
        return None
    lam = to_tensor("lam", lam, messages, channels)
    eta = to_tensor("eta", eta, messages, channels, finite=True)
    if any(map(_is_transformed, (messages, lam))):
        return None
    # the message that λ favours in the first block: searching all messages would take a fifth of the time
    first, *_ = next(_blocks(messages.detach()))
    shift = torch.where(lam.detach() > 0, first.amax(dim=0), first.amin(dim=0))
    degree = torch.bincount(index, minlength=num_nodes)[:, None]
    dtype = torch.float64 if degree.max() > MANY else messages.dtype
    total = (degree == 0).to(dtype).repeat(1, channels)
    weighted = torch.zeros_like(total)
    for m, i in _blocks(messages.detach(), index):
        w = _weights(m, lam.detach(), shift).to(dtype)
        total.index_add_(0, i, w)
        weighted.index_add_(0, i, w.mul_(m))
    mean = weighted.div_(total)
    finfo = torch.finfo(messages.dtype)
    smallest = finfo.tiny / finfo.eps  # above it, the largest weights of a node are accurate
    if not (total.min() > smallest and total.max() < 1 / smallest and mean.isfinite().all()):
        return None
    apply: Callable[..., Tensor] = _Mean.apply
    mean = apply(messages, lam, index, shift, total, mean)
    return (mean * degree.clamp(min=1) ** eta).to(messages.dtype)


class _Mean(torch.autograd.Function):
    """Derivatives of an already computed ⟨m⟩: ∂⟨m⟩/∂m_u = w_u (1 + λ(m_u − ⟨m⟩)) / Σ w and ∂⟨m⟩/∂λ = Var(m)."""

    @staticmethod
    def forward(
        ctx: Any,
        messages: Tensor,
        lam: Tensor,
        index: Tensor,
        shift: Tensor,
        total: Tensor,
        mean: Tensor,
    ) -> Tensor:
        ctx.save_for_backward(messages, lam, index, shift, total, mean)
        return mean.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        messages, lam, index, shift, total, mean = ctx.saved_tensors
        if torch.is_grad_enabled():  # second derivatives are wanted
            inputs = [x for x in (messages, lam) if x.requires_grad]
            again = _differentiable_mean(messages, lam, index, total, mean)
            found = iter(torch.autograd.grad(again, inputs, grad, create_graph=True))
            return *(next(found) if x.requires_grad else None for x in (messages, lam)), *[None] * 4
        share = grad / total
        off = _rounding_of_mean(messages, lam, index, shift, total, mean)
        of_messages = torch.empty_like(messages)
        of_lam = torch.zeros_like(grad[0])
        for m, i, out in _blocks(messages, index, of_messages):
            z = m - mean.index_select(0, i)
            if off is not None:
                z -= off.index_select(0, i)
            w = share.index_select(0, i).mul_(_weights(m, lam, shift))
            out.copy_(w * (lam * z + 1))
            of_lam += w.mul_(z).mul_(z).sum(dim=0)
        return of_messages, of_lam.sum_to_size(lam.shape).to(lam.dtype), *[None] * 4


def _rounding_of_mean(
    messages: Tensor, lam: Tensor, index: Tensor, shift: Tensor, total: Tensor, mean: Tensor
) -> Tensor | None:
    """Return ⟨m⟩ minus its rounded value, or None if λ times that is negligible beside other rounding."""
    if (lam * mean).abs().max() <= 4:
        return None
    off = torch.zeros_like(total)
    for m, i in _blocks(messages, index):
        z = m - mean.index_select(0, i)
        off.index_add_(0, i, z.mul_(_weights(m, lam, shift)))
    return off.div_(total)


def _differentiable_mean(
    messages: Tensor, lam: Tensor, index: Tensor, total: Tensor, mean: Tensor
) -> Tensor:
    """Return ⟨m⟩, computed by operations that torch can differentiate again."""
    z = messages - mean[index]
    w = torch.exp(lam * z)
    sums = torch.zeros_like(total)
    norm = sums.index_add(0, index, w.to(total.dtype))
    return mean + sums.index_add(0, index, (w * z).to(total.dtype)) / norm.clamp(min=1e-16)


def _weights(m: Tensor, lam: Tensor, shift: Tensor) -> Tensor:
    return torch.exp2((m - shift).mul_(lam / math.log(2)))  # faster than exp


def _is_transformed(x: Tensor) -> bool:
    dual: Any = unpack_dual(x)
    return is_functorch_wrapped_tensor(x) or dual.tangent is not None


def _blocks(messages: Tensor, *others: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Yield blocks of the messages, each with the corresponding blocks of `others`."""
    step = BLOCK // messages.shape[1] + 1
    return zip(*(torch.split(each, step) for each in (messages, *others)), strict=True)
