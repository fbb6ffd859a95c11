"""Sliders of exercise 1a, 1b: the encoding, its Gram matrix and its profile."""

import numpy as np
from matplotlib.figure import Figure

from sheet11.given.conventions import CONVENTIONS, first_position
from sheet11.given.toeplitz import lag_profile
from sheet11.lab.figures.encoding import draw_encoding, draw_profiles, kind_of_row
from sheet11.lab.plots import draw_heatmap, drawn_if_wanted, panels
from sheet11.lab.sliders import Function, show_with_controls

OWN = "own"  # the default scale of the convention
SCALES = (16, 32, 64, 128, 256, 512, 1000, 2000, 5000, 10_000, 20_000)


@drawn_if_wanted
def explore_encoding(
    positional_encoding: Function,
    n: int = 64,
    p: int = 256,
    convention: str = "sheet",
    base: float = 10_000.0,
    scale: float | None = None,
) -> None:
    """Show E, its Gram matrix and the profile against the lag, with sliders for n, p, convention and scale.

    Args:
        positional_encoding: called with n, p, convention, base and scale.
        n: initial number of tokens, at most 128.
        p: initial number of rows, at most 512.
        convention: initial convention.
        base: base of the frequencies.
        scale: initial scale; None for the default of the convention.
    """

    def draw(n: int, p: int, convention: str, scale: float | str) -> Figure:
        E = np.asarray(positional_encoding(n, p, convention, base, None if scale == OWN else scale))
        G = E.T @ E
        limit = np.abs(G).max()
        kind = kind_of_row(0, convention)
        first = first_position(convention)
        figure, (left, middle, right) = panels(3, 3.1, across=0.75)
        draw_encoding(left, E, convention, kind, most=64)
        draw_heatmap(middle, G, limit, (first, first))
        draw_profiles(right, {"mean along the diagonal": lag_profile(G)})
        left.set(title=f"{kind} rows of E", ylabel="row")
        middle.set(title=f"EᵀE, ± {limit:.4g}", xlabel="position j", ylabel="position i")
        right.set(title="Profile of EᵀE", xlabel="lag i − j", xlim=(-0.02 * n, 1.02 * n))
        return figure

    scales = [(f"{value:g}", value) for value in sorted({*SCALES, scale or SCALES[0]})]
    show_with_controls(
        draw,
        {
            "n": dict(kind="IntSlider", min=2, max=128, value=min(n, 128)),
            "p": dict(kind="IntSlider", min=1, max=512, value=min(p, 512)),
            "convention": dict(
                kind="ToggleButtons", options=CONVENTIONS, value=convention, frames=CONVENTIONS
            ),
            "scale": dict(
                kind="SelectionSlider",
                options=[(OWN, OWN), *scales],
                value=scale or OWN,
                frames=[OWN, *SCALES[::2]],
            ),
        },
    )
