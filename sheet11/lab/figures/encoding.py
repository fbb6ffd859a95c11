"""Figures of exercise 1a, 1b: the encoding, its Gram matrix, and what attention does without positions."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from sheet11.lab.plots import COLOURS, MARGINS, MARKERS, MOST, WIDTH, draw_curve, draw_heatmap, panels, powers_of_ten


def encoding(E: ArrayLike, name: str, first_position: int = 1) -> Figure:
    """Heatmap of the encoding: all of it, or as many pairs of rows and positions as can be told apart.

    Args:
        E: shape (p, n).
        name: of the convention.
        first_position: number of the first column.
    """
    E = np.asarray(E)
    # a whole number of pixels for each row: else some rows are wider than others, and the eye sees waves
    rows = len(_some_pairs(E, MOST))
    height = rows * max(1, round(400 / rows)) / 100
    figure, (ax,) = panels(1, height + sum(MARGINS), 0.75 * WIDTH, right=0.65)
    draw_encoding(ax, E, first_position)
    ax.set(title=f"E, convention “{name}”")
    figure.colorbar(ax.collections[0], ax=ax, label="entry", fraction=0.05, pad=0.02)
    return figure


def draw_encoding(ax: Axes, E: ArrayLike, first_position: int = 1, most: int = MOST) -> None:
    """Draw at most that many rows and positions of an encoding, or change the one that is drawn.

    The frequencies change little from one pair of rows to the next, so that every k-th pair shows what all do.
    """
    E = np.asarray(E)
    p, n = E.shape
    shown = _some_pairs(E, most)[:, :most]
    draw_heatmap(ax, shown, 1, (0, first_position), (p, shown.shape[1]))
    ax.set(
        xlabel="position i" + (f" (the first {most} of {n})" if n > most else ""),
        ylabel="row" + (f" (one pair of every {-(-p // most)})" if p > most else ""),
    )


def lag_profiles(profiles: Mapping[str, ArrayLike]) -> Figure:
    """Gram matrix entries against the lag, one line for each convention, with half of the value at lag 0.

    Long profiles get a second panel with all lags, beside the first ones.
    """
    lags = len(next(iter(profiles.values())))
    figure, axes = panels(1 if lags <= MOST else 2, 3.4)
    for ax, shown in zip(axes, (64 if lags > MOST else lags, lags), strict=False):
        draw_profiles(ax, {name: profile[:shown] for name, profile in profiles.items()})
        ax.set(
            xlabel="lag i − j (tokens)",
            title="Profile of the Gram matrix" + (", all lags" if ax is not axes[0] else ""),
        )
    axes[0].set_ylabel("mean of (EᵀE)ᵢⱼ along the diagonal")
    axes[-1].legend()
    return figure


def draw_profiles(ax: Axes, profiles: Mapping[str, ArrayLike]) -> None:
    """Draw lag profiles, and half of the first one's value at lag 0, or change those that are drawn."""
    for number, (name, profile) in enumerate(profiles.items()):
        marker = MARKERS[number] if len(profile) <= MOST else ""
        draw_curve(
            ax, name, range(len(profile)), profile, color=COLOURS[number], marker=marker, markersize=3, linewidth=1.2
        )
    half, last = next(iter(profiles.values()))[0] / 2, len(profile) - 1
    draw_curve(ax, "half of the diagonal (first curve)", [0, last], [half] * 2, color="0.5", linestyle=":")
    draw_curve(ax, "_zero", [0, last], [0, 0], color="0.3", linewidth=0.8)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def token_deviations(deviations: Mapping[str, ArrayLike]) -> Figure:
    """Deviation from permutation equivariance for every token, on a logarithmic scale that starts at rounding."""
    figure, (ax,) = panels(1, 3.0)
    for number, (name, deviation) in enumerate(deviations.items()):
        token = np.arange(1, len(deviation) + 1)
        height = np.maximum(deviation, 1e-17)
        hollow = {"markersize": 7, "fillstyle": "none"} if number == 1 else {"markersize": 4}  # where two coincide
        ax.semilogy(token, height, MARKERS[number], color=COLOURS[number], label=name, **hollow)
    ax.set(
        xlabel="token",
        ylabel="‖ Att(XΠ) − Att(X)Π ‖",
        title="Does attention commute with a permutation?",
        ylim=(1e-17, None),
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    powers_of_ten(ax.yaxis)
    ax.legend(loc="center right")
    return figure


def _some_pairs(E: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Pairs of rows of E at equal distances, at most that many rows."""
    k = -(-len(E) // most)
    return E[np.arange(len(E)) // 2 % k == 0]
