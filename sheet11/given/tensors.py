"""Argument checks for tensors: every message names the parameter and quotes the value."""

import torch
from torch import Tensor

from sheet11.given.checks import check_int


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


def check_scalar(name: str, value: float | Tensor, like: Tensor) -> Tensor:
    """λ as a tensor of shape (), or raise."""
    tensor = to_tensor(name, value, like)
    if tensor.numel() != 1:
        raise ValueError(f"{name} must have one value, got shape {tuple(tensor.shape)}")
    if tensor.isnan():
        raise ValueError(f"{name} must be a number, got {value!r}")
    return tensor.reshape(())


def check_per_channel(
    name: str, value: float | Tensor, messages: Tensor, finite: bool = False
) -> Tensor:
    """λ or η as a tensor of shape (1,) or (channels,), or raise."""
    tensor = to_tensor(name, value, messages)
    if tensor.numel() != 1 and tensor.shape != messages.shape[1:]:
        raise ValueError(
            f"{name} must have one value or one per channel ({messages.shape[1]}), got shape {tuple(tensor.shape)}"
        )
    if tensor.isnan().any():
        raise ValueError(f"{name} must be a number, got {value!r}")
    if finite and not tensor.isfinite().all():
        raise ValueError(f"{name} must be finite, got {tensor.reshape(-1).tolist()!r}")
    return tensor.reshape(-1)


def to_tensor(name: str, value: float | Tensor, like: Tensor) -> Tensor:
    """A number or tensor with the type and on the device of `like`, or raise."""
    try:
        return torch.as_tensor(value, dtype=like.dtype, device=like.device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} must be a number or a tensor, got {value!r}") from error


def check_messages(messages: Tensor, index: Tensor, num_nodes: int) -> Tensor:
    """Raise unless messages and their targets have the form of an aggregation; return index as int64."""
    check_floating("messages", messages)
    if messages.ndim != 2:
        raise ValueError(
            f"messages must have shape (num_edges, channels), got {tuple(messages.shape)}"
        )
    check_int("num_nodes", num_nodes, minimum=0)
    if (
        not isinstance(index, Tensor)
        or index.is_floating_point()
        or index.is_complex()
        or index.dtype == torch.bool
    ):
        raise TypeError(
            f"index must be an integer tensor, got {getattr(index, 'dtype', type(index).__name__)}"
        )
    if index.shape != messages.shape[:1]:
        raise ValueError(
            f"index must have shape ({len(messages)},), one target a message, got {tuple(index.shape)}"
        )
    if (
        len(index)
        and not 0 <= (lowest := index.min().item()) <= (highest := index.max().item()) < num_nodes
    ):
        bad = lowest if lowest < 0 else highest
        raise ValueError(f"index must be in [0, num_nodes) = [0, {num_nodes}), got {bad}")
    return index.long()


def check_aggregate(result: Tensor, messages: Tensor, eta: Tensor) -> Tensor:
    """Return the result of an aggregation, or raise with the reason why it is not finite."""
    if result.isfinite().all():
        return result
    if not messages.isfinite().all():
        edge, channel = (~messages.isfinite()).nonzero()[0].tolist()
        raise ValueError(
            f"messages must be finite, got {messages[edge, channel].item()} at [{edge}, {channel}]"
        )
    low, high = messages.min(), messages.max()
    if not (high - low).isfinite():
        raise ValueError(
            f"messages must not differ by more than {messages.dtype} holds, got {low.item()} to {high.item()}"
        )
    raise ValueError(
        f"eta must be such that the result does not overflow {result.dtype}, got {eta.tolist()!r}"
    )
