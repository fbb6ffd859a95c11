"""Sliders of exercise oversmoothing: what they draw."""

import explorers
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import sheet11
from sheet11 import gcn
from sheet11.gcn import pair_norm
from sheet11.lab.explore.oversmoothing import explore_oversmoothing

WAYS = {
    "P": lambda x, P, neighbours: P @ x,
    "mean": lambda x, P, neighbours: torch.stack([x[n].mean(0) for n in neighbours]),
    "softargmax, λ = 1": lambda x, P, neighbours: torch.stack([(x[n].softmax(0) * x[n]).sum(0) for n in neighbours]),
    "max": lambda x, P, neighbours: torch.stack([x[n].amax(0) for n in neighbours]),
}
REMEDIES = {
    "none": lambda x, S, first: S,
    "residual": lambda x, S, first: (x + S) / 2,
    "gcnii": lambda x, S, first: 0.9 * S + 0.1 * first,
    "pairnorm": lambda x, S, first: pair_norm(S),
}


def test_a_missing_answer_is_the_cells_error():
    def unanswered(*_):
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        explore_oversmoothing(*[unanswered] * 4)
    assert plt.get_fignums() == [], "an empty figure"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("remedy", REMEDIES)
def test_oversmoothing_draws_the_chosen_way_down_to_the_depth(way, remedy, open_explorer):
    explorer = open_explorer(explorers.oversmoothing, features=3, seed=2)
    explorer.set(graph="sbm", depth=3, propagation=way, remedy=remedy)
    graph = sheet11.load_graph("sbm", 2)
    u, v = graph.edge_index
    neighbours = [[*u[v == node].tolist(), node] for node in range(graph.num_nodes)]
    P = sheet11.normalized_adjacency(graph.edge_index, graph.num_nodes)
    first = torch.randn(graph.num_nodes, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    states = [first]
    for _ in range(3):  # one layer more, and max has made all nodes equal
        states.append(REMEDIES[remedy](states[-1], WAYS[way](states[-1], P, neighbours), first))
    left, middle, right = explorer.panels()
    np.testing.assert_allclose(left.collections[0].get_array(), states[-1][:, 0], atol=1e-12)
    for label, points in enumerate(middle.lines):
        np.testing.assert_allclose(points.get_xydata(), states[-1][graph.labels == label, :2], atol=1e-12)
    energy, distance = right.lines
    expected = [sheet11.dirichlet_energy(x, graph.edge_index) / x.square().sum() for x in states]
    np.testing.assert_allclose(energy.get_ydata(), expected, rtol=1e-9)
    expected = [sheet11.mean_average_distance(x, graph.edge_index) for x in states]
    np.testing.assert_allclose(distance.get_ydata(), expected, rtol=1e-9)
    explorer.set(depth=2)
    assert len(right.lines[0].get_xdata()) == 3
    np.testing.assert_allclose(left.collections[0].get_array(), states[2][:, 0], atol=1e-12)


def test_the_remedies_are_those_of_the_networks():
    assert tuple(REMEDIES) == gcn.REMEDIES
