"""Argument checks for tensors; every message names the parameter and quotes the value."""

import math
from typing import Any

import torch
from torch import Tensor

from sheet11.given.checks import check_int, shown


def check_floating(name: str, x: Tensor) -> None:
    """Raise unless x is floating point."""
    if not isinstance(x, Tensor) or not x.is_floating_point():
        raise TypeError(f"{name} must be a floating-point tensor, got {kind(x)}")


def check_matrix_of(name: str, x: Tensor, rows: str, columns: str) -> None:
    """Raise unless x is a floating-point matrix; `rows` and `columns` name its dimensions in the message."""
    check_floating(name, x)
    if x.ndim != 2:
        raise ValueError(f"{name} must have shape ({rows}, {columns}), got {tuple(x.shape)}")


def kind(value: Any) -> Any:
    """Return the dtype of a tensor, or the type name of any other value."""
    return value.dtype if isinstance(value, Tensor) else type(value).__name__


def to_tensor(
    name: str,
    value: float | Tensor,
    like: Tensor,
    channels: int = 1,
    finite: bool = False,
) -> Tensor:
    """Return λ or η as a tensor of shape () or (channels,) with the dtype of `like`, or raise."""
    try:
        tensor = torch.as_tensor(value, dtype=like.dtype, device=like.device)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise TypeError(
            f"{name} must be a number or a tensor that {like.dtype} holds, got {shown(value)}"
        ) from error
    if tensor.ndim and tensor.numel() == 1:
        tensor = tensor.reshape(())
    if tensor.shape not in ((), (channels,)):
        raise ValueError(
            f"{name} must have one value for each of {channels} channels or one for all, "
            f"got shape {tuple(tensor.shape)}"
        )
    if math.isfinite(tensor.sum().item()):  # faster than the next two
        return tensor
    if tensor.isnan().any():
        raise ValueError(f"{name} must be a number, got {shown(value)}")
    if finite and tensor.isinf().any():
        raise ValueError(f"{name} must be finite, got {shown(value)}")
    return tensor


def summable(messages: Tensor) -> Tensor:
    """Return the messages in a dtype that sums them accurately: sums of millions of float32 lose digits."""
    rounding = len(messages) * torch.finfo(messages.dtype).eps
    return messages if rounding < 1e-4 else messages.double()


def check_messages(messages: Tensor, index: Tensor, num_nodes: int) -> tuple[Tensor, int]:
    """Return index as int64 and the number of nodes as int, or raise if they do not fit the messages."""
    check_matrix_of("messages", messages, "num_edges", "channels")
    num_nodes = check_int("num_nodes", num_nodes, minimum=0)
    try:
        torch.iinfo(kind(index))
    except TypeError as error:
        raise TypeError(f"index must be an integer tensor, got {kind(index)}") from error
    if index.shape != messages.shape[:1]:
        raise ValueError(
            f"index must have shape ({len(messages)},), one target a message, got {tuple(index.shape)}"
        )
    target = index.long()
    check_nodes("index", target, num_nodes)
    return target, num_nodes


def check_nodes(name: str, nodes: Tensor, num_nodes: int) -> None:
    """Raise unless all `nodes` are in [0, num_nodes)."""
    if not nodes.numel():
        return
    smallest, largest = map(int, nodes.aminmax())
    if not 0 <= smallest <= largest < num_nodes:
        bad = nodes[(nodes < 0) | (nodes >= num_nodes)][0].item()
        raise ValueError(f"{name} must hold nodes in [0, num_nodes) = [0, {num_nodes}), got {bad}")


def check_aggregate(result: Tensor, messages: Tensor, eta: float | Tensor) -> Tensor:
    """Return the result of an aggregation, or raise an error that says why it is not finite."""
    if math.isfinite(result.sum().item()) or result.isfinite().all():  # the sum is the faster test
        return result
    for edge, channel in (~messages.isfinite()).nonzero()[:1].tolist():
        bad = messages[edge, channel].item()
        raise ValueError(f"messages must be finite, got {bad} at [{edge}, {channel}]")
    raise ValueError(
        f"messages and eta must be smaller, or a result overflows {result.dtype}, got messages up to "
        f"{messages.abs().max().item()} and eta {shown(eta)}"
    )
