"""Sliders of exercise oversmoothing."""

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from types import ModuleType
from typing import Any

import numpy as np

from sheet11.lab.figures.oversmoothing import draw_embedding, draw_nodes
from sheet11.lab.plots import COLOURS, draw_curve, panels
from sheet11.lab.sliders import show_with_controls

WAYS = {"P": None, "mean": 0.0, "softargmax, λ = 1": 1.0, "max": math.inf}  # λ of the aggregation
DEEPEST = 64
FLOOR = 1e-18  # smallest energy that is drawn


def explore_oversmoothing(
    normalized_adjacency: Callable[..., Any],
    dirichlet_energy: Callable[..., Any],
    mean_average_distance: Callable[..., Any],
    aggregate: Callable[..., Any],
    graph: str = "karate",
    features: int = 16,
    seed: int = 0,
) -> None:
    """A graph washing out: node colours, embedding, energy and MAD, for graph, depth, propagation and remedy.

    The remedies are those of the networks, without their weights and ReLU: with S the propagated features, the layer
    is S, (X + S)/2 (residual), 0.9 S + 0.1 X⁽⁰⁾ (gcnii), or `pair_norm` of S (pairnorm).

    Args:
        normalized_adjacency: called with edge_index and num_nodes.
        dirichlet_energy: called with features and edge_index.
        mean_average_distance: called with features and edge_index.
        aggregate: called with messages, index, num_nodes, λ and η, as `softargmax_aggregate`.
        graph: "karate", "grid" or "sbm" at the start.
        features: columns of the random features.
        seed: of the features and the block model.
    """
    import torch

    from sheet11.gcn import REMEDIES, pair_norm
    from sheet11.graphs import GRAPHS, load_graph
    from sheet11.propagation import propagate

    figure, (left, middle, right) = panels(3, 3.4, gap=0.8)
    drawn = []  # the graph in the left panel

    @lru_cache
    def course(graph: str, way: str, remedy: str) -> tuple[Any, Iterator[Any], list[Any]]:
        """The graph, layer by layer a row of features, energy and distance, and the rows that were needed so far."""
        g = load_graph(graph, seed)
        first = torch.randn(g.num_nodes, features, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        u, v = torch.cat([g.edge_index, torch.arange(g.num_nodes).expand(2, -1)], dim=1)  # with self-loops
        P = normalized_adjacency(g.edge_index, g.num_nodes)

        def layer(x: torch.Tensor) -> torch.Tensor:
            S = P @ x if way == "P" else aggregate(x[u], v, g.num_nodes, WAYS[way], 0.0)
            if remedy == "residual":
                return (x + S) / 2
            if remedy == "gcnii":
                return 0.9 * S + 0.1 * first
            return pair_norm(S) if remedy == "pairnorm" else S

        def rows() -> Iterator[Any]:
            for x in propagate(first, layer, DEEPEST):
                energy, size = float(dirichlet_energy(x, g.edge_index)), x.square().sum().item()
                yield x.numpy(), energy / size, float(mean_average_distance(x, g.edge_index))

        return g, rows(), []

    def draw(graph: str, depth: int, way: str, remedy: str) -> None:
        g, rows, known = course(graph, way, remedy)
        known.extend(islice(rows, max(0, depth + 1 - len(known))))
        states, energy, distance = zip(*known[: depth + 1], strict=True)
        if drawn != [graph]:
            left.clear()
            drawn[:] = [graph]
        x = states[depth]
        limit = draw_nodes(left, x[:, 0], g.edge_index, g.positions)
        draw_embedding(middle, x, g.labels)
        layers = range(depth + 1)
        for name, values, style in [
            ("E(X) / ‖X‖²", energy, {"color": COLOURS[0], "marker": "o"}),
            ("MAD", distance, {"color": COLOURS[1], "marker": "s"}),
        ]:
            draw_curve(right, name, layers, np.maximum(values, FLOOR), markersize=3, linewidth=1.2, **style)
        left.set(title=f"{graph}, depth {depth}: feature 1, ± {limit:.2g}")
        middle.set(title="embedding", xlabel="feature 1", ylabel="feature 2")
        right.set(title=f"{way}, remedy: {remedy}")

    right.set_yscale("log")
    right.set(xlabel="depth (layers)", ylabel="smoothness", xlim=(-1, DEEPEST + 1), ylim=(FLOOR, 10))
    start = {"graph": graph, "depth": 8, "way": "P", "remedy": "none"}

    def controls(w: ModuleType) -> dict[str, Any]:
        return {
            "graph": w.ToggleButtons(options=GRAPHS),
            "depth": w.IntSlider(min=0, max=DEEPEST),
            "way": w.ToggleButtons(options=list(WAYS), description="propagation"),
            "remedy": w.ToggleButtons(options=REMEDIES),
        }

    show_with_controls(figure, draw, start, controls, legends=[(middle, "upper left"), (right, "lower left")])
