"""Sliders of exercise 3: node features become smooth, layer by layer."""

from functools import lru_cache

import torch
from matplotlib.figure import Figure

from sheet11.given.graphs import GRAPHS, Graph, load_graph
from sheet11.given.propagation import attention, propagate
from sheet11.lab.figures.oversmoothing import draw_embedding
from sheet11.lab.plots import drawn_if_wanted, panels
from sheet11.lab.sliders import Function, show_with_controls

DEEPEST = 64


@drawn_if_wanted
def explore_oversmoothing(
    normalized_adjacency: Function,
    aggregate: Function,
    graph: str = "karate",
    features: int = 16,
    seed: int = 0,
) -> None:
    """Show the first two features of every node for four ways to propagate, with controls for the graph and the depth.

    Args:
        normalized_adjacency: called with edge_index and num_nodes.
        aggregate: called with messages, index, num_nodes, λ and η, as `softargmax_aggregate`.
        graph: initial graph, "karate", "grid" or "sbm".
        features: number of columns of the random features.
        seed: seed of the features and of the block model.
    """

    @lru_cache
    def layers_of(graph: str) -> tuple[Graph, dict[str, list[torch.Tensor]]]:
        """Return the graph, and for every way to propagate the features after 0, 1, … layers."""
        g = load_graph(graph, seed)
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(g.num_nodes, features, generator=generator, dtype=torch.float64)
        u, v = torch.cat([g.edge_index, torch.arange(g.num_nodes).expand(2, -1)], dim=1)
        P = normalized_adjacency(g.edge_index, g.num_nodes)
        ways = {
            "P": lambda H: P @ H,
            "mean": lambda H: aggregate(H[u], v, g.num_nodes, 0.0, 0.0),
            "attention": lambda H: attention(H, P),
            "GCNII": lambda H: 0.9 * (P @ H) + 0.1 * x,  # at β = 0
        }
        return g, {name: list(propagate(x, way, DEEPEST)) for name, way in ways.items()}

    def draw(graph: str, depth: int) -> Figure:
        g, states = layers_of(graph)
        figure, axes = panels(len(states), 3.0)
        for ax, (name, layers) in zip(axes, states.items(), strict=True):
            draw_embedding(ax, layers[depth], g.labels)
            ax.set(title=f"{name}, depth {depth}", xlabel="feature 1")
        axes[0].set_ylabel("feature 2")
        axes[0].legend(loc="upper left", fontsize="small")
        return figure

    show_with_controls(
        draw,
        {
            "graph": dict(kind="ToggleButtons", options=GRAPHS, value=graph, frames=[*GRAPHS]),
            "depth": dict(
                kind="IntSlider", min=0, max=DEEPEST, value=4, frames=[0, 1, 2, 8, 32, DEEPEST]
            ),
        },
    )
