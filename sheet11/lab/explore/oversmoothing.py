"""Sliders of exercise 3: a graph washes out, layer by layer."""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

from sheet11.lab.figures.oversmoothing import FLOOR, draw_embedding, draw_nodes
from sheet11.lab.plots import COLOURS, draw_curve, panels
from sheet11.lab.sliders import explored_if_wanted, show_with_controls

Layer = Callable[..., Any]
WAYS = {"P": None, "mean": 0.0, "softargmax, λ = 1": 1.0, "max": math.inf}  # λ of the aggregation
DEEPEST = 64


@explored_if_wanted
def explore_oversmoothing(
    normalized_adjacency: Callable[..., Any],
    dirichlet_energy: Callable[..., Any],
    mean_average_distance: Callable[..., Any],
    aggregate: Callable[..., Any],
    layers: Mapping[str, Layer] | None = None,
    graph: str = "karate",
    features: int = 16,
    seed: int = 0,
) -> None:
    """A graph washing out: node colours, embedding, energy and MAD, for graph, depth and way of propagation.

    Args:
        normalized_adjacency: called with edge_index and num_nodes.
        dirichlet_energy: called with features and edge_index.
        mean_average_distance: called with features and edge_index.
        aggregate: called with messages, index, num_nodes, λ and η, as `softargmax_aggregate`.
        layers: layers of networks by name, called with P, H, H⁰, W and l; their W are random.
        graph: "karate", "grid" or "sbm" at the start.
        features: columns of the random features.
        seed: of the features, the weights and the block model.
    """
    import torch

    from sheet11.given.gcn import convolution
    from sheet11.given.graphs import GRAPHS, load_graph

    figure, (left, middle, right) = panels(3, 3.4, gap=0.8)
    drawn: list[str] = []  # the graph in the left panel
    networks = {"convolution": convolution, **(layers or {})}

    @lru_cache
    def course(graph: str, way: str) -> tuple[Any, list[Any], list[float], list[float]]:
        """The graph, and layer by layer the features, their relative energy and MAD."""
        g = load_graph(graph, seed)
        generator = torch.Generator().manual_seed(seed)
        first = torch.randn(g.num_nodes, features, generator=generator, dtype=torch.float64)
        u, v = torch.cat(
            [g.edge_index, torch.arange(g.num_nodes).expand(2, -1)], dim=1
        )  # with self-loops
        P = normalized_adjacency(g.edge_index, g.num_nodes)

        def after(x: Any, number: int) -> Any:
            if way in networks:
                W = torch.randn(
                    features, features, generator=generator, dtype=torch.float64
                ) * math.sqrt(2 / features)
                return networks[way](P, x, first, W, number)
            return P @ x if way == "P" else aggregate(x[u], v, g.num_nodes, WAYS[way], 0.0)

        states = list(accumulate(range(1, DEEPEST + 1), after, initial=first))
        sizes = [
            x.square().sum().clamp(min=1e-300) for x in states
        ]  # with ReLU all features can die out
        energies = [
            float(dirichlet_energy(x, g.edge_index) / size)
            for x, size in zip(states, sizes, strict=True)
        ]
        distances = [float(mean_average_distance(x, g.edge_index)) for x in states]
        return g, states, energies, distances

    def draw(graph: str, depth: int, way: str) -> None:
        g, states, energies, distances = course(graph, way)
        if drawn != [graph]:
            left.clear()
            drawn[:] = [graph]
        x = states[depth].numpy()
        limit = draw_nodes(left, x[:, 0], g.edge_index, g.positions)
        draw_embedding(middle, x, g.labels)
        layers = range(depth + 1)
        for name, values, style in [
            ("E(X) / ‖X‖²", energies[: depth + 1], {"color": COLOURS[0], "marker": "o"}),
            ("MAD", distances[: depth + 1], {"color": COLOURS[1], "marker": "s"}),
        ]:
            draw_curve(
                right, name, layers, np.maximum(values, FLOOR), markersize=3, linewidth=1.2, **style
            )
        left.set(title=f"{graph}, depth {depth}: feature 1, ± {limit:.2g}")
        middle.set(title="embedding", xlabel="feature 1", ylabel="feature 2")
        right.set(title=way)

    right.set_yscale("log")
    right.set(
        xlabel="depth (layers)", ylabel="smoothness", xlim=(-1, DEEPEST + 1), ylim=(FLOOR, 10)
    )
    start = {"graph": graph, "depth": 8, "way": "P"}

    def controls(w: Any) -> dict[str, Any]:
        return {
            "graph": w.ToggleButtons(options=GRAPHS),
            "depth": w.IntSlider(min=0, max=DEEPEST),
            "way": w.ToggleButtons(options=[*WAYS, *networks], description="propagation"),
        }

    show_with_controls(
        figure, draw, start, controls, legends=[(middle, "upper left"), (right, "lower left")]
    )
