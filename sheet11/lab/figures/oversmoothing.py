"""Figures of exercise 3: energies, collapsing features, accuracy against depth."""

from collections.abc import Mapping, Sequence
from functools import partial
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
_panels = partial(panels, across=0.75, bottom=0.95, top=0.5)  # with room for a legend below


@drawn_if_wanted
def energies(energy: Curves, rates: Mapping[str, float], highlighted: str) -> Figure:
    """Draw Dirichlet energy against depth for several graphs; dashed lines decay at the predicted rates."""
    figure, (ax,) = _panels(1, 4.2, bottom=1.2)
    for name, values in energy.items():
        values = np.asarray(values)
        layer = np.flatnonzero(values > 1e-20 * values[0])
        values = values[layer]
        (curve,) = ax.plot(
            layer,
            values,
            "-",
            linewidth=2.5 if name == highlighted else 1.2,
            label=f"{name}: measured",
        )
        ax.plot(
            layer,
            values[-1] * np.exp(rates[name] * (layer - layer[-1])),
            "--",
            color=curve.get_color(),
            linewidth=1,
            label=f"{name}: predicted slope {rates[name]:.4g}",
        )
    ax.set_title("Energy of the features, and its predicted rate")
    _label_layers(ax, "depth (layers)", "Dirichlet energy E(X)", logarithmic=True)
    _legend_below(figure, ax, columns=3)  # puts each measured entry above its prediction
    return figure


@drawn_if_wanted
def collapse(
    states: Mapping[int, ArrayLike], edge_index: ArrayLike, positions: Floats, labels: ArrayLike
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
    figure, axes = _panels(len(states), 5.1, rows=2)
    for (upper, lower), (depth, state) in zip(axes.T, states.items(), strict=True):
        limit = draw_nodes(upper, np.asarray(state)[:, 0], edge_index, positions)
        upper.set(title=f"depth {depth}\ncolours: ± {limit:.2g}")
        draw_embedding(lower, state, labels)
        lower.set(xlabel="feature 1")
    axes[1, 0].set_ylabel("feature 2")
    _legend_below(figure, axes[1, 0])
    return figure


def draw_nodes(ax: Axes, feature: ArrayLike, edge_index: ArrayLike, positions: Floats) -> float:
    """Draw a graph with a feature as the colour of its nodes.

    Returns:
        Upper end of the colour scale, which is symmetric about 0.
    """
    feature = np.asarray(feature)
    limit = float(np.abs(feature).max()) or 1.0
    size = 1.0
    width = 0.0
    if len(feature) <= 4 * MOST:
        u, v = np.asarray(edge_index)
        edges = positions[np.stack([u, v], axis=1)[u < v]]
        width = min(0.6, 100 / max(1, len(edges)))
        ax.add_collection(LineCollection(list(edges), colors="0.8", linewidths=width, zorder=0))
        size = max(8, 600 / len(feature))
        width = 0.4
    x, y = positions.T
    nodes = ax.scatter(x, y, size, feature, cmap=DIVERGING, linewidths=width, edgecolors="0.3")
    nodes.set_clim(-limit, limit)
    ax.set_aspect("equal")
    ax.axis("off")
    return limit


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
    figure, (left, right) = _panels(2, 4.3, bottom=1.2)
    _draw_smoothness(left, energy, "E(X) / ‖X‖²")
    _draw_smoothness(right, distance, "MAD")
    left.set_title("Dirichlet energy, relative")
    right.set_title("Mean average cosine distance")
    _legend_below(figure, left)
    return figure


def _draw_smoothness(ax: Axes, measure: Curves, quantity: str) -> None:
    for number, (name, values) in enumerate(measure.items()):
        ax.plot(
            np.maximum(values, FLOOR),
            markevery=(number % 6, max(1, len(np.asarray(values)) // 8)),
            markersize=4,
            label=name,
        )
    _label_layers(ax, "depth (layers)", f"{quantity}   (0 is drawn at 10⁻¹⁸)", logarithmic=True)
    ax.set_ylim(FLOOR, 5)


def _label_layers(ax: Axes, xlabel: str, ylabel: str, logarithmic: bool) -> None:
    """Label axes with layers from left to right."""
    ax.set(xlabel=xlabel, ylabel=ylabel)
    whole_numbers(ax.xaxis)
    if logarithmic:
        ax.set_yscale("log")
        powers_of_ten(ax.yaxis)


@drawn_if_wanted
def accuracies(
    depths: Sequence[int],
    steps: Sequence[int],
    accuracy: Mapping[str, Curves],
    dead: Mapping[str, Curves],
    chance: Mapping[str, float],
    models: Sequence[str],
) -> Figure:
    """Draw accuracy against depth after some numbers of training steps, and the share of networks that are dead then.

    Args:
        depths: numbers of layers.
        steps: numbers of training steps, a panel for each.
        accuracy: for each graph, which has a row of panels, and model, shape (steps, depths, networks).
        dead: for each graph and model, after the last step, shape (depths, networks).
        chance: for each graph the share of the larger class, the accuracy of a constant answer.
        models: the models to draw.
    """
    rows = len(accuracy)
    figure, axes = _panels(len(steps) + 1, 2.6 * rows + 0.5, rows=rows)
    for row, name in zip(axes.reshape(rows, -1), accuracy, strict=True):
        for number, ax in enumerate(row[:-1]):
            found = {model: np.asarray(accuracy[name][model])[number] for model in models}
            _draw_networks(ax, depths, found, within=(0, 1), markersize=5)
            ax.axhline(chance[name], color="0.4", linestyle=":", label="constant answer")
            ax.set(title=f"{name}: {steps[number]} steps")
        for model in models:
            row[-1].plot(depths, np.mean(np.asarray(dead[name][model]), axis=1), markersize=5)
        row[-1].set(title=f"{name}: {steps[-1]} steps", ylabel="share of dead networks")
        row[0].set(ylabel="test accuracy (± one std)")
        for ax in row:
            ax.set_xscale("log", base=2)
            ax.set_xticks(depths, labels=map(str, depths))
            ax.set(xlabel="depth (layers)", ylim=(-0.03, 1.03))
    _legend_below(figure, figure.axes[0], columns=6)
    return figure


@drawn_if_wanted
def layers(measures: Mapping[str, Curves], title: str) -> Figure:
    """Draw measures of networks layer by layer, one panel for each, with error bands over the networks.

    Measures that span more than a factor of 100 are drawn and averaged on a logarithmic scale.

    Args:
        measures: for each measure and model an array of shape (depth + 1, networks).
        title: title of the figure.
    """
    figure, axes = _panels(len(measures), 3.7)
    for ax, (measure, models) in zip(axes, measures.items(), strict=True):
        values = np.maximum(np.array([*models.values()]), FLOOR)
        logarithmic = values.max() > 100 * values.min()
        depths = range(values.shape[1])
        _draw_networks(ax, depths, models, logarithmic, markevery=0.15, markersize=4)
        _label_layers(ax, "layer", measure, logarithmic)
    figure.suptitle(title, fontsize="medium")
    axes[0].set_title(" ")
    _legend_below(figure, axes[0])
    return figure


def _draw_networks(
    ax: Axes,
    x: Sequence[int],
    models: Curves,
    logarithmic: bool = False,
    within: tuple[float, float] = (-np.inf, np.inf),
    **style: Any,
) -> None:
    """Draw the mean over the networks of each model, and a band of one standard deviation."""
    for name, values in models.items():
        values = np.log10(np.maximum(values, FLOOR)) if logarithmic else np.asarray(values)
        mean = values.mean(axis=1)
        std = values.std(axis=1)
        band = np.clip([mean, mean - std, mean + std], *within)
        mean, low, high = 10**band if logarithmic else band
        ax.plot(x, mean, label=name, **style)
        ax.fill_between(x, low, high, alpha=0.12, linewidth=0, edgecolor="face")


def _legend_below(figure: Figure, ax: Axes, columns: int = 5) -> None:
    handles, names = ax.get_legend_handles_labels()
    figure.legend(
        handles, names, loc="lower center", ncols=min(columns, len(names)), fontsize="small"
    )
