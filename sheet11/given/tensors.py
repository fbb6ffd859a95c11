"""Argument checks for tensors: every message names the parameter and quotes the value."""

import math

import torch
from torch import Tensor

from sheet11.given.checks import check_int, shown


def check_floating(name: str, m: Tensor, dim: int | None = None) -> None:
    """Raise unless m is floating point, with at least one entry along `dim`."""
    if not isinstance(m, Tensor) or not m.is_floating_point():
        raise TypeError(
            f"{name} must be a floating-point tensor, got {getattr(m, 'dtype', type(m).__name__)}"
        )
    if dim is not None and (not -m.ndim <= dim < m.ndim or not m.shape[dim]):
        raise ValueError(
            f"{name} must have at least one message along dim {dim}, got shape {tuple(m.shape)}"
        )


def to_tensor(
    name: str, value: float | Tensor, like: Tensor, channels: int = 1, finite: bool = False
) -> Tensor:
    """λ or η with the type of `like`, of shape () or (channels,), or raise."""
    try:
        tensor = torch.as_tensor(value, dtype=like.dtype, device=like.device)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise TypeError(
            f"{name} must be a number or a tensor that {like.dtype} holds, got {shown(value)}"
        ) from error
    if tensor.numel() == 1:
        tensor = tensor.reshape(()) if tensor.ndim else tensor
    elif tensor.shape != (channels,):
        one_each = f" or one per channel ({channels})" if channels > 1 else ""
        raise ValueError(f"{name} must have one value{one_each}, got shape {tuple(tensor.shape)}")
    numbers = [value] if isinstance(value, float) else tensor.flatten().tolist()
    if any(map(math.isnan, numbers)):
        raise ValueError(f"{name} must be a number, got {shown(value)}")
    if finite and any(map(math.isinf, numbers)):
        raise ValueError(f"{name} must be finite, got {shown(value)}")
    return tensor


def summable(messages: Tensor) -> Tensor:
    """Messages in a type in which as many can be added: sums of millions of float32 lose their last digits."""
    rounding = len(messages) * torch.finfo(messages.dtype).eps
    return messages if rounding < 1e-4 else messages.double()


def check_messages(messages: Tensor, index: Tensor, num_nodes: int) -> tuple[Tensor, int]:
    """Return index as int64 and the number of nodes, or raise unless they fit the messages."""
    check_floating("messages", messages)
    if messages.ndim != 2:
        raise ValueError(
            f"messages must have shape (num_edges, channels), got {tuple(messages.shape)}"
        )
    num_nodes = check_int("num_nodes", num_nodes, minimum=0)
    is_integer = isinstance(index, Tensor) and not index.dtype.is_floating_point
    if not is_integer or index.dtype == torch.bool or index.dtype.is_complex:
        raise TypeError(
            f"index must be an integer tensor, got {getattr(index, 'dtype', type(index).__name__)}"
        )
    if index.shape != messages.shape[:1]:
        raise ValueError(
            f"index must have shape ({len(messages)},), one target a message, got {tuple(index.shape)}"
        )
    target = index.long()
    if len(target) and not 0 <= target.min().item() <= target.max().item() < num_nodes:
        bad = int(((target < 0) | (target >= num_nodes)).nonzero()[0])
        raise ValueError(
            f"index must be in [0, num_nodes) = [0, {num_nodes}), got {index[bad].item()}"
        )
    return target, num_nodes


def check_aggregate(result: Tensor, messages: Tensor, eta: float | Tensor) -> Tensor:
    """Return the result of an aggregation, or raise with the reason why it is not finite."""
    if math.isfinite(result.sum().item()) or result.isfinite().all():  # a sum is quickly found
        return result
    if not messages.isfinite().all():
        edge, channel = (~messages.isfinite()).nonzero()[0].tolist()
        raise ValueError(
            f"messages must be finite, got {messages[edge, channel].item()} at [{edge}, {channel}]"
        )
    low, high = messages.min().item(), messages.max().item()
    raise ValueError(
        f"messages and eta must be such that no result overflows {result.dtype}, got messages from "
        f"{low} to {high} and eta {shown(eta)}"
    )
