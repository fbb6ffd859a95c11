"""Argument checks for tensors: every message names the parameter and quotes the value."""

import torch
from torch import Tensor

from sheet11.checks import check_int


def check_floating(name: str, m: Tensor, dim: int | None = None) -> None:
    if not isinstance(m, Tensor) or not m.is_floating_point():
        raise TypeError(f"{name} must be a floating-point tensor, got {getattr(m, 'dtype', type(m).__name__)}")
    if dim is not None and (not -m.ndim <= dim < m.ndim or not m.shape[dim]):
        raise ValueError(f"{name} must have at least one message along dim {dim}, got shape {tuple(m.shape)}")


def check_per_channel(name: str, value: float | Tensor, messages: Tensor) -> Tensor:
    """λ or η as a tensor that broadcasts against (num_nodes, channels)."""
    tensor = to_tensor(name, value, messages)
    if tensor.numel() != 1 and tensor.shape != messages.shape[1:]:
        raise ValueError(
            f"{name} must have one value or one per channel ({messages.shape[1]}), got shape {tuple(tensor.shape)}"
        )
    if tensor.isnan().any():
        raise ValueError(f"{name} must be a number, got {value!r}")
    return tensor.reshape(-1)  # (1,) or (channels,)


def to_tensor(name: str, value: float | Tensor, like: Tensor) -> Tensor:
    try:
        return torch.as_tensor(value, dtype=like.dtype, device=like.device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} must be a number or a tensor, got {value!r}") from error


def check_messages(messages: Tensor, index: Tensor, num_nodes: int) -> Tensor:
    check_floating("messages", messages)
    if messages.ndim != 2:
        raise ValueError(f"messages must have shape (num_edges, channels), got {tuple(messages.shape)}")
    check_int("num_nodes", num_nodes, minimum=0)
    if not isinstance(index, Tensor) or index.is_floating_point() or index.is_complex() or index.dtype == torch.bool:
        raise TypeError(f"index must be an integer tensor, got {getattr(index, 'dtype', type(index).__name__)}")
    if index.shape != messages.shape[:1]:
        raise ValueError(f"index must have shape ({len(messages)},), one target a message, got {tuple(index.shape)}")
    if len(index) and not 0 <= (lowest := index.min().item()) <= (highest := index.max().item()) < num_nodes:
        bad = lowest if lowest < 0 else highest
        raise ValueError(f"index must be in [0, num_nodes) = [0, {num_nodes}), got {bad}")
    return index.long()


def degrees(edge_index: Tensor, num_nodes: int) -> Tensor:
    """Number of neighbours of each node; checks the form of edge_index on the way, in O(num_edges)."""
    if not isinstance(edge_index, Tensor) or edge_index.dtype != torch.int64:
        raise TypeError(
            f"edge_index must be an int64 tensor, got {getattr(edge_index, 'dtype', type(edge_index).__name__)}"
        )
    if edge_index.ndim != 2 or len(edge_index) != 2:
        raise ValueError(f"edge_index must have shape (2, num_edges), got {tuple(edge_index.shape)}")
    u, v = edge_index
    if edge_index.numel() and not 0 <= edge_index.min() <= edge_index.max() < num_nodes:
        bad = edge_index[(edge_index < 0) | (edge_index >= num_nodes)][0].item()
        raise ValueError(f"edge_index must hold nodes in [0, num_nodes) = [0, {num_nodes}), got {bad}")
    if (u == v).any():
        raise ValueError(f"edge_index must not hold self-loops, got one at node {u[u == v][0].item()}")
    # Σ r_u s_v over the edges equals Σ r_v s_u if every edge has its reverse, and, for scrambled integers r and s, next
    # to never otherwise; that costs less than sorting the edges.
    r = (torch.arange(num_nodes, device=edge_index.device) + 1) * 0x1E3779B97F4A7C15  # products wrap around
    r = (r ^ (r >> 29)) * 0x3F58476D1CE4E5B9
    s = (r ^ (r >> 32)) * 0x14D049BB133111EB
    if torch.dot(r.index_select(0, u), s.index_select(0, v)) != torch.dot(r.index_select(0, v), s.index_select(0, u)):
        forward, backward = (u * num_nodes + v).sort().values, (v * num_nodes + u).sort().values
        first = (forward != backward).nonzero()[0].item()
        edge = divmod(min(forward[first], backward[first]).item(), num_nodes)
        raise ValueError(f"edge_index must hold both directions of every undirected edge, got only one of edge {edge}")
    return torch.bincount(v, minlength=num_nodes)


def check_features(x: Tensor) -> None:
    if not isinstance(x, Tensor) or not x.is_floating_point():
        raise TypeError(f"x must be a floating-point tensor, got {getattr(x, 'dtype', type(x).__name__)}")
    if x.ndim != 2:
        raise ValueError(f"x must have shape (num_nodes, features), got {tuple(x.shape)}")
