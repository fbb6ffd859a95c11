"""Drawing and checking the edges of large graphs in time proportional to their number."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def draw_block_edges(
    block_size: int,
    p_in: float,
    p_out: float,
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw the edges of a two-block model, each once, shape (edges, 2).

    Args:
        block_size: nodes in each block.
        p_in: probability of an edge between two nodes of one block.
        p_out: probability of an edge between nodes of different blocks.
        generator: random number generator.
    """
    edges = []
    for first, second, p in [(0, 0, p_in), (0, 1, p_out), (1, 1, p_in)]:
        # the number of edges is binomial: every pair is an independent trial
        chosen = generator.choice(
            block_size**2,
            generator.binomial(block_size**2, p),
            replace=False,
            shuffle=False,
        )
        pairs = np.stack(np.divmod(chosen, block_size), axis=1)
        if first == second:
            pairs = pairs[pairs[:, 0] < pairs[:, 1]]
        edges.append(pairs + [first * block_size, second * block_size])
    return np.concatenate(edges)


def holds_both_directions(edge_index: Tensor, num_nodes: int) -> bool:
    """Return True if every edge (u, v) has its reverse (v, u), without sorting.

    Σ r_u s_v over the edges equals Σ r_v s_u if every edge has its reverse, and for scrambled integers r and s almost
    never otherwise.
    """
    u, v = edge_index
    # integer products wrap around, which scrambles the bits
    r = (torch.arange(num_nodes, device=edge_index.device) + 1) * 0x1E3779B97F4A7C15
    r = (r ^ (r >> 29)) * 0x3F58476D1CE4E5B9
    s = (r ^ (r >> 32)) * 0x14D049BB133111EB
    return torch.equal(
        torch.dot(r.index_select(0, u), s.index_select(0, v)),
        torch.dot(r.index_select(0, v), s.index_select(0, u)),
    )
