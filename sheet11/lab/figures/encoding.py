"""Figures of exercise 1a, 1b: the encoding, its Gram matrix, and what attention does without positions."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from sheet11.given.conventions import first_position
from sheet11.lab.plots import (
    COLOURS,
    MARGINS,
    MARKERS,
    MOST,
    draw_curve,
    draw_heatmap,
    drawn_if_wanted,
    legend_beside,
    panels,
    powers_of_ten,
)

ROOM = 2.3  # inches beside a panel for its legend, so that it lies on no data
CURVES = 4  # pairs of rows that are drawn as curves
TOKENS = 64  # of these curves, and of the first panel of long profiles


@drawn_if_wanted
def encoding(E: ArrayLike, convention: str) -> Figure:
    """Some pairs of rows of an encoding as curves; its sine rows and its cosine rows, each as a heatmap.

    A sine and the cosine below it in one heatmap would blend into a colour that neither has.

    Args:
        E: shape (p, n).
        convention: whose encoding it is.
    """
    E = np.asarray(E)
    kinds = [kind for kind in ("sine", "cosine") if len(_rows(E, convention, kind))]
    # a whole number of pixels for each row: else some rows are wider than others, and the eye sees waves
    rows = min(MOST, len(_rows(E, convention, kinds[0])))
    height = rows * max(1, round(360 / rows)) / 100
    figure, (left, *others) = panels(1 + len(kinds), height + sum(MARGINS), right=0.8)
    _draw_pairs(left, E, convention)
    for ax, kind in zip(others, kinds, strict=True):
        draw_encoding(ax, E, convention, kind)
        ax.set(title=f"{kind} rows of E, {convention}")
    figure.colorbar(others[-1].collections[0], ax=others, label="entry", fraction=0.05, pad=0.03)
    return figure


def draw_encoding(
    ax: Axes, E: NDArray[np.float64], convention: str, kind: str, most: int = MOST
) -> None:
    """Draw the sine rows of an encoding, or the cosine rows, or change those that are drawn.

    Frequencies change little from one row to the next, so that every k-th row shows what all do.

    Args:
        ax: holds nothing else.
        E: shape (p, n).
        convention: whose encoding it is.
        kind: "sine" or "cosine".
        most: rows and tokens that are drawn.
    """
    (p, n), rows = E.shape, _rows(E, convention, kind)
    step = -(-len(rows) // most)
    first = 1 if convention == "submission" else 0  # as the convention counts rows
    shown = rows[::step, :most]
    draw_heatmap(ax, shown, 1, (first, first_position(convention)), (p, shown.shape[1]))
    ax.set(
        xlabel="position i" + (f" (the first {most} of {n})" if n > most else ""),
        ylabel="row" + (f" (one {kind} of every {step})" if step > 1 else ""),
    )


@drawn_if_wanted
def lag_profiles(profiles: Mapping[str, ArrayLike]) -> Figure:
    """Gram matrix entries against the lag, one line for each convention, with half of the value at lag 0.

    Long profiles get a second panel with all lags, beside the first ones.
    """
    lags = len(np.asarray(next(iter(profiles.values()))))
    figure, axes = panels(1 if lags <= MOST else 2, 3.4, right=ROOM)
    for ax, shown in zip(axes, (TOKENS if lags > MOST else lags, lags), strict=False):
        draw_profiles(ax, {name: np.asarray(profile)[:shown] for name, profile in profiles.items()})
        more = ", all lags" if ax is not axes[0] else ""
        ax.set(xlabel="lag i − j (tokens)", title="Profile of the Gram matrix" + more)
    axes[0].set_ylabel("mean of (EᵀE)ᵢⱼ along the diagonal")
    legend_beside(axes[-1], frameon=False)
    return figure


def draw_profiles(ax: Axes, profiles: Mapping[str, ArrayLike]) -> None:
    """Draw lag profiles, and half of the first one's value at lag 0, or change those that are drawn."""
    values = {name: np.asarray(profile) for name, profile in profiles.items()}
    for number, (name, profile) in enumerate(values.items()):
        style = {
            "marker": MARKERS[number] if len(profile) <= MOST else "",
            "markersize": 3,
            "linewidth": 1.2,
        }
        draw_curve(ax, name, np.arange(len(profile)), profile, color=COLOURS[number], **style)
    first = next(iter(values.values()))
    last = len(first) - 1
    draw_curve(
        ax,
        "half of the diagonal\n(first curve)",
        [0, last],
        [first[0] / 2] * 2,
        color="0.5",
        linestyle=":",
    )
    draw_curve(ax, "_zero", [0, last], [0, 0], color="0.3", linewidth=0.8)
    ax.xaxis.set_major_locator(MaxNLocator(8 if last <= MOST else 5, integer=True))


@drawn_if_wanted
def token_deviations(deviations: Mapping[str, ArrayLike]) -> Figure:
    """Deviation from permutation equivariance for every token, on a logarithmic scale that starts at rounding."""
    words = {
        "xlabel": "token",
        "ylabel": "‖ Att(XΠ) − Att(X)Π ‖",
        "title": "Does attention commute with a permutation?",
    }
    return _on_a_logarithmic_scale(deviations, 1, words)


@drawn_if_wanted
def diagonal_spreads(spreads: Mapping[str, ArrayLike]) -> Figure:
    """Largest minus smallest entry along every diagonal, on a logarithmic scale that starts at rounding."""
    words = {"xlabel": "lag of the diagonal (tokens)", "ylabel": "largest − smallest entry"}
    return _on_a_logarithmic_scale(
        spreads, 0, words | {"title": "How much does EᵀE vary along a diagonal?"}
    )


def _on_a_logarithmic_scale(
    values: Mapping[str, ArrayLike], first: int, words: Mapping[str, str]
) -> Figure:
    figure, (ax,) = panels(1, 3.0, right=ROOM)
    for number, (name, value) in enumerate(values.items()):
        height = np.maximum(np.asarray(value), 1e-17)
        hollow = (
            {"markersize": 7, "fillstyle": "none"} if number == 1 else {"markersize": 4}
        )  # where two coincide
        number_of = np.arange(first, first + len(height))
        ax.semilogy(number_of, height, MARKERS[number], color=COLOURS[number], label=name, **hollow)
    ax.set(ylim=(1e-17, None), **words)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    powers_of_ten(ax.yaxis)
    legend_beside(ax, frameon=False)
    return figure


def _draw_pairs(ax: Axes, E: NDArray[np.float64], convention: str) -> None:
    """Draw some pairs of rows as curves, one pair below the other."""
    position = first_position(convention) + np.arange(min(E.shape[1], TOKENS))
    pairs = np.unique(np.linspace(0, (len(E) - 1) // 2, CURVES).round().astype(int))
    first = 1 if convention == "submission" else 0
    for place, k in enumerate(pairs):
        for row, wave in enumerate(E[2 * k : 2 * k + 2, : len(position)], 2 * k):
            style = "-" if _is_sine(row, convention) else "--"
            ax.plot(
                position,
                wave - 3 * place,
                style,
                color=COLOURS[place],
                linewidth=1.2,
                label=f"row {first + row}",
            )
    names = [
        ", ".join(str(first + row) for row in range(2 * k, min(2 * k + 2, len(E)))) for k in pairs
    ]
    ax.set_yticks([-3 * place for place in range(len(pairs))], names)
    ax.set(xlabel="position i", ylabel="rows", title="pairs of rows: sine —, cosine - -")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def _rows(E: NDArray[np.float64], convention: str, kind: str) -> NDArray[np.float64]:
    return E[0 if _is_sine(0, convention) == (kind == "sine") else 1 :: 2]


def _is_sine(row: int, convention: str) -> bool:
    """Whether a row, counted from 0, is a sine; "submission" begins with a cosine."""
    return (row % 2 == 0) != (convention == "submission")
