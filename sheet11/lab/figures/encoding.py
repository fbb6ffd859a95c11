"""Figures of exercise 1a, 1b: the encoding, its Gram matrix, and attention without positions."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from sheet11.given.conventions import first_position
from sheet11.lab.plots import (
    COLOURS,
    MARGINS,
    MOST,
    Curves,
    Floats,
    draw_heatmap,
    drawn_if_wanted,
    legend_beside,
    panels,
    powers_of_ten,
    whole_numbers,
)

ROOM = 2.3  # inches beside a panel for its legend, so that it covers no data
CURVES = 4  # pairs of rows drawn as curves
TOKENS = 64  # tokens of these curves, and lags in the first panel of long profiles


@drawn_if_wanted
def encoding(E: ArrayLike, convention: str) -> Figure:
    """Draw some pairs of rows of an encoding as curves, and its sine and cosine rows as two heatmaps.

    In a single heatmap, a sine and the cosine below it would blend into a colour that neither has.

    Args:
        E: shape (p, n).
        convention: convention of the encoding.
    """
    E = np.asarray(E)
    kinds = sorted({kind_of_row(row, convention) for row in range(len(E))}, reverse=True)
    # a whole number of pixels for each row: rows of unequal height would look like waves
    rows = min(MOST, (len(E) + 1) // 2)
    height = rows * max(1, round(360 / rows)) / 100
    figure, (left, *others) = panels(1 + len(kinds), height + sum(MARGINS), right=0.8)
    _draw_pairs(left, E, convention)
    for ax, kind in zip(others, kinds, strict=True):
        draw_encoding(ax, E, convention, kind)
        ax.set(title=f"{kind} rows of E, {convention}")
    figure.colorbar(others[-1].collections[0], ax=others, label="entry", fraction=0.05, pad=0.03)
    return figure


@drawn_if_wanted
def pairs_of_rows(E: ArrayLike, convention: str) -> Figure:
    """Draw some pairs of rows of an encoding as curves."""
    figure, (ax,) = panels(1, 3.0)
    _draw_pairs(ax, np.asarray(E), convention)
    ax.set(title=f"{convention}, pairs of rows: sine —, cosine - -")
    return figure


def draw_encoding(ax: Axes, E: Floats, convention: str, kind: str, most: int = MOST) -> None:
    """Draw the sine or cosine rows of an encoding.

    Frequencies change little from one row to the next, so that every k-th row is enough.

    Args:
        ax: empty axes.
        E: shape (p, n).
        convention: convention of the encoding.
        kind: "sine" or "cosine".
        most: largest number of rows and tokens drawn.
    """
    p, n = E.shape
    rows = E[0::2] if kind == kind_of_row(0, convention) else E[1::2]
    step = -(-len(rows) // most)
    first_index = _first_row(convention), first_position(convention)
    draw_heatmap(ax, rows[::step, :most], 1, first_index, rows=p)
    ax.set(xlabel="position i", ylabel="row")
    if n > most:
        ax.set_xlabel(f"position i (the first {most} of {n})")
    if step > 1:
        ax.set_ylabel(f"row (one {kind} of every {step})")


@drawn_if_wanted
def lag_profiles(profiles: Mapping[str, Floats]) -> Figure:
    """Draw Gram matrix entries against the lag, one line for each convention, with half of the value at lag 0.

    Long profiles get two panels, one with the first lags and one with all.
    """
    lags = max(map(len, profiles.values()))
    shown = [lags] if lags <= MOST else [TOKENS, lags]
    figure, axes = panels(len(shown), 3.4, right=ROOM)
    for ax, count in zip(axes, shown, strict=True):
        draw_profiles(ax, {name: profile[:count] for name, profile in profiles.items()})
        ax.set(title="Profile of the Gram matrix", xlabel="lag i − j (tokens)")
    axes[0].set_ylabel("mean of (EᵀE)ᵢⱼ along the diagonal")
    legend_beside(axes[-1], frameon=False)
    return figure


def draw_profiles(ax: Axes, profiles: Mapping[str, Floats]) -> None:
    """Draw lag profiles, and a line at half of the first profile's value at lag 0."""
    first = next(iter(profiles.values()))
    few = len(first) <= MOST
    for name, profile in profiles.items():
        ax.plot(profile, markersize=3 if few else 0, linewidth=1.2, label=name)
    ends = [0, len(first) - 1]
    half = [first[0] / 2] * 2
    ax.plot(ends, half, ":", color="0.5", label="half of the diagonal\n(first curve)")
    ax.plot(ends, [0, 0], "-", color="0.3", linewidth=0.8, label="_zero")
    whole_numbers(ax.xaxis, 8 if few else 5)


@drawn_if_wanted
def token_deviations(deviations: Curves) -> Figure:
    """Draw each token's deviation from permutation equivariance, on a logarithmic scale from rounding errors up."""
    figure, (ax,) = panels(1, 3.0, right=ROOM)
    for name, value in deviations.items():
        height = np.maximum(value, 1e-17)
        ax.semilogy(1 + np.arange(len(height)), height, linestyle="", markersize=4, label=name)
    ax.set(title="Does attention commute with a permutation?", ylim=(1e-17, None))
    ax.set(xlabel="token", ylabel="‖ Att(XΠ) − Att(X)Π ‖")
    whole_numbers(ax.xaxis)
    powers_of_ten(ax.yaxis)
    legend_beside(ax, frameon=False)
    return figure


def _draw_pairs(ax: Axes, E: Floats, convention: str) -> None:
    """Draw some pairs of rows as curves, one pair below the other."""
    E = E[:, :TOKENS]
    position = first_position(convention) + np.arange(E.shape[1])
    pairs = np.unique(np.linspace(0, (len(E) - 1) // 2, CURVES).round().astype(int))
    first_row = _first_row(convention)
    names = []
    for place, k in enumerate(pairs):
        rows = range(len(E))[2 * k : 2 * k + 2]
        for row in rows:
            ax.plot(
                position,
                E[row] - 3 * place,
                "-" if kind_of_row(row, convention) == "sine" else "--",
                color=COLOURS[place],
                linewidth=1.2,
                label=f"row {first_row + row}",
            )
        names.append(", ".join(str(first_row + row) for row in rows))
    ax.set_yticks(-3 * np.arange(len(pairs)), names)
    ax.set(xlabel="position i", ylabel="rows", title="pairs of rows: sine —, cosine - -")
    whole_numbers(ax.xaxis)


def _first_row(convention: str) -> int:
    """Return the number of the first row in the convention."""
    return 1 if convention == "submission" else 0


def kind_of_row(row: int, convention: str) -> str:
    """Return "sine" or "cosine" for a row counted from 0; "submission" begins with a cosine."""
    return "sine" if (row % 2 == 0) != (convention == "submission") else "cosine"
