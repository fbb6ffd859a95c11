"""Sliders of exercise 3: node features become smooth, layer by layer."""

import math
from collections.abc import Mapping
from functools import lru_cache, partial
from itertools import accumulate
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sheet11.lab.figures.oversmoothing import FLOOR, draw_embedding, draw_nodes
from sheet11.lab.plots import drawn_if_wanted, panels
from sheet11.lab.sliders import Function, show_with_controls

WAYS = {"P": None, "mean": 0.0, "softargmax, λ = 1": 1.0, "max": math.inf}  # λ of the aggregation
DEEPEST = 64


@drawn_if_wanted
def explore_oversmoothing(
    normalized_adjacency: Function,
    dirichlet_energy: Function,
    mean_average_distance: Function,
    aggregate: Function,
    layers: Mapping[str, Function] | None = None,
    graph: str = "karate",
    features: int = 16,
    seed: int = 0,
) -> None:
    """Show node colours, embedding, energy and MAD, with controls for graph, depth and kind of propagation.

    Args:
        normalized_adjacency: called with edge_index and num_nodes.
        dirichlet_energy: called with features and edge_index.
        mean_average_distance: called with features and edge_index.
        aggregate: called with messages, index, num_nodes, λ and η, as `softargmax_aggregate`.
        layers: network layers by name, called with P, H, H⁰, W and l; W is random.
        graph: initial graph, "karate", "grid" or "sbm".
        features: number of columns of the random features.
        seed: seed of the features, the weights and the block model.
    """
    import torch

    from sheet11.given.gcn import convolution
    from sheet11.given.graphs import GRAPHS, load_graph

    networks = {"convolution": convolution, **(layers or {})}

    @lru_cache
    def course(graph: str, way: str) -> tuple[Any, list[Any], list[float], list[float]]:
        """Return the graph, and for every layer the features, their relative energy and MAD."""
        g = load_graph(graph, seed)
        generator = torch.Generator().manual_seed(seed)
        normal = partial(torch.randn, generator=generator, dtype=torch.float64)
        loops = torch.arange(g.num_nodes).expand(2, -1)
        u, v = torch.cat([g.edge_index, loops], dim=1)
        P = normalized_adjacency(g.edge_index, g.num_nodes)
        first = normal(g.num_nodes, features)

        def layer(x: Any, number: int) -> Any:
            if way in networks:
                W = normal(features, features) * math.sqrt(2 / features)
                return networks[way](P, x, first, W, number)
            if way == "P":
                return P @ x
            return aggregate(x[u], v, g.num_nodes, WAYS[way], 0.0)

        states = list(accumulate(range(1, DEEPEST + 1), layer, initial=first))
        energies = []
        distances = []
        for x in states:
            size = x.square().sum().clamp(min=1e-300)  # after ReLU all features can be 0
            energies.append(float(dirichlet_energy(x, g.edge_index) / size))
            distances.append(float(mean_average_distance(x, g.edge_index)))
        return g, states, energies, distances

    def draw(graph: str, depth: int, way: str) -> Figure:
        g, states, energies, distances = course(graph, way)
        x = states[depth].numpy()
        figure, (left, middle, right) = panels(3, 3.4, across=0.8)
        limit = draw_nodes(left, x[:, 0], g.edge_index, g.positions)
        left.set(title=f"{graph}, depth {depth}: feature 1, ± {limit:.2g}")
        draw_embedding(middle, x, g.labels)
        middle.set(title="embedding", xlabel="feature 1", ylabel="feature 2")
        middle.legend(loc="upper left", fontsize="small")
        for name, values in {"E(X) / ‖X‖²": energies, "MAD": distances}.items():
            right.plot(
                np.maximum(values[: depth + 1], FLOOR),
                label=name,
                markersize=3,
                linewidth=1.2,
            )
        right.set(title=way, yscale="log", xlim=(-1, DEEPEST + 1), ylim=(FLOOR, 10))
        right.set(xlabel="depth (layers)", ylabel="smoothness")
        right.legend(loc="lower left", fontsize="small")
        return figure

    show_with_controls(
        draw,
        {
            "graph": dict(kind="ToggleButtons", options=GRAPHS, value=graph),
            "depth": dict(
                kind="IntSlider", min=0, max=DEEPEST, value=8, frames=[0, 2, 8, 32, DEEPEST]
            ),
            "way": dict(
                kind="ToggleButtons",
                options=[*WAYS, *networks],
                value="P",
                description="propagation",
                frames=[*WAYS, *networks],
            ),
        },
    )
