"""Figures of exercise 3: energies, collapsing features, accuracy against depth."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from sheet11.lab.plots import (
    COLOURS,
    DIVERGING,
    MARKERS,
    MOST,
    WIDTH,
    draw_curve,
    drawn_if_wanted,
    grid_of_panels,
    powers_of_ten,
)

FLOOR = 1e-18  # smallest energy that is drawn


@drawn_if_wanted
def energies(
    energy: Mapping[str, ArrayLike], rates: Mapping[str, float], highlighted: str
) -> Figure:
    """Dirichlet energy against depth for several graphs; dashed lines fall at the predicted rates."""
    figure, ((ax,),) = _stacked(1, 1, 3.7, bottom=1.2)
    for number, (name, values) in enumerate(energy.items()):
        values, colour, width = (
            np.asarray(values),
            COLOURS[number],
            2.5 if name == highlighted else 1.2,
        )
        layer = np.flatnonzero(values > 1e-20 * values[0])
        ax.semilogy(layer, values[layer], color=colour, linewidth=width, label=f"{name}: measured")
        predicted = values[layer[-1]] * np.exp(rates[name] * (layer - layer[-1]))
        label = f"{name}: predicted slope {rates[name]:.4g}"
        ax.semilogy(layer, predicted, "--", color=colour, linewidth=1, label=label)
    ax.set(xlabel="depth (layers)", ylabel="Dirichlet energy E(X)")
    ax.set_title("Energy of the features, and its predicted rate")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    powers_of_ten(ax.yaxis)
    _legend_below(figure, ax, columns=3)  # measured above predicted
    return figure


@drawn_if_wanted
def collapse(
    states: Mapping[int, ArrayLike], edge_index: ArrayLike, positions: ArrayLike, labels: ArrayLike
) -> Figure:
    """Node features at several depths: the first on the graph as colour, the first two as a scatter plot by class.

    Every picture has its own scale, symmetric about 0; the title says how far the colours reach. In large graphs the
    edges are left out and nodes are dots; the scatter plots hold a sample of each class.

    Args:
        states: depth and features of shape (num_nodes, at least 2).
        edge_index: shape (2, num_edges).
        positions: shape (num_nodes, 2).
        labels: shape (num_nodes,).
    """
    arrays = {depth: np.asarray(state) for depth, state in states.items()}
    figure, axes = _stacked(2, len(states), 2.3)
    for (upper, lower), (depth, state) in zip(axes.T, arrays.items(), strict=True):
        limit = draw_nodes(upper, state[:, 0], edge_index, positions)
        upper.set(title=f"depth {depth}\ncolours: ± {limit:.2g}")
        draw_embedding(lower, state, labels)
        lower.set(xlabel="feature 1")
    axes[1, 0].set_ylabel("feature 2")
    _legend_below(figure, axes[1, 0])
    return figure


def draw_nodes(ax: Axes, feature: ArrayLike, edge_index: ArrayLike, positions: ArrayLike) -> float:
    """Draw a graph with a feature as the colour of its nodes, or change the colours of the one that is drawn.

    Returns:
        The number at the end of the colour scale, which is symmetric about 0.
    """
    feature = np.asarray(feature)
    limit = float(np.abs(feature).max()) or 1.0
    if not ax.collections:
        few = len(feature) <= 4 * MOST
        if few:
            draw_edges(ax, edge_index, positions)
        size, width = (max(8, 600 / len(feature)), 0.4) if few else (1, 0)
        x, y = np.asarray(positions).T
        ax.scatter(x, y, c=feature, cmap=DIVERGING, s=size, linewidths=width, edgecolors="0.3")
        ax.set_aspect("equal")
        ax.axis("off")
    (nodes,) = ax.collections
    nodes.set_array(feature)
    nodes.set_clim(-limit, limit)
    return limit


def draw_embedding(ax: Axes, state: ArrayLike, labels: ArrayLike) -> None:
    """Draw the first two features of the nodes, a marker for each class, or change those that are drawn."""
    state, labels = np.asarray(state), np.asarray(labels)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        members = members[:: -(-len(members) // (4 * MOST))]
        style = {"color": COLOURS[label], "marker": MARKERS[label], "alpha": 0.8, "linestyle": ""}
        size = 4 if len(members) <= MOST else 1.5
        draw_curve(ax, f"class {label}", *state[members, :2].T, markersize=size, **style)
    reach = 1.1 * np.abs(state[:, :2]).max() or 1.0
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.xaxis.set_major_locator(MaxNLocator(3))
    ax.yaxis.set_major_locator(MaxNLocator(3))
    ax.grid(alpha=0.3)


def draw_edges(ax: Axes, edge_index: ArrayLike, positions: ArrayLike) -> None:
    """Draw every undirected edge once, as one line through all of them broken by NaN."""
    u, v = np.asarray(edge_index)
    positions = np.asarray(positions)
    ends = np.stack(
        [positions[u[u < v]], positions[v[u < v]], np.full((np.sum(u < v), 2), np.nan)], axis=1
    )
    ax.plot(
        *ends.reshape(-1, 2).T, color="0.8", linewidth=min(0.6, 100 / max(1, len(ends))), zorder=0
    )


@drawn_if_wanted
def smoothness(energy: Mapping[str, ArrayLike], distance: Mapping[str, ArrayLike]) -> Figure:
    """Relative Dirichlet energy and MAD against depth, one line for each way of propagating."""
    figure, (axes,) = _stacked(1, 2, 3.8, bottom=1.2)
    for ax, measure, ylabel in [(axes[0], energy, "E(X) / ‖X‖²"), (axes[1], distance, "MAD")]:
        for number, (name, values) in enumerate(measure.items()):
            values = np.asarray(values)
            ax.semilogy(
                np.maximum(values, FLOOR),
                color=COLOURS[number],
                marker=MARKERS[number],
                markevery=(number % 6, max(1, len(values) // 8)),
                markersize=4,
                label=name,
            )
        ax.set(xlabel="depth (layers)", ylabel=f"{ylabel}   (0 is drawn at 10⁻¹⁸)", ylim=(FLOOR, 5))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        powers_of_ten(ax.yaxis)
    axes[0].set_title("Dirichlet energy, relative")
    axes[1].set_title("Mean average cosine distance")
    _legend_below(figure, axes[0])
    return figure


@drawn_if_wanted
def accuracies(
    depths: Sequence[int],
    accuracy: Mapping[str, Mapping[str, ArrayLike]],
    chance: Mapping[str, float],
) -> Figure:
    """Accuracy against depth, two panels in a row, one line for each model, with error bands over the networks.

    Args:
        depths: numbers of layers.
        accuracy: for each panel and model an array of shape (depths, networks).
        chance: for each panel the share of the larger class, which a constant answer reaches.
    """
    rows = -(-len(accuracy) // 2)
    figure, axes = _stacked(rows, min(2, len(accuracy)), 2.6)
    for ax, (title, models) in zip(axes.flat, accuracy.items(), strict=True):
        for number, (model, values) in enumerate(models.items()):
            values = np.asarray(values)
            mean, std = values.mean(axis=1), values.std(axis=1)
            ax.plot(
                depths,
                mean,
                color=COLOURS[number],
                marker=MARKERS[number],
                markersize=5,
                label=model,
            )
            low, high = np.clip([mean - std, mean + std], 0, 1)
            ax.fill_between(depths, low, high, color=COLOURS[number], alpha=0.12, linewidth=0)
        ax.axhline(chance[title], color="0.4", linestyle=":", label="constant answer")
        ax.set_xscale("log", base=2)
        ax.set_xticks(depths, labels=[str(depth) for depth in depths])
        ax.set(xlabel="depth (layers)", title=title, ylim=(min(0.2, ax.dataLim.y0), 1.03))
    for row in axes:
        row[0].set_ylabel("test accuracy (± one std)")
    _legend_below(figure, axes[0, 0])
    return figure


@drawn_if_wanted
def layers(measures: Mapping[str, Mapping[str, ArrayLike]], title: str) -> Figure:
    """What networks hold layer by layer, one panel for each measure, with error bands over the networks.

    Measures whose values span more than a factor of 100 are drawn, and averaged, on a logarithmic scale.

    Args:
        measures: for each measure and model an array of shape (depth + 1, networks).
        title: which networks.
    """
    figure, axes = _stacked(1, len(measures), 3.2)
    for ax, (measure, models) in zip(axes[0], measures.items(), strict=True):
        every = np.maximum(np.concatenate([np.ravel(values) for values in models.values()]), FLOOR)
        logarithmic = every.max() > 100 * every.min()
        for number, (model, values) in enumerate(models.items()):
            values = np.log10(np.maximum(values, FLOOR)) if logarithmic else np.asarray(values)
            curves = values.mean(axis=1) + np.multiply.outer([0, -1, 1], values.std(axis=1))
            mean, low, high = 10**curves if logarithmic else curves
            ax.plot(
                mean,
                color=COLOURS[number],
                marker=MARKERS[number],
                markevery=0.15,
                markersize=4,
                label=model,
            )
            ax.fill_between(
                range(len(mean)), low, high, color=COLOURS[number], alpha=0.12, linewidth=0
            )
        if logarithmic:
            ax.set_yscale("log")
            powers_of_ten(ax.yaxis)
        ax.set(xlabel="layer", ylabel=measure)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.suptitle(title, fontsize="medium")
    axes[0, 0].set_title(" ")
    _legend_below(figure, axes[0, 0])
    return figure


def _stacked(rows: int, columns: int, height: float, bottom: float = 0.95) -> tuple[Figure, Any]:
    """Rows of panels, and room below for one legend."""
    return grid_of_panels(
        (rows, columns), (WIDTH, height * rows + 0.5), (0.75, 0.8), (0.95, 0.2, bottom, 0.5)
    )


def _legend_below(figure: Figure, ax: Axes, columns: int = 5) -> None:
    handles, names = ax.get_legend_handles_labels()
    figure.legend(
        handles, names, loc="lower center", ncols=min(columns, len(names)), fontsize="small"
    )
