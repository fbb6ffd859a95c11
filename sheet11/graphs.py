"""What the exercises run on: small graphs with two classes of nodes, and random neighbourhoods.

An undirected edge stands twice in `edge_index`, once in each direction, as in PyTorch Geometric.
"""

from typing import NamedTuple

import networkx as nx
import numpy as np
import torch
from torch import Tensor

from sheet11.checks import check_between, check_choice, check_int

GRAPHS = ("karate", "grid", "sbm")


class Graph(NamedTuple):
    """An undirected graph with a class and a place for every node."""

    edge_index: Tensor  # (2, num_edges) int64, both directions of every edge, no self-loops
    labels: Tensor  # (num_nodes,) int64, the class of each node
    positions: np.ndarray  # (num_nodes, 2), for drawing

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return len(self.labels)


def karate_club() -> Graph:
    """Zachary's karate club, unweighted: 34 members, 78 friendships; the class is the club joined after the split.

    Source: Zachary 1977, Journal of Anthropological Research 33(4), 452-473, as networkx ships it.
    """
    graph = nx.karate_club_graph()
    labels = [int(club == "Officer") for _, club in graph.nodes(data="club")]
    return _from_networkx(graph, labels, nx.spring_layout(graph, weight=None, seed=0))


def grid(rows: int = 10, columns: int = 10) -> Graph:
    """A rows × columns grid; the class is the left or the right half.

    Raises:
        TypeError, ValueError: a size is no integer, or below 1.
    """
    rows, columns = check_int("rows", rows), check_int("columns", columns)
    graph = nx.grid_2d_graph(rows, columns)
    labels = [int(2 * column >= columns) for _, column in graph]
    return _from_networkx(graph, labels, {(row, column): (column, -row) for row, column in graph})


def two_block_model(block_size: int = 50, p_in: float = 0.2, p_out: float = 0.02, seed: int = 0) -> Graph:
    """A stochastic block model of two equal blocks; the class is the block.

    Args:
        block_size: nodes in each block.
        p_in: probability of an edge between two nodes of one block.
        p_out: probability of an edge between nodes of different blocks.
        seed: of the random edges.

    Raises:
        TypeError, ValueError: a size is no positive integer, or a probability is outside [0, 1].
    """
    block_size, seed = check_int("block_size", block_size), check_int("seed", seed, minimum=0)
    for name, probability in {"p_in": p_in, "p_out": p_out}.items():
        check_between(name, probability, 0, 1, "be a probability")
    graph = nx.stochastic_block_model([block_size] * 2, [[p_in, p_out], [p_out, p_in]], seed=seed)
    labels = [block for _, block in graph.nodes(data="block")]
    # two discs side by side: the blocks are what the picture is about
    generator = np.random.default_rng(seed)
    angle = generator.uniform(0, 2 * np.pi, 2 * block_size)
    radius = np.sqrt(generator.uniform(0, 1, 2 * block_size))
    places = np.stack([radius * np.cos(angle) + 2.5 * np.array(labels), radius * np.sin(angle)], axis=1)
    return _from_networkx(graph, labels, dict(enumerate(places)))


def load_graph(graph: str, seed: int = 0) -> Graph:
    """The graph of exercise 3 with that name: "karate", "grid" (10 × 10) or "sbm" (two blocks of 50, drawn by seed).

    Raises:
        ValueError: another name.
    """
    check_choice("graph", graph, GRAPHS)
    if graph == "karate":
        return karate_club()
    return grid() if graph == "grid" else two_block_model(seed=seed)


def random_neighbourhoods(
    num_nodes: int, max_degree: int, channels: int, seed: int = 0, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """Standard normal messages for nodes with 1 … `max_degree` neighbours each, uniformly drawn.

    Node 0 has `max_degree` neighbours, so that no draw is without the largest neighbourhood.

    Returns:
        messages of shape (num_edges, channels), and index of shape (num_edges,), the target node of each, sorted.

    Raises:
        TypeError, ValueError: a size is no positive integer.
    """
    num_nodes, max_degree = check_int("num_nodes", num_nodes), check_int("max_degree", max_degree)
    channels, seed = check_int("channels", channels), check_int("seed", seed, minimum=0)
    generator = torch.Generator().manual_seed(seed)
    degree = torch.randint(1, max_degree + 1, (num_nodes,), generator=generator)
    degree[0] = max_degree
    index = torch.arange(num_nodes).repeat_interleave(degree)
    return torch.randn(len(index), channels, generator=generator, dtype=dtype), index


def draw_training_nodes(labels: Tensor, labels_per_class: int, copies: int, seed: int = 0) -> Tensor:
    """Masks of randomly drawn training nodes, the same number from every class, drawn anew for each copy.

    Args:
        labels: class of each node, shape (num_nodes,).
        labels_per_class: training nodes of each class; every class must keep at least one node to test on.
        copies: number of masks.
        seed: of the draw.

    Returns:
        Boolean, shape (copies, num_nodes).

    Raises:
        TypeError, ValueError: a number is no positive integer, or a class is too small.
    """
    labels_per_class, copies = check_int("labels_per_class", labels_per_class), check_int("copies", copies)
    classes, sizes = labels.unique(return_counts=True)
    smallest = int(sizes.min())
    if labels_per_class >= smallest:
        raise ValueError(
            f"labels_per_class must be below {smallest}, the size of the smallest class, got {labels_per_class}"
        )
    generator = torch.Generator().manual_seed(check_int("seed", seed, minimum=0))
    mask = torch.zeros(copies, len(labels), dtype=torch.bool)
    for copy in mask:
        for label in classes:
            nodes = (labels == label).nonzero().squeeze(1)
            copy[nodes[torch.randperm(len(nodes), generator=generator)[:labels_per_class]]] = True
    return mask


def _from_networkx(graph: nx.Graph, labels: list[int], places: dict) -> Graph:
    number = {node: i for i, node in enumerate(graph)}
    edges = torch.tensor([(number[u], number[v]) for u, v in graph.edges], dtype=torch.int64).reshape(-1, 2).T
    edge_index = torch.cat([edges, edges.flip(0)], dim=1)
    return Graph(edge_index, torch.tensor(labels), np.array([places[node] for node in graph], dtype=float))
