"""Figures of exercise 3: energies, collapsing features, accuracy against depth."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from sheet11.lab.plots import (
    COLOURS,
    DIVERGING,
    MARKERS,
    MOST,
    Curves,
    Floats,
    drawn_if_wanted,
    panels,
    powers_of_ten,
    whole_numbers,
)

FLOOR = 1e-18  # smallest energy drawn
BELOW = 0.95  # inches for legend and labels
TOP = 0.5  # inches for titles


@drawn_if_wanted
def energies(energy: Curves, rates: Mapping[str, float], highlighted: str) -> Figure:
    """Draw Dirichlet energy against depth for several graphs; dashed lines decay at the predicted rates."""
    figure, (ax,) = panels(1, 4.2, bottom=1.2, top=TOP)
    for colour, (name, values) in zip(COLOURS, energy.items(), strict=False):
        values = np.asarray(values)
        layer = np.flatnonzero(values > 1e-20 * values[0])
        width = 2.5 if name == highlighted else 1.2
        ax.semilogy(layer, values[layer], color=colour, linewidth=width, label=f"{name}: measured")
        last = layer[-1]
        predicted = values[last] * np.exp(rates[name] * (layer - last))
        label = f"{name}: predicted slope {rates[name]:.4g}"
        ax.semilogy(layer, predicted, "--", color=colour, linewidth=1, label=label)
    title = "Energy of the features, and its predicted rate"
    ax.set(xlabel="depth (layers)", ylabel="Dirichlet energy E(X)", title=title)
    whole_numbers(ax.xaxis)
    powers_of_ten(ax.yaxis)
    _legend_below(figure, ax, columns=3)  # puts each measured entry above its prediction
    return figure


@drawn_if_wanted
def collapse(
    states: Mapping[int, ArrayLike], edge_index: ArrayLike, positions: ArrayLike, labels: ArrayLike
) -> Figure:
    """Draw node features at several depths: the first as colour on the graph, the first two as a scatter plot.

    Every panel has its own scale, symmetric about 0; the title gives the limit of the colours. Large graphs are drawn
    without edges and with dots as nodes; their scatter plots show a sample of each class.

    Args:
        states: features by depth, shape (num_nodes, at least 2).
        edge_index: shape (2, num_edges).
        positions: shape (num_nodes, 2).
        labels: shape (num_nodes,).
    """
    figure, axes = panels(len(states), 5.1, rows=2, across=0.75, bottom=BELOW, top=TOP)
    for (upper, lower), (depth, state) in zip(axes.T, states.items(), strict=True):
        limit = draw_nodes(upper, np.asarray(state)[:, 0], edge_index, positions)
        upper.set(title=f"depth {depth}\ncolours: ± {limit:.2g}")
        draw_embedding(lower, state, labels)
        lower.set(xlabel="feature 1")
    axes[1, 0].set_ylabel("feature 2")
    _legend_below(figure, axes[1, 0])
    return figure


def draw_nodes(ax: Axes, feature: ArrayLike, edge_index: ArrayLike, positions: ArrayLike) -> float:
    """Draw a graph with a feature as the colour of its nodes.

    Returns:
        Upper end of the colour scale, which is symmetric about 0.
    """
    feature = np.asarray(feature)
    limit = float(np.abs(feature).max()) or 1.0
    size = 1.0
    width = 0.0
    if len(feature) <= 4 * MOST:
        draw_edges(ax, edge_index, positions)
        size = max(8, 600 / len(feature))
        width = 0.4
    x, y = np.asarray(positions).T
    ax.scatter(
        x,
        y,
        c=feature,
        cmap=DIVERGING,
        vmin=-limit,
        vmax=limit,
        s=size,
        linewidths=width,
        edgecolors="0.3",
    )
    ax.set_aspect("equal")
    ax.axis("off")
    return limit


def draw_edges(ax: Axes, edge_index: ArrayLike, positions: ArrayLike) -> None:
    """Draw every undirected edge once."""
    u, v = np.asarray(edge_index)
    ends = np.asarray(positions)[np.stack([u, v], axis=1)[u < v]]
    width = min(0.6, 100 / max(1, len(ends)))
    ax.add_collection(LineCollection(list(ends), colors="0.8", linewidths=width, zorder=0))


def draw_embedding(ax: Axes, state: ArrayLike, labels: ArrayLike) -> None:
    """Draw the first two features of the nodes, with a marker for each class."""
    points = np.asarray(state)[:, :2]
    labels = np.asarray(labels)
    for label in np.unique(labels):
        members = points[labels == label]
        members = members[:: -(-len(members) // (4 * MOST))]
        ax.plot(
            *members.T,
            MARKERS[label],
            color=COLOURS[label],
            markersize=4 if len(members) <= MOST else 1.5,
            alpha=0.8,
            label=f"class {label}",
        )
    reach = 1.1 * np.abs(points).max() or 1.0
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.xaxis.set_major_locator(MaxNLocator(3))
    ax.yaxis.set_major_locator(MaxNLocator(3))


@drawn_if_wanted
def smoothness(energy: Curves, distance: Curves) -> Figure:
    """Draw relative Dirichlet energy and MAD against depth, one line for each kind of propagation."""
    figure, (left, right) = panels(2, 4.3, across=0.75, bottom=1.2, top=TOP)
    _draw_smoothness(left, energy, "E(X) / ‖X‖²")
    _draw_smoothness(right, distance, "MAD")
    left.set_title("Dirichlet energy, relative")
    right.set_title("Mean average cosine distance")
    _legend_below(figure, left)
    return figure


def _draw_smoothness(ax: Axes, measure: Curves, quantity: str) -> None:
    for number, (name, values) in enumerate(measure.items()):
        values = np.maximum(values, FLOOR)
        every = number % 6, max(1, len(values) // 8)
        ax.semilogy(values, marker=MARKERS[number], markevery=every, markersize=4, label=name)
    ylabel = f"{quantity}   (0 is drawn at 10⁻¹⁸)"
    ax.set(xlabel="depth (layers)", ylabel=ylabel, ylim=(FLOOR, 5))
    whole_numbers(ax.xaxis)
    powers_of_ten(ax.yaxis)


@drawn_if_wanted
def accuracies(
    depths: Sequence[int], accuracy: Mapping[str, Curves], chance: Mapping[str, float]
) -> Figure:
    """Draw accuracy against depth, two panels in a row, one line for each model, with error bands over the networks.

    Args:
        depths: numbers of layers.
        accuracy: for each panel and model an array of shape (depths, networks).
        chance: for each panel the share of the larger class, the accuracy of a constant answer.
    """
    rows = -(-len(accuracy) // 2)
    figure, _ = panels(
        min(2, len(accuracy)), 2.6 * rows + 0.5, rows=rows, across=0.75, bottom=BELOW, top=TOP
    )
    for ax, (title, models) in zip(figure.axes, accuracy.items(), strict=True):
        bands = _mean_and_band(np.asarray(list(models.values()))).clip(0, 1)
        _draw_bands(ax, depths, models, bands, markersize=5)
        ax.axhline(chance[title], color="0.4", linestyle=":", label="constant answer")
        ax.set_xscale("log", base=2)
        ax.set_xticks(depths, labels=map(str, depths))
        ax.set(xlabel="depth (layers)", title=title, ylim=(min(0.2, ax.dataLim.y0), 1.03))
    for ax in figure.axes[::2]:
        ax.set_ylabel("test accuracy (± one std)")
    _legend_below(figure, figure.axes[0])
    return figure


@drawn_if_wanted
def layers(measures: Mapping[str, Curves], title: str) -> Figure:
    """Draw measures of networks layer by layer, one panel for each, with error bands over the networks.

    Measures that span more than a factor of 100 are drawn and averaged on a logarithmic scale.

    Args:
        measures: for each measure and model an array of shape (depth + 1, networks).
        title: title of the figure.
    """
    figure, axes = panels(len(measures), 3.7, across=0.75, bottom=BELOW, top=TOP)
    for ax, (measure, models) in zip(axes, measures.items(), strict=True):
        values = np.asarray(list(models.values()))
        visible = np.maximum(values, FLOOR)
        logarithmic = visible.max() > 100 * visible.min()
        bands = 10 ** _mean_and_band(np.log10(visible)) if logarithmic else _mean_and_band(values)
        depths = range(values.shape[1])
        _draw_bands(ax, depths, models, bands, markevery=0.15, markersize=4)
        if logarithmic:
            ax.set_yscale("log")
            powers_of_ten(ax.yaxis)
        ax.set(xlabel="layer", ylabel=measure)
        whole_numbers(ax.xaxis)
    figure.suptitle(title, fontsize="medium")
    axes[0].set_title(" ")
    _legend_below(figure, axes[0])
    return figure


def _mean_and_band(values: Floats) -> Floats:
    """Return the mean over the networks, and one standard deviation below and above: (models, 3, depths)."""
    mean = values.mean(axis=2)
    std = values.std(axis=2)
    return np.stack([mean, mean - std, mean + std], axis=1)


def _draw_bands(
    ax: Axes, x: Sequence[int], names: Iterable[str], bands: Floats, **style: Any
) -> None:
    for marker, name, (mean, low, high) in zip(MARKERS, names, bands, strict=False):
        ax.plot(x, mean, marker=marker, label=name, **style)
        ax.fill_between(x, low, high, alpha=0.12, linewidth=0, edgecolor="face")


def _legend_below(figure: Figure, ax: Axes, columns: int = 5) -> None:
    handles, names = ax.get_legend_handles_labels()
    figure.legend(
        handles, names, loc="lower center", ncols=min(columns, len(names)), fontsize="small"
    )
