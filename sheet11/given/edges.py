"""Degrees of a graph with checks of its edges; every message names the parameter and quotes the value."""

from collections import Counter

import torch
from torch import Tensor

from sheet11.given.checks import check_int
from sheet11.given.tensors import check_nodes, kind
from sheet11.large import graphs as large


def degrees(edge_index: Tensor, num_nodes: int) -> Tensor:
    """Return the number of neighbours of each node, shape (num_nodes,).

    Args:
        edge_index: shape (2, num_edges), both directions of every undirected edge, no self-loops.
        num_nodes: number of nodes.

    Raises:
        TypeError, ValueError: edge_index has another form.
    """
    if kind(edge_index) != torch.int64:
        raise TypeError(f"edge_index must be an int64 tensor, got {kind(edge_index)}")
    if edge_index.ndim != 2 or len(edge_index) != 2:
        raise ValueError(
            f"edge_index must have shape (2, num_edges), got {tuple(edge_index.shape)}"
        )
    num_nodes = check_int("num_nodes", num_nodes, minimum=0)
    u, v = edge_index
    check_nodes("edge_index", edge_index, num_nodes)
    if (u == v).any():
        raise ValueError(
            f"edge_index must not hold self-loops, got one at node {u[u == v][0].item()}"
        )
    if large.holds_both_directions(edge_index, num_nodes):
        return torch.bincount(v, minlength=num_nodes)
    edges = Counter(zip(u.tolist(), v.tolist(), strict=True))
    edges.subtract(zip(v.tolist(), u.tolist(), strict=True))
    edge = min(edge for edge, surplus in edges.items() if surplus)
    raise ValueError(
        f"edge_index must hold both directions of every undirected edge, got only one of edge {edge}"
    )
