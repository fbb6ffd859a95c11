"""Sliders of exercise 3: node features become smooth, layer by layer."""

import explorers
import numpy as np
import pytest
import torch

import sheet11

NETWORKS = {"with H⁰": lambda P, H, H0, W, l: P @ H @ W + H0 / l}
GRAPH = sheet11.load_graph("sbm", 2)
P = sheet11.normalized_adjacency(GRAPH.edge_index, GRAPH.num_nodes)
NEIGHBOURS = [
    [*GRAPH.edge_index[0, GRAPH.edge_index[1] == node].tolist(), node]
    for node in range(GRAPH.num_nodes)
]
WAYS = {
    "P": lambda x: P @ x,
    "softargmax, λ = 1": lambda x: torch.stack(
        [(x[n].softmax(0) * x[n]).sum(0) for n in NEIGHBOURS]
    ),
    "max": lambda x: torch.stack([x[n].amax(0) for n in NEIGHBOURS]),
}


def course(way, depth):
    """Features of the first layers; more of them, and max has made all nodes equal."""
    generator = torch.Generator().manual_seed(2)
    first = x = torch.randn(GRAPH.num_nodes, 3, generator=generator, dtype=torch.float64)
    yield x
    for number in range(1, depth + 1):
        if way in WAYS:
            x = WAYS[way](x)
        else:
            W = torch.randn(3, 3, generator=generator, dtype=torch.float64) * (2 / 3) ** 0.5
            x = NETWORKS[way](P, x, first, W, number)
        yield x


@pytest.mark.parametrize("way", [*WAYS, *NETWORKS])
def test_oversmoothing_draws_the_chosen_way_down_to_the_depth(way, open_explorer):
    explorer = open_explorer(explorers.oversmoothing, layers=NETWORKS, features=3, seed=2)
    explorer.set(graph="sbm", depth=3, propagation=way)
    states = list(course(way, 3))
    left, middle, right = explorer.panels()
    np.testing.assert_allclose(left.collections[-1].get_array(), states[3][:, 0], atol=1e-12)
    points = np.concatenate([points.get_xydata() for points in middle.lines])
    members = GRAPH.labels.argsort(stable=True)
    np.testing.assert_allclose(points, states[3][members, :2], atol=1e-12)
    energy, distance = right.lines
    expected = [sheet11.dirichlet_energy(x, GRAPH.edge_index) / x.square().sum() for x in states]
    np.testing.assert_allclose(energy.get_ydata(), expected, rtol=1e-9)
    expected = [sheet11.mean_average_distance(x, GRAPH.edge_index) for x in states]
    np.testing.assert_allclose(distance.get_ydata(), expected, rtol=1e-9)
