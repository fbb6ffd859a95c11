"""Figures of exercise 2: limits, convergence, interpolation and fits of the aggregation."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from sheet11.lab.plots import (
    COLOURS,
    MARKERS,
    Curves,
    Floats,
    drawn_if_wanted,
    legend_beside,
    panels,
    powers_of_ten,
)


@drawn_if_wanted
def two_messages(x: ArrayLike, values: Curves, weights: Curves) -> Figure:
    """Draw log-sum-exp of two messages and its derivative against the first message, for several λ."""
    figure, (left, right) = panels(2, 3.4, right=1.0)
    for ax, curves in ((left, values), (right, weights)):
        ax.set_prop_cycle(color=plt.get_cmap("viridis")([0.85, 0.6, 0.35, 0.1]))
        for name, curve in curves.items():
            ax.plot(x, curve, label=name)
        ax.set(xlabel="m₁ (the other message is m₂ = 0)")
    left.plot(x, np.maximum(x, 0), color="black", linestyle=":", label="max")
    left.set(ylabel="lse(m; λ)", title="lse of two messages, and max")
    right.set(ylabel="weight of m₁", title="The weight of the first, ∂lse/∂m₁")
    legend_beside(right, handles=left.lines, fontsize="small")
    return figure


@drawn_if_wanted
def convergence(
    lam: ArrayLike, errors: Floats, bounds: Floats, gaps: Floats, rates: Floats
) -> Figure:
    """Draw the distance of the aggregate from the maximum against λ with its bound, and its rate of decay.

    Args:
        lam: shape (values,).
        errors: max − agg, shape (neighbourhoods, values).
        bounds: upper bounds of the errors, shape (neighbourhoods, values).
        gaps: distance between the two largest messages, shape (neighbourhoods,).
        rates: gap, measured rate, and how far the rate may exceed the gap, shape (3, all neighbourhoods).
    """
    figure, (left, right) = panels(2, 3.6, right=1.35)
    for error, bound, gap in zip(errors, bounds, gaps, strict=True):
        (curve,) = left.semilogy(lam, error, "-", label=f"Δ = {gap:.2f}")
        left.semilogy(lam, bound, "--", color=curve.get_color(), linewidth=0.8)
    left.set_title("Measured, and its bound (dashed)")
    left.set(xlabel="inverse temperature λ", ylabel="max − agg", ylim=(1e-14, None))
    powers_of_ten(left.yaxis)
    gap, rate, above = rates
    right.axhline(1, color="black", linewidth=0.8, label="predicted")
    right.vlines(gap, 1, 1 + above / gap, color="0.7", linewidth=3, label="its error")
    right.semilogx(gap, rate / gap, "o", color=COLOURS[1], markersize=4, label="measured")
    right.set_title("Rate, in every neighbourhood")
    right.set(xlabel="gap Δ", ylabel="rate of the approach, divided by Δ")
    powers_of_ten(right.xaxis)
    legend_beside(
        right, handles=[*left.lines[::2], *right.collections, *right.lines], fontsize="small"
    )
    return figure


@drawn_if_wanted
def interpolation(
    lam: ArrayLike, curves: Curves, marks: Mapping[str, float], tangent: ArrayLike
) -> Figure:
    """Draw the aggregate of one neighbourhood against λ for several η, with lines at min, mean, sum and max.

    Args:
        lam: shape (values,).
        curves: the aggregate, shape (values,), by name.
        marks: height by name.
        tangent: points (λ, aggregate) of a predicted slope, shape (points, 2).
    """
    figure, (ax,) = panels(1, 4.0, right=2.4)
    for name, curve in curves.items():
        ax.plot(lam, curve, "-", label=name)
    ax.plot(*np.transpose(tangent), "--", color="black", label="predicted slope")
    draw_marks(ax, marks)
    ax.axvline(0, color="0.4", linewidth=0.8)
    ax.set(
        title="The aggregate of one neighbourhood over λ, for several η",
        xlabel="inverse temperature λ",
        ylabel="aggregate of the neighbourhood",
    )
    ax.legend(loc="upper left", bbox_to_anchor=(1.08, 1))
    return figure


def draw_marks(ax: Axes, marks: Mapping[str, float]) -> None:
    """Draw horizontal lines with their names beside the axes, spaced so that names do not overlap."""
    for name, value in marks.items():
        ax.axhline(value, linestyle=":", color="0.4", linewidth=0.8, label=f"_{name}")
    bottom, top = ax.get_ylim()
    last = -np.inf
    for value, name in sorted(zip(marks.values(), marks, strict=True)):
        height = (value - bottom) / (top - bottom)
        last = max(height, last + 0.05)
        ax.annotate(
            f" {name}",
            xy=(1, height),
            xytext=(1.02, last),
            xycoords="axes fraction",
            va="center",
            arrowprops=dict(arrowstyle="-", color="0.6", linewidth=0.6),
        )


@drawn_if_wanted
def fits(paths: Mapping[str, Floats], losses: Mapping[str, Floats]) -> Figure:
    """Draw paths and losses of gradient descent on (λ, η) from one start to several targets.

    Args:
        paths: for each target an array of shape (steps + 1, 2) with columns λ, η.
        losses: for each target the loss at every point of the path, shape (steps + 1,).
    """
    figure, (plane, over_time) = panels(2, 3.8, right=1.0)
    for marker, (name, path) in zip(MARKERS[1:], paths.items(), strict=False):
        lam, eta = np.transpose(path)
        plane.plot(lam, eta, marker=marker, markevery=[-1])
        over_time.semilogy(losses[name], marker=marker, markevery=[-1], label=name)
    (start,) = plane.plot(lam[0], eta[0], "o", color="black", label="start")
    plane.set(
        title="Paths of the parameters",
        xlabel="inverse temperature λ",
        ylabel="degree exponent η",
    )
    over_time.set(xlabel="step", ylabel="relative squared error", title="Loss")
    powers_of_ten(over_time.yaxis)
    legend_beside(over_time, handles=[*over_time.lines, start], fontsize="small")
    return figure
