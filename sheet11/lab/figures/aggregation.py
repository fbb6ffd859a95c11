"""Figures of exercise 2: limits, convergence, interpolation and fits of the aggregation."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from sheet11.lab.plots import (
    COLOURS,
    MARKERS,
    drawn_if_wanted,
    legend_beside,
    panels,
    powers_of_ten,
)

Floats = NDArray[np.float64]


@drawn_if_wanted
def two_messages(
    x: ArrayLike, values: Mapping[str, ArrayLike], weights: Mapping[str, ArrayLike]
) -> Figure:
    """Log-sum-exp and its derivative for two messages, over the first of them, for several λ."""
    figure, axes = panels(2, 3.4, right=1.0)
    for ax, curves, ylabel, title in [
        (axes[0], values, "lse(m; λ)", "lse of two messages, and max"),
        (axes[1], weights, "weight of m₁", "The weight of the first, ∂lse/∂m₁"),
    ]:
        for number, (name, curve) in enumerate(curves.items()):
            ax.plot(x, curve, color=plt.get_cmap("viridis")(0.85 - 0.25 * number), label=name)
        ax.set(xlabel="m₁ (the other message is m₂ = 0)", ylabel=ylabel, title=title)
    axes[0].plot(x, np.maximum(x, 0), color="black", linestyle=":", label="max")
    legend_beside(axes[1], handles=list(axes[0].lines), fontsize="small")
    return figure


@drawn_if_wanted
def convergence(
    lam: ArrayLike, errors: Floats, bounds: Floats, gaps: ArrayLike, rates: Floats
) -> Figure:
    """Distance of the aggregate from the maximum against λ with its bound, and the rate at which it falls.

    Args:
        lam: shape (values,).
        errors: max − agg, shape (neighbourhoods, values).
        bounds: what the errors must stay below, same shape.
        gaps: distance of the two largest messages, shape (neighbourhoods,).
        rates: gap, measured rate, and how far that may be above the gap, shape (3, all neighbourhoods).
    """
    figure, (left, right) = panels(2, 3.6, right=1.35)
    for number, (error, bound, gap) in enumerate(
        zip(errors, bounds, np.asarray(gaps), strict=True)
    ):
        colour = COLOURS[number % len(COLOURS)]
        left.semilogy(
            lam, np.where(error > 1e-14, error, np.nan), color=colour, label=f"Δ = {gap:.2f}"
        )
        left.semilogy(lam, bound, color=colour, linestyle="--", linewidth=0.8)
    left.set(
        xlabel="inverse temperature λ", ylabel="max − agg", title="Measured, and its bound (dashed)"
    )
    left.set(ylim=(1e-14, None))
    powers_of_ten(left.yaxis)
    gap, rate, above = rates
    right.axhline(1, color="black", linewidth=0.8, label="predicted")
    right.vlines(gap, 1, 1 + above / gap, color="0.7", linewidth=3, label="its error")
    right.semilogx(gap, rate / gap, "o", color=COLOURS[1], markersize=4, label="measured")
    right.set(
        xlabel="gap Δ",
        ylabel="rate of the approach, divided by Δ",
        title="Rate, in every neighbourhood",
    )
    powers_of_ten(right.xaxis)
    legend_beside(
        right, handles=[*left.lines[::2], *right.collections, *right.lines], fontsize="small"
    )
    return figure


@drawn_if_wanted
def interpolation(
    lam: ArrayLike, curves: Mapping[str, ArrayLike], marks: Mapping[str, float], tangent: ArrayLike
) -> Figure:
    """The aggregate of one neighbourhood over λ for several η, with min, mean, sum and max as horizontal marks.

    Args:
        lam: shape (values,).
        curves: the aggregate, shape (values,), by name.
        marks: height by name.
        tangent: points (λ, aggregate) of a predicted slope, shape (points, 2).
    """
    figure, (ax,) = panels(1, 4.0, right=2.4)
    for number, (name, curve) in enumerate(curves.items()):
        ax.plot(lam, curve, color=COLOURS[number], label=name)
    ax.plot(*np.transpose(tangent), color="black", linestyle="--", label="predicted slope")
    draw_marks(ax, marks)
    ax.axvline(0, color="0.4", linewidth=0.8)
    ax.set(
        xlabel="inverse temperature λ",
        ylabel="aggregate of the neighbourhood",
        title="The aggregate of one neighbourhood over λ, for several η",
    )
    ax.legend(loc="upper left", bbox_to_anchor=(1.08, 1))
    return figure


def draw_marks(ax: Axes, marks: Mapping[str, float]) -> None:
    """Draw horizontal lines with their names beside the axes, or move those that are drawn."""
    for drawn in [
        *ax.texts,
        *(line for line in ax.lines if str(line.get_label()).removeprefix("_") in marks),
    ]:
        drawn.remove()
    ax.relim()
    for name, value in marks.items():
        ax.axhline(value, color="0.4", linewidth=0.8, linestyle=":", label=f"_{name}")
    ax.autoscale_view()  # a mark that has moved inwards leaves no room behind
    bottom, top = ax.get_ylim()
    height = -np.inf
    for name, value in sorted(marks.items(), key=lambda mark: mark[1]):
        height = max(value, height + 0.05 * (top - bottom))  # names of close marks do not overlap
        ax.annotate(
            f" {name}",
            xy=(1, value),
            xytext=(1.02, height),
            xycoords=("axes fraction", "data"),
            textcoords=("axes fraction", "data"),
            va="center",
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.6},
        )


@drawn_if_wanted
def fits(paths: Mapping[str, Floats], losses: Mapping[str, Floats]) -> Figure:
    """Gradient descent on (λ, η) for several targets from one start: the paths in the plane, and the losses.

    Args:
        paths: for each target an array of shape (steps + 1, 2) with columns λ, η.
        losses: for each target the loss at every point of the path, shape (steps + 1,).
    """
    figure, (plane, over_time) = panels(2, 3.8, right=1.0)
    for number, (name, path) in enumerate(paths.items()):
        colour, (lam, eta) = COLOURS[number], np.transpose(path)
        plane.plot(lam, eta, color=colour)
        plane.plot(lam[-1], eta[-1], MARKERS[number + 1], color=colour)
        over_time.semilogy(
            np.maximum(losses[name], 1e-16),
            color=colour,
            marker=MARKERS[number + 1],
            markevery=[-1],
        )
        over_time.lines[-1].set_label(name)
    (start,) = plane.plot(lam[0], eta[0], "o", color="black", label="start")
    plane.set(
        xlabel="inverse temperature λ", ylabel="degree exponent η", title="Paths of the parameters"
    )
    over_time.set(xlabel="step", ylabel="relative squared error", title="Loss")
    powers_of_ten(over_time.yaxis)
    legend_beside(over_time, handles=[*over_time.lines, start], fontsize="small")
    return figure
