"""Figures of exercise 1c, 1d: noise of added positions."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from sheet11.lab.plots import COLOURS, panels


def cross_term_histogram(off_diagonal: ArrayLike, diagonal: ArrayLike, std: float, diagonal_std: float) -> Figure:
    """Histograms of the cross term off and on the diagonal, with the predicted normal densities."""
    figure, axes = panels(2, 3.2)
    for ax, values, predicted, title in [
        (axes[0], off_diagonal, std, "off the diagonal"),
        (axes[1], diagonal, diagonal_std, "on the diagonal"),
    ]:
        x = np.linspace(-4 * predicted, 4 * predicted, 400)
        ax.hist(values, bins="auto", density=True, color=COLOURS[0], alpha=0.5, label="measured")
        density = np.exp(-((x / predicted) ** 2) / 2) / np.sqrt(2 * np.pi) / predicted
        ax.plot(x, density, color=COLOURS[3], label=f"normal, standard deviation {predicted:.3g}")
        ax.set(title=f"C = EᵀX + XᵀE {title}", xlabel="entry of C", ylabel="density")
        ax.set_ylim(top=1.35 * ax.get_ylim()[1])  # room for the legend
        ax.legend(loc="upper right")
    return figure


def noise_to_signal(p: ArrayLike, measured: ArrayLike, predicted: ArrayLike, slope: float) -> Figure:
    """Noise-to-signal ratio of the added scores over p on log-log axes: draws, prediction, fitted slope.

    Args:
        p: shape (sizes,).
        measured: shape (sizes, draws).
        predicted: shape (sizes,).
        slope: fitted to the mean over the draws.
    """
    figure, (ax,) = panels(1, 3.6)
    measured = np.asarray(measured)
    ax.loglog(p, measured, ".", color=COLOURS[0], alpha=0.5)
    ax.loglog(p, measured.mean(axis=1), "o", color=COLOURS[0], label=f"measured (mean of draws), slope {slope:.3f}")
    ax.loglog(p, predicted, color=COLOURS[3], label="predicted")
    ax.set_xscale("log", base=2)
    ax.set(
        xlabel="rows of the encoding, p",
        ylabel="noise-to-signal ratio",
        title="Adding costs less and less as the dimension grows",
    )
    ax.legend()
    return figure
