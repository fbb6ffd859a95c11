"""Slider of exercise 3: node features become smooth, layer by layer."""

import explorers
import numpy as np
import pytest
import torch

import sheet11

GRAPH = sheet11.load_graph("sbm", 2)
P = sheet11.normalized_adjacency(GRAPH.edge_index, GRAPH.num_nodes).to_dense()
FIRST = torch.randn(100, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
NEAR = (P > 0).double()
MEAN = NEAR / NEAR.sum(dim=1, keepdim=True)


def attend(x):
    weights = torch.exp(x @ x.T / 3**0.5) * NEAR
    return weights / weights.sum(dim=1, keepdim=True) @ x


WAYS = {
    "P": lambda x: P @ x,
    "mean": lambda x: MEAN @ x,
    "attention": attend,
    "GCNII": lambda x: 0.9 * P @ x + 0.1 * FIRST,
}


@pytest.mark.parametrize("depth", [0, 3])
def test_oversmoothing_draws_the_features_of_every_way_at_the_depth(depth, open_explorer):
    explorer = open_explorer(explorers.oversmoothing, graph="sbm", features=3, seed=2)
    explorer.set(depth=depth)
    members = GRAPH.labels.argsort(stable=True)
    for (name, step), ax in zip(WAYS.items(), explorer.panels(), strict=True):
        x = FIRST
        for _ in range(depth):
            x = step(x)
        assert ax.get_title() == f"{name}, depth {depth}"
        points = np.concatenate([points.get_xydata() for points in ax.lines])
        np.testing.assert_allclose(points, x[members, :2], atol=1e-12)
