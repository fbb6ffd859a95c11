"""Small graphs with two classes of nodes, and random neighbourhoods, for the exercises.

`edge_index` holds every undirected edge twice, once in each direction, as in PyTorch Geometric.
"""

from typing import NamedTuple

import networkx as nx
import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from sheet11.given.checks import Floats, check_between, check_choice, check_int
from sheet11.large.graphs import draw_block_edges

GRAPHS = ("karate", "grid", "sbm")
_PAIRWISE = 1000  # largest block, in nodes, for which every pair is tried


class Graph(NamedTuple):
    """Undirected graph with a class and a position for every node."""

    edge_index: Tensor  # (2, num_edges) int64, both directions of every edge, no self-loops
    labels: Tensor  # (num_nodes,) int64, the class of each node
    positions: Floats  # (num_nodes, 2), for drawing

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return len(self.labels)


def karate_club() -> Graph:
    """Return Zachary's karate club, unweighted: 34 members, 78 friendships; the class is the club after the split.

    Source: Zachary 1977, Journal of Anthropological Research 33(4), 452-473, as networkx ships it.
    """
    graph = nx.karate_club_graph()
    places = nx.spring_layout(graph, weight=None, seed=0)
    return _graph(
        edges=np.array(graph.edges).T,
        labels=[club == "Officer" for _, club in graph.nodes(data="club")],
        positions=list(places.values()),
    )


def grid(rows: int = 10, columns: int = 10) -> Graph:
    """Return a rows × columns grid; the class is the left or the right half.

    Raises:
        TypeError, ValueError: a size is not a positive integer.
    """
    rows = check_int("rows", rows)
    columns = check_int("columns", columns)
    node = np.arange(rows * columns).reshape(rows, columns)
    left = node[:, :-1].ravel()
    upper = node[:-1].ravel()
    row, column = np.divmod(node.ravel(), columns)
    return _graph(
        edges=np.hstack([(left, left + 1), (upper, upper + columns)]),
        labels=2 * column >= columns,
        positions=np.stack([column, -row], axis=1),
    )


def two_block_model(
    block_size: int = 50, p_in: float = 0.2, p_out: float = 0.02, seed: int = 0
) -> Graph:
    """Draw a stochastic block model of two equal blocks; the class is the block.

    networkx draws blocks of up to a thousand nodes by trying every pair, in time quadratic in the size; the edges of
    larger blocks are drawn in time proportional to their number.

    Args:
        block_size: nodes in each block.
        p_in: probability of an edge between two nodes of one block.
        p_out: probability of an edge between nodes of different blocks.
        seed: seed of the random edges.

    Raises:
        TypeError, ValueError: a size is not a positive integer, or a probability is outside [0, 1].
    """
    block_size = check_int("block_size", block_size)
    seed = check_int("seed", seed, minimum=0)
    check_between(
        "p_in",
        p_in,
        low=0,
        high=1,
        wanted="be a probability",
    )
    check_between(
        "p_out",
        p_out,
        low=0,
        high=1,
        wanted="be a probability",
    )
    generator = np.random.default_rng(seed)
    # draw the blocks as two discs at opposite corners of a square, so that the picture shows them apart
    label = np.arange(2 * block_size) // block_size
    angle = generator.uniform(0, 2 * np.pi, 2 * block_size)
    radius = np.sqrt(generator.uniform(0, 1, 2 * block_size))
    x = radius * np.cos(angle) + 1.7 * label
    y = radius * np.sin(angle) + 1.7 * label

    if block_size <= _PAIRWISE:
        probabilities = [[p_in, p_out], [p_out, p_in]]
        graph = nx.stochastic_block_model([block_size] * 2, probabilities, seed=seed)
        edges = np.array(graph.edges, dtype=np.int64).reshape(-1, 2)
    else:
        edges = draw_block_edges(block_size, p_in, p_out, generator)
    return _graph(edges.T, label, np.stack([x, y], axis=1))


def load_graph(graph: str, seed: int = 0, nodes: int = 100) -> Graph:
    """Return a graph of exercise 3 by name: "karate", "grid" or "sbm" (two random blocks).

    Args:
        graph: name of the graph.
        seed: seed of the two blocks.
        nodes: approximate number of nodes of the grid, which is square, and of both blocks together, which are equal;
            the karate club always has 34. A node of a block has about 10 neighbours in its own block and 1 in the
            other, if the blocks are large enough.

    Raises:
        TypeError, ValueError: the name is unknown, or nodes is not an integer of at least 4.
    """
    check_choice("graph", graph, GRAPHS)
    nodes = check_int("nodes", nodes, minimum=4)
    if graph == "karate":
        return karate_club()
    if graph == "grid":
        side = round(nodes**0.5)
        return grid(side, side)
    block_size = nodes // 2
    return two_block_model(block_size, min(1, 10 / block_size), min(1, 1 / block_size), seed)


def random_neighbourhoods(
    num_nodes: int,
    max_degree: int,
    channels: int,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> tuple[Tensor, Tensor]:
    """Draw standard normal messages for nodes whose number of neighbours is uniform in 1 … `max_degree`.

    Node 0 has `max_degree` neighbours, so that every draw contains the largest neighbourhood.

    Returns:
        messages of shape (num_edges, channels), and index of shape (num_edges,), their target nodes, sorted.

    Raises:
        TypeError, ValueError: a size is not a positive integer.
    """
    num_nodes = check_int("num_nodes", num_nodes)
    max_degree = check_int("max_degree", max_degree)
    channels = check_int("channels", channels)
    seed = check_int("seed", seed, minimum=0)
    generator = torch.Generator().manual_seed(seed)
    degree = torch.randint(1, max_degree + 1, (num_nodes,), generator=generator)
    degree[0] = max_degree
    index = torch.arange(num_nodes).repeat_interleave(degree)
    return torch.randn(len(index), channels, generator=generator, dtype=dtype), index


def _graph(edges: ArrayLike, labels: ArrayLike, positions: ArrayLike) -> Graph:
    """Return a graph from its edges, each once, of shape (2, edges)."""
    once = torch.as_tensor(edges)
    edge_index = torch.cat([once, once.flip(0)], dim=1)
    return Graph(edge_index, torch.as_tensor(labels).long(), np.array(positions, float))
