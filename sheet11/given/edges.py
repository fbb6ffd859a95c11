"""The form of edges and node features, checked: every message names the parameter and quotes the value."""

import torch
from torch import Tensor

from sheet11.given.checks import check_int
from sheet11.large import graphs as large

LARGE = 2**15  # edges above which hashing them is faster than sorting


def degrees(edge_index: Tensor, num_nodes: int) -> Tensor:
    """Number of neighbours of each node, shape (num_nodes,).

    Args:
        edge_index: shape (2, num_edges), both directions of every undirected edge, no self-loops.
        num_nodes: number of nodes.

    Raises:
        TypeError, ValueError: edge_index has another form.
    """
    if not isinstance(edge_index, Tensor) or edge_index.dtype != torch.int64:
        raise TypeError(
            f"edge_index must be an int64 tensor, got {getattr(edge_index, 'dtype', type(edge_index).__name__)}"
        )
    if edge_index.ndim != 2 or len(edge_index) != 2:
        raise ValueError(
            f"edge_index must have shape (2, num_edges), got {tuple(edge_index.shape)}"
        )
    num_nodes = check_int("num_nodes", num_nodes, minimum=0)
    u, v = edge_index
    if edge_index.numel() and not 0 <= edge_index.min() <= edge_index.max() < num_nodes:
        bad = edge_index[(edge_index < 0) | (edge_index >= num_nodes)][0].item()
        raise ValueError(
            f"edge_index must hold nodes in [0, num_nodes) = [0, {num_nodes}), got {bad}"
        )
    if (u == v).any():
        raise ValueError(
            f"edge_index must not hold self-loops, got one at node {u[u == v][0].item()}"
        )
    _check_both_directions(edge_index, num_nodes)
    return torch.bincount(v, minlength=num_nodes)


def check_features(x: Tensor) -> None:
    """Raise if x is no floating-point tensor of shape (num_nodes, features)."""
    if not isinstance(x, Tensor) or not x.is_floating_point():
        raise TypeError(
            f"x must be a floating-point tensor, got {getattr(x, 'dtype', type(x).__name__)}"
        )
    if x.ndim != 2:
        raise ValueError(f"x must have shape (num_nodes, features), got {tuple(x.shape)}")


def _check_both_directions(edge_index: Tensor, num_nodes: int) -> None:
    if edge_index.shape[1] > LARGE and large.holds_both_directions(edge_index, num_nodes):
        return
    u, v = edge_index
    forward, backward = (u * num_nodes + v).sort().values, (v * num_nodes + u).sort().values
    if not torch.equal(forward, backward):
        first = int((forward != backward).nonzero()[0])
        edge = divmod(int(min(forward[first], backward[first])), num_nodes)
        raise ValueError(
            f"edge_index must hold both directions of every undirected edge, got only one of edge {edge}"
        )
