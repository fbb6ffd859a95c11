"""The softmax aggregation of messages with sorted targets in numba: what one would write by hand instead of torch.

A node's messages lie beside each other, so that they are read twice from memory at most, and nodes go to threads. The
exponential is a polynomial (Cephes' `expf`, 5·10⁻⁷ exact), because numba's own is not computed for several numbers at a
time without Intel's library.
"""

from typing import Any

import numpy as np
import torch
from numba import njit, prange

LOG2_E, HIGH, LOW = (
    np.float32(1.44269504),
    np.float32(0.693359375),
    np.float32(-2.12194440e-4),
)  # log 2 = HIGH + LOW
SMALLEST = np.float32(-87)


@njit(inline="always", fastmath=True)
def exponential(x):
    """Of a number that is not positive."""
    x = max(x, SMALLEST)
    k = np.floor(x * LOG2_E + np.float32(0.5))
    r = x - k * HIGH - k * LOW
    y = np.float32(1.9875691500e-4)
    for c in (
        1.3981999507e-3,
        8.3334519073e-3,
        4.1665795894e-2,
        1.6666665459e-1,
        5.0000001201e-1,
        1.0,
        1.0,
    ):
        y = y * r + np.float32(c)
    return y * np.int32((np.int32(k) + np.int32(127)) << np.int32(23)).view(np.float32)


@njit(parallel=True, fastmath=True)
def forward(m, ptr, largest, total, mean):
    """Fill the largest message, Σ w and the mean of every node; those without messages stay as they are."""
    channels = m.shape[1]
    for v in prange(len(ptr) - 1):
        if ptr[v] == ptr[v + 1]:
            continue
        top, norm, out = largest[v], total[v], mean[v]
        top[:] = m[ptr[v]]
        for u in range(ptr[v] + 1, ptr[v + 1]):
            for c in range(channels):
                top[c] = max(top[c], m[u, c])
        for u in range(ptr[v], ptr[v + 1]):
            for c in range(channels):
                w = exponential(m[u, c] - top[c])
                norm[c] += w
                out[c] += w * m[u, c]
        for c in range(channels):
            out[c] /= norm[c]


@njit(parallel=True, fastmath=True)
def backward(m, ptr, largest, total, mean, grad, of_m):
    """Fill the derivatives w (1 + m − mean) / Σ w times those of the mean."""
    for v in prange(len(ptr) - 1):
        for u in range(ptr[v], ptr[v + 1]):
            for c in range(m.shape[1]):
                w = exponential(m[u, c] - largest[v, c]) * grad[v, c] / total[v, c]
                of_m[u, c] = w * (1 + m[u, c] - mean[v, c])


class SegmentSoftmax(torch.autograd.Function):
    """The two loops as an operation of torch, with λ = 1 and η = 0."""

    @staticmethod
    def forward(
        ctx: Any, messages: torch.Tensor, index: torch.Tensor, num_nodes: int
    ) -> torch.Tensor:
        ptr = torch.zeros(num_nodes + 1, dtype=torch.int64)
        torch.cumsum(torch.bincount(index, minlength=num_nodes), 0, out=ptr[1:])
        largest, total, mean = (torch.zeros(num_nodes, messages.shape[1]) for _ in range(3))
        forward(*(tensor.numpy() for tensor in (messages.detach(), ptr, largest, total, mean)))
        ctx.save_for_backward(messages, ptr, largest, total, mean)
        return mean

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        of_m = torch.empty_like(ctx.saved_tensors[0])
        backward(
            *(tensor.detach().numpy() for tensor in (*ctx.saved_tensors, grad.contiguous(), of_m))
        )
        return of_m, None, None


segment_softmax = SegmentSoftmax.apply
