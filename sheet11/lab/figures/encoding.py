"""Figures of exercise 1a, 1b: the encoding, its Gram matrix, and attention without positions."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from sheet11.given.conventions import first_position
from sheet11.lab.plots import (
    COLOURS,
    MARGINS,
    MARKERS,
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
    kinds = ["sine", "cosine"]
    if len(E) == 1:
        kinds = [kind_of_row(0, convention)]
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
    shown = rows[::step, :most]
    first_index = _first_row(convention), first_position(convention)
    draw_heatmap(ax, shown, 1, first_index, shape=(p, shown.shape[1]))
    xlabel = "position i"
    ylabel = "row"
    if n > most:
        xlabel += f" (the first {most} of {n})"
    if step > 1:
        ylabel += f" (one {kind} of every {step})"
    ax.set(xlabel=xlabel, ylabel=ylabel)


@drawn_if_wanted
def lag_profiles(profiles: Curves) -> Figure:
    """Draw Gram matrix entries against the lag, one line for each convention, with half of the value at lag 0.

    Long profiles get two panels, one with the first lags and one with all.
    """
    arrays = {name: np.asarray(profile) for name, profile in profiles.items()}
    lags = len(next(iter(arrays.values())))
    figure, axes = panels(1 if lags <= MOST else 2, 3.4, right=ROOM)
    first = lags if lags <= MOST else TOKENS
    draw_profiles(axes[0], {name: profile[:first] for name, profile in arrays.items()})
    title = "Profile of the Gram matrix"
    axes[0].set(title=title, ylabel="mean of (EᵀE)ᵢⱼ along the diagonal")
    if lags > MOST:
        draw_profiles(axes[1], arrays)
        axes[1].set(title=f"{title}, all lags")
    for ax in axes:
        ax.set(xlabel="lag i − j (tokens)")
    legend_beside(axes[-1], frameon=False)
    return figure


def draw_profiles(ax: Axes, profiles: Curves) -> None:
    """Draw lag profiles, and a line at half of the first profile's value at lag 0."""
    first = np.asarray(next(iter(profiles.values())))
    few = len(first) <= MOST
    for marker, (name, profile) in zip(MARKERS, profiles.items(), strict=False):
        ax.plot(profile, marker=marker if few else "", markersize=3, linewidth=1.2, label=name)
    ends = [0, len(first) - 1]
    half = first[[0, 0]] / 2
    ax.plot(ends, half, color="0.5", linestyle=":", label="half of the diagonal\n(first curve)")
    ax.plot(ends, [0, 0], color="0.3", linewidth=0.8, label="_zero")
    whole_numbers(ax.xaxis, 8 if few else 5)


@drawn_if_wanted
def token_deviations(deviations: Curves) -> Figure:
    """Draw each token's deviation from permutation equivariance, on a logarithmic scale from rounding errors up."""
    figure = _on_a_logarithmic_scale(deviations, 1, "token", "‖ Att(XΠ) − Att(X)Π ‖")
    figure.axes[0].set_title("Does attention commute with a permutation?")
    return figure


@drawn_if_wanted
def diagonal_spreads(spreads: Curves) -> Figure:
    """Draw the largest minus the smallest entry of every diagonal, on a logarithmic scale from rounding errors up."""
    xlabel = "lag of the diagonal (tokens)"
    ylabel = "largest − smallest entry"
    figure = _on_a_logarithmic_scale(spreads, 0, xlabel, ylabel)
    figure.axes[0].set_title("How much does EᵀE vary along a diagonal?")
    return figure


def _on_a_logarithmic_scale(values: Curves, first: int, xlabel: str, ylabel: str) -> Figure:
    figure, (ax,) = panels(1, 3.0, right=ROOM)
    for marker, (name, value) in zip(MARKERS, values.items(), strict=False):
        height = np.maximum(value, 1e-17)
        ax.semilogy(first + np.arange(len(height)), height, marker, markersize=4, label=name)
    if len(values) > 1:
        ax.lines[1].set(markersize=7, fillstyle="none")  # visible where two curves coincide
    ax.set(ylim=(1e-17, None), xlabel=xlabel, ylabel=ylabel)
    whole_numbers(ax.xaxis)
    powers_of_ten(ax.yaxis)
    legend_beside(ax, frameon=False)
    return figure


def _draw_pairs(ax: Axes, E: Floats, convention: str) -> None:
    """Draw some pairs of rows as curves, one pair below the other."""
    position = first_position(convention) + np.arange(min(E.shape[1], TOKENS))
    pairs = np.unique(np.linspace(0, (len(E) - 1) // 2, CURVES).round().astype(int))
    names = []
    for place, k in enumerate(pairs):
        rows = range(2 * k, min(2 * k + 2, len(E)))
        for row in rows:
            ax.plot(
                position,
                E[row, : len(position)] - 3 * place,
                "-" if kind_of_row(row, convention) == "sine" else "--",
                color=COLOURS[place],
                linewidth=1.2,
                label=f"row {_first_row(convention) + row}",
            )
        names.append(", ".join(str(_first_row(convention) + row) for row in rows))
    ax.set_yticks(-3 * np.arange(len(pairs)), names)
    ax.set(xlabel="position i", ylabel="rows", title="pairs of rows: sine —, cosine - -")
    whole_numbers(ax.xaxis)


def _first_row(convention: str) -> int:
    """Return the number of the first row in the convention."""
    return 1 if convention == "submission" else 0


def kind_of_row(row: int, convention: str) -> str:
    """Return "sine" or "cosine" for a row counted from 0; "submission" begins with a cosine."""
    return "sine" if (row % 2 == 0) != (convention == "submission") else "cosine"
