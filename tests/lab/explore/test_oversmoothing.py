"""Sliders of exercise oversmoothing: what they draw."""

import explorers
import numpy as np
import pytest
import torch

import sheet11

WAYS = {
    "P": lambda x, P, neighbours: P @ x,
    "mean": lambda x, P, neighbours: torch.stack([x[n].mean(0) for n in neighbours]),
    "softargmax, λ = 1": lambda x, P, neighbours: torch.stack(
        [(x[n].softmax(0) * x[n]).sum(0) for n in neighbours]
    ),
    "max": lambda x, P, neighbours: torch.stack([x[n].amax(0) for n in neighbours]),
}
LAYERS = {
    "plain": lambda P, H, H0, W, l: P @ H @ W,
    "with H⁰": lambda P, H, H0, W, l: P @ H + H0 / l,
}


@pytest.mark.parametrize("way", [*WAYS, *LAYERS])
def test_oversmoothing_draws_the_chosen_way_down_to_the_depth(way, undrawn, open_explorer):
    explorer = open_explorer(explorers.oversmoothing, layers=LAYERS, features=3, seed=2)
    explorer.set(graph="sbm", depth=3, propagation=way)
    graph = sheet11.load_graph("sbm", 2)
    u, v = graph.edge_index
    neighbours = [[*u[v == node].tolist(), node] for node in range(graph.num_nodes)]
    P = sheet11.normalized_adjacency(graph.edge_index, graph.num_nodes)
    generator = torch.Generator().manual_seed(2)
    first = torch.randn(graph.num_nodes, 3, generator=generator, dtype=torch.float64)
    states = [first]
    for number in (1, 2, 3):  # one layer more, and max has made all nodes equal
        if way in LAYERS:
            W = torch.randn(3, 3, generator=generator, dtype=torch.float64) * (2 / 3) ** 0.5
            states.append(LAYERS[way](P, states[-1], first, W, number))
        else:
            states.append(WAYS[way](states[-1], P, neighbours))
    left, middle, right = explorer.panels()
    np.testing.assert_allclose(left.collections[-1].get_array(), states[-1][:, 0], atol=1e-12)
    for label, points in enumerate(middle.lines):
        np.testing.assert_allclose(
            points.get_xydata(), states[-1][graph.labels == label, :2], atol=1e-12
        )
    energy, distance = right.lines
    expected = [sheet11.dirichlet_energy(x, graph.edge_index) / x.square().sum() for x in states]
    np.testing.assert_allclose(energy.get_ydata(), expected, rtol=1e-9)
    expected = [sheet11.mean_average_distance(x, graph.edge_index) for x in states]
    np.testing.assert_allclose(distance.get_ydata(), expected, rtol=1e-9)
    explorer.set(depth=2)
    assert len(right.lines[0].get_xdata()) == 3
    np.testing.assert_allclose(left.collections[-1].get_array(), states[2][:, 0], atol=1e-12)
