"""Figures of exercise 2: limits, convergence, interpolation and fits of the aggregation."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from sheet11.lab.plots import COLOURS, MARKERS, panels, powers_of_ten


def pointwise_limit(difference: ArrayLike, values: Mapping[str, ArrayLike], weights: Mapping[str, ArrayLike]) -> Figure:
    """Log-sum-exp and its derivative, over the difference of two messages, for several λ."""
    figure, axes = panels(2, 3.4)
    for ax, curves, ylabel, title in [
        (axes[0], values, "lse(m; λ)", "lse converges uniformly to max …"),
        (axes[1], weights, "weight of m₁ = ∂lse/∂m₁", "… its derivative converges, but not uniformly"),
    ]:
        for number, (name, curve) in enumerate(curves.items()):
            ax.plot(difference, curve, color=plt.get_cmap("viridis")(0.85 - 0.25 * number), label=name)
        ax.set(xlabel="m₁ (the other message is m₂ = 0)", ylabel=ylabel, title=title)
        ax.legend()
    axes[1].plot([0], [0.5], "o", color="black", markersize=5)
    return figure


def convergence(lam: ArrayLike, errors: ArrayLike, bounds: ArrayLike, gaps: ArrayLike) -> Figure:
    """Distance of the aggregate from the maximum against λ, one colour for each neighbourhood, with its bound.

    Args:
        lam: shape (values,).
        errors: max − agg, shape (neighbourhoods, values).
        bounds: what the errors must stay below, same shape.
        gaps: distance of the two largest messages, shape (neighbourhoods,).
    """
    figure, (ax,) = panels(1, 3.6)
    for number, (error, bound, gap) in enumerate(zip(errors, bounds, gaps, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        ax.semilogy(lam, np.where(error > 1e-14, error, np.nan), color=colour, label=f"Δ = {gap:.2f}")
        ax.semilogy(lam, bound, color=colour, linestyle="--", linewidth=0.8)
    ax.set(
        xlabel="inverse temperature λ",
        ylabel="max − agg",
        title="Exponential approach to the maximum (dashed: the bound)",
        ylim=(1e-14, None),
    )
    powers_of_ten(ax.yaxis)
    ax.legend(title="gap to the next message")
    return figure


def interpolation(lam: ArrayLike, curves: Mapping[str, ArrayLike], marks: Mapping[str, float]) -> Figure:
    """The aggregate of one neighbourhood over λ for several η, with min, mean, sum and max as horizontal marks."""
    figure, (ax,) = panels(1, 4.0, right=0.8)
    for number, (name, curve) in enumerate(curves.items()):
        ax.plot(lam, curve, color=COLOURS[number], label=name)
    draw_marks(ax, marks)
    ax.axvline(0, color="0.4", linewidth=0.8)
    ax.set_xscale("asinh", linear_width=1)
    ax.set(
        xlabel="inverse temperature λ",
        ylabel="aggregate of the neighbourhood",
        title="From min over mean to max; η carries the mean to the sum",
    )
    ax.legend(loc="upper left")
    return figure


def draw_marks(ax: Axes, marks: Mapping[str, float]) -> None:
    """Draw horizontal lines with their names beside the axes, or move those that are drawn."""
    for drawn in [*ax.texts, *(line for line in ax.lines if line.get_label().removeprefix("_") in marks)]:
        drawn.remove()
    ax.relim()
    for name, value in marks.items():
        ax.axhline(value, color="0.4", linewidth=0.8, linestyle=":", label=f"_{name}")
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


def fits(paths: Mapping[str, ArrayLike]) -> Figure:
    """Gradient descent on (λ, η) for several targets from one start: the paths in the plane, and the losses.

    Args:
        paths: for each target an array of shape (steps + 1, 3) with columns λ, η, loss.
    """
    figure, axes = panels(2, 3.8)
    for number, (name, path) in enumerate(paths.items()):
        lam, eta, loss = np.asarray(path).T
        axes[0].plot(lam, eta, color=COLOURS[number], label=name)
        axes[0].plot(lam[-1], eta[-1], MARKERS[number], color=COLOURS[number])
        axes[1].semilogy(np.maximum(loss, 1e-16), color=COLOURS[number], label=name)
    axes[0].plot(lam[0], eta[0], "o", color="black", label="start")
    axes[0].axhline(0, color="0.7", linewidth=0.8, zorder=0)
    axes[0].axhline(1, color="0.7", linewidth=0.8, zorder=0)
    axes[0].set(xlabel="inverse temperature λ", ylabel="degree exponent η", title="Paths of the parameters")
    axes[1].set(xlabel="step", ylabel="relative squared error", title="Loss")
    powers_of_ten(axes[1].yaxis)
    for ax in axes:
        ax.legend()
    return figure
