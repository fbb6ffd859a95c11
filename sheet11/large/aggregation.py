"""The soft(arg)max aggregation of many messages, in blocks that stay in the processor's cache."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from sheet11.given.tensors import to_tensor

BLOCK = 2**17  # entries of a block of messages
MANY = 2**10  # messages of a node; float32 sums of more are sums of float64


def aggregate_in_blocks(
    messages: Tensor, index: Tensor, num_nodes: int, lam: float | Tensor, eta: float | Tensor
) -> Tensor | None:
    r"""|N|^η ⟨m⟩ with ⟨m⟩ = Σ w m / Σ w and w_u = exp(λ(m_u − shift)), where one shift serves all nodes.

    Returns:
        Shape (num_nodes, channels); None where no one shift serves all nodes, so that the formula is to be used.
    """
    channels = messages.shape[1]
    if not messages.numel() or messages.dtype not in (torch.float32, torch.float64):
        return None
    lam = to_tensor("lam", lam, messages, channels)
    eta = to_tensor("eta", eta, messages, channels, finite=True)
    degree = torch.bincount(index, minlength=num_nodes)[:, None]
    dtype = torch.float64 if degree.max() > MANY else messages.dtype
    # what λ favours in the first block; a pass over all would take a fifth of the time
    first = messages.detach()[: BLOCK // channels + 1]
    shift = torch.where(lam.detach() > 0, first.amax(dim=0), first.amin(dim=0))
    nothing = messages.new_zeros(num_nodes, channels, dtype=dtype)
    with torch.no_grad():
        total, weighted = nothing + (degree == 0), nothing.clone()
        for m, i in _blocks(messages, index):
            w = torch.exp2((m - shift).mul_(lam / math.log(2))).to(dtype)  # faster than exp
            total.index_add_(0, i, w)
            weighted.index_add_(0, i, w.mul_(m))
        mean = weighted / total
        finfo = torch.finfo(messages.dtype)
        smallest = finfo.tiny / finfo.eps  # a node's largest weights are exact above
        if not (total.min() > smallest and total.max() < 1 / smallest and mean.isfinite().all()):
            return None
    if torch.is_grad_enabled():
        # with derivatives: differences from the mean lose no digits, and λ times them is at most log|N|
        total, weighted = nothing + (degree == 0), nothing.clone()
        for m, i in _blocks(messages, index):
            z = m - mean.index_select(0, i)
            w = torch.exp2(z * (lam / math.log(2))).to(dtype)
            total.index_add_(0, i, w)
            weighted.index_add_(0, i, w * z)
        mean = mean + weighted / total
    return (mean * degree.clamp(min=1) ** eta).to(messages.dtype)


def _blocks(messages: Tensor, index: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Blocks of the messages, and their targets."""
    step = BLOCK // messages.shape[1] + 1
    return zip(torch.split(messages, step), torch.split(index, step), strict=True)
