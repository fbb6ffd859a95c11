"""Figures of exercise 1c, 1d: effect of added positions on the scores and the attention weights."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from sheet11.lab.plots import COLOURS, Floats, drawn_if_wanted, panels, signed

ROWS = "rows of the encoding, p"
Draws = Mapping[str, Floats]


@drawn_if_wanted
def difference_histogram(
    off_diagonal: ArrayLike,
    diagonal: ArrayLike,
    predicted: tuple[float, float],
    errors: tuple[float, float],
) -> Figure:
    """Draw histograms of the difference off and on the diagonal, with the predicted normal densities.

    Args:
        off_diagonal: entries off the diagonal.
        diagonal: entries on the diagonal.
        predicted: standard deviations off and on the diagonal.
        errors: standard deviations of one draw's root mean square, off the diagonal an upper bound.
    """
    figure, axes = panels(2, 3.2)
    drawn = {"off the diagonal": off_diagonal, "on the diagonal": diagonal}
    for ax, title, std, error in zip(axes, drawn, predicted, errors, strict=True):
        rms = np.sqrt(np.square(drawn[title]).mean())
        ax.hist(
            drawn[title],
            bins="auto",
            density=True,
            alpha=0.5,
            label=f"measured: ± {rms:.3g}",
        )
        x = np.linspace(-4 * std, 4 * std, 400)
        ax.plot(
            x,
            np.exp(-((x / std) ** 2) / 2) / np.sqrt(2 * np.pi) / std,
            "-",
            color=COLOURS[1],
            label=f"predicted: ± ({std:.3g} ± {error:.1g})",
        )
        ax.set(title=f"add − cat, {title}", xlabel="entry of add − cat", ylabel="density")
        ax.set_ylim(top=1.45 * ax.get_ylim()[1])  # room for the legend
        ax.legend(loc="upper center", fontsize="small", ncols=2)
    return figure


@drawn_if_wanted
def noise_to_signal(
    p: ArrayLike,
    measured: Floats,
    predicted: ArrayLike,
    error: ArrayLike,
    slope: tuple[float, float],
) -> Figure:
    """Draw the noise-to-signal ratio against p on log-log axes: mean and spread of the draws, and the prediction.

    Args:
        p: shape (sizes,).
        measured: shape (sizes, draws).
        predicted: shape (sizes,).
        error: bound on the relative standard deviation of one draw, shape (sizes,).
        slope: slopes fitted to the measured and to the predicted ratios.
    """
    figure, (ax,) = panels(1, 3.6)
    of_measured, of_predicted = map(signed, slope)
    _draw_prediction(ax, p, predicted, error, f"predicted, slope {of_predicted}")
    draws = f"measured, slope {of_measured}; mean and standard deviation of the draws"
    _draw_measured(ax, p, {draws: measured})
    ax.set(yscale="log", xlabel=ROWS, ylabel="noise-to-signal ratio")
    ax.set(title="Noise off the diagonal, against the diagonal")
    ax.legend(loc="upper right")
    return figure


@drawn_if_wanted
def seen_by_softmax(
    p: ArrayLike,
    sizes: Draws,
    changes: Draws,
    predicted: ArrayLike,
    error: ArrayLike,
) -> Figure:
    """Draw the size of terms of the scores divided by √p, and the change of the attention weights, against p.

    Args:
        p: shape (sizes,).
        sizes: for each term the root mean square of its entries off the diagonal, shape (sizes, draws).
        changes: for each comparison the total variation of the weights, shape (sizes, draws).
        predicted: predicted size of the first term, shape (sizes,).
        error: bound on the relative standard deviation of one draw, shape (sizes,).
    """
    figure, (left, right) = panels(2, 3.8)
    _draw_prediction(left, p, predicted, error, "predicted for add − cat")
    for ax, curves in ((left, sizes), (right, changes)):
        _draw_measured(ax, p, curves)
        ax.set_ylim(bottom=0, top=1.75 * ax.get_ylim()[1])  # room for the legend
        ax.set(xlabel=ROWS)
        ax.legend(loc="upper right", fontsize="small")
    left.set(ylabel="score / √p", title="Off the diagonal: root mean square")
    right.set(ylabel="total variation", title="Change of the attention weights")
    return figure


def _draw_measured(ax: Axes, p: ArrayLike, draws: Draws) -> None:
    """Draw the mean over the draws for every p, with the standard deviation as error bar."""
    for name, values in draws.items():
        ax.errorbar(
            p,
            np.mean(values, axis=1),
            np.std(values, axis=1),
            markersize=4,
            linewidth=1,
            capsize=3,
            label=name,
        )
    ax.set_xscale("log")
    ax.set_xticks(p, labels=map(str, np.asarray(p)))
    ax.minorticks_off()


def _draw_prediction(
    ax: Axes, p: ArrayLike, predicted: ArrayLike, error: ArrayLike, label: str
) -> None:
    """Draw a prediction for every p, with a band as wide as its relative error."""
    colour = COLOURS[5]
    middle = np.asarray(predicted)
    width = middle * error
    ax.fill_between(p, middle - width, middle + width, color=colour, alpha=0.35, linewidth=0)
    label = f"{label}; band: std of one draw, at most"
    ax.plot(p, middle, "-", color=colour, linewidth=3, alpha=0.8, label=label)
