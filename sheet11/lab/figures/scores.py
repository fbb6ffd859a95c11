"""Figures of exercise 1c, 1d: what adding positions changes in the scores, and in what the softmax makes of them."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from sheet11.lab.plots import COLOURS, MARKERS, drawn_if_wanted, panels
from sheet11.lab.sliders import signed

ROWS = "rows of the encoding, p"


@drawn_if_wanted
def difference_histogram(
    off_diagonal: ArrayLike,
    diagonal: ArrayLike,
    predicted: tuple[float, float],
    errors: tuple[float, float],
) -> Figure:
    """Histograms of the difference off and on the diagonal, with the predicted normal densities.

    Args:
        off_diagonal: entries off the diagonal.
        diagonal: entries on it.
        predicted: standard deviations off and on the diagonal.
        errors: how far the standard deviation of one draw may stray from them.
    """
    figure, axes = panels(2, 3.2)
    for ax, values, std, error, title in zip(
        axes,
        (off_diagonal, diagonal),
        predicted,
        errors,
        ("off the diagonal", "on the diagonal"),
        strict=True,
    ):
        rms = np.sqrt(np.square(values).mean())
        x = np.linspace(-4 * std, 4 * std, 400)
        density = np.exp(-((x / std) ** 2) / 2) / np.sqrt(2 * np.pi) / std
        ax.hist(
            values,
            bins="auto",
            density=True,
            color=COLOURS[0],
            alpha=0.5,
            label=f"measured: ± {rms:.3g}",
        )
        ax.plot(x, density, color=COLOURS[1], label=f"predicted: ± ({std:.3g} ± {error:.1g})")
        ax.set(title=f"add − cat, {title}", xlabel="entry of add − cat", ylabel="density")
        ax.set_ylim(top=1.45 * ax.get_ylim()[1])  # room for the legend
        ax.legend(loc="upper center", fontsize="small", ncols=2)
    return figure


@drawn_if_wanted
def noise_to_signal(
    p: ArrayLike,
    measured: ArrayLike,
    predicted: ArrayLike,
    error: ArrayLike,
    slope: tuple[float, float],
) -> Figure:
    """Noise-to-signal ratio over p on log-log axes: mean and spread of the draws, and the prediction with its error.

    Args:
        p: shape (sizes,).
        measured: shape (sizes, draws).
        predicted: shape (sizes,).
        error: relative error of the prediction for one draw, shape (sizes,).
        slope: fitted to the measured and to the predicted ratios.
    """
    figure, (ax,) = panels(1, 3.6)
    _band(
        ax,
        p,
        predicted,
        error,
        f"predicted, slope {signed(slope[1])}; band: one draw may stray as far",
    )
    _draws(
        ax,
        p,
        measured,
        0,
        f"measured, slope {signed(slope[0])}; mean and standard deviation of the draws",
    )
    ax.set_yscale("log")
    ax.set(
        xlabel=ROWS,
        ylabel="noise-to-signal ratio",
        title="Noise off the diagonal, against the diagonal",
    )
    ax.legend(loc="upper right")
    return figure


@drawn_if_wanted
def seen_by_softmax(
    p: ArrayLike,
    sizes: Mapping[str, ArrayLike],
    changes: Mapping[str, ArrayLike],
    predicted: ArrayLike,
    error: ArrayLike,
) -> Figure:
    """Size of terms of the scores divided by √p, and change of the attention weights, over p.

    Args:
        p: shape (sizes,).
        sizes: name of a term, and the root mean square of its entries off the diagonal, shape (sizes, draws).
        changes: name of a comparison, and the total variation of the weights, shape (sizes, draws).
        predicted: of the first of the terms, shape (sizes,).
        error: relative error of the prediction for one draw, shape (sizes,).
    """
    figure, axes = panels(2, 3.8)
    _band(axes[0], p, predicted, error, "predicted for add − cat; band: one draw may stray as far")
    for ax, curves in zip(axes, (sizes, changes), strict=True):
        for number, (name, values) in enumerate(curves.items()):
            _draws(ax, p, values, number, name)
        ax.set_ylim(bottom=0, top=1.75 * ax.get_ylim()[1])  # room for the legend
        ax.set(xlabel=ROWS)
        ax.legend(loc="upper right", fontsize="small")
    axes[0].set(ylabel="score / √p", title="Off the diagonal: root mean square")
    axes[1].set(ylabel="total variation", title="Change of the attention weights")
    return figure


def _draws(ax: Axes, p: ArrayLike, values: ArrayLike, number: int, label: str) -> None:
    """Mean of the draws for every p, with their standard deviation as error bar."""
    values = np.asarray(values)
    mean, spread, colour = values.mean(axis=1), values.std(axis=1), COLOURS[number]
    ax.errorbar(
        p,
        mean,
        spread,
        color=colour,
        marker=MARKERS[number],
        markersize=4,
        linewidth=1,
        capsize=3,
        label=label,
    )
    ax.set_xscale("log")
    ax.set_xticks(p, labels=[str(size) for size in np.asarray(p)])
    ax.minorticks_off()


def _band(ax: Axes, p: ArrayLike, predicted: ArrayLike, error: ArrayLike, label: str) -> None:
    """A prediction for every p, with a band as wide as its relative error."""
    predicted, error = np.asarray(predicted), np.asarray(error)
    ax.fill_between(
        p,
        predicted * (1 - error),
        predicted * (1 + error),
        color=COLOURS[5],
        alpha=0.35,
        linewidth=0,
    )
    ax.plot(p, predicted, color=COLOURS[5], linewidth=3, alpha=0.8, label=label)
