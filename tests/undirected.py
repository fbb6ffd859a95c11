"""Random graphs for the tests of exercise 3, and their P by its definition."""

import networkx as nx
import numpy as np
import torch
from hypothesis import strategies as st

seeds = st.integers(0, 10**6)
graphs = st.builds(
    nx.gnp_random_graph, st.integers(1, 12), st.floats(0, 1), seeds
)  # isolated nodes among them


def edge_index_of(graph):
    edges = np.array(list(graph.edges), dtype=np.int64).reshape(-1, 2).T
    ways = edges[:, edges[0] != edges[1]]  # a loop has one
    return torch.from_numpy(np.concatenate([edges, ways[::-1]], axis=1))


def dense(graph):
    """P by its definition, from networkx's adjacency matrix."""
    A = nx.to_numpy_array(graph, weight=None) + np.eye(len(graph))
    D = np.diag(A.sum(axis=1) ** -0.5)
    return D @ A @ D


def root_degree(graph):
    return torch.tensor([[1 + degree] for _, degree in graph.degree], dtype=torch.float64).sqrt()


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def close(ours, expected, tolerance=1e-12):
    np.testing.assert_allclose(
        torch.as_tensor(ours).detach(), expected, rtol=tolerance, atol=tolerance
    )
