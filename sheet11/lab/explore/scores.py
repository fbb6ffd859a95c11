"""Sliders of exercise 1c, 1d: scores by concatenation and by addition, and their difference."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from sheet11.lab.plots import COLOURS, WIDTH, draw_heatmap, drawn_if_wanted
from sheet11.lab.sliders import Function, show_with_controls

MODES = ("cat", "add")
LAYOUT = {
    "height_ratios": (0.38, 0.28),
    "left": 0.08,
    "right": 0.96,
    "bottom": 0.1,
    "top": 0.94,
    "wspace": 0.35,
    "hspace": 0.18 / 0.33,
}


@drawn_if_wanted
def explore_scores(
    positional_encoding: Function,
    attention_scores: Function,
    difference_std: Function,
    n: int = 64,
    p: int = 256,
    convention: str = "sheet",
    seed: int = 0,
) -> None:
    """Show both kinds of scores, their difference and the predicted noise, with controls for p and σ.

    Args:
        positional_encoding: called with n, p and convention.
        attention_scores: called with E, X and a mode, "cat" or "add".
        difference_std: called with E and σ; its first result is the standard deviation of the difference off the
            diagonal.
        n: number of tokens, at most 128.
        p: initial number of rows, at most 1024.
        convention: convention of the encoding.
        seed: seed of X.
    """
    n = min(n, 128)
    token = n // 2

    def draw(p: int, relative_sigma: float) -> Figure:
        E = np.asarray(positional_encoding(n, p, convention))
        sigma = relative_sigma * E.std()
        X = np.random.default_rng(seed).normal(0, sigma, size=E.shape)
        scores = {name: np.asarray(attention_scores(E, X, name)) for name in MODES}
        noise = difference_std(E, sigma)[0]
        limit = np.abs(list(scores.values())).max()
        scores["add − cat"] = scores["add"] - scores["cat"]
        figure, axes = plt.subplot_mosaic(
            [[*scores], ["row"] * 3], figsize=(WIDTH, 5.4), gridspec_kw=LAYOUT
        )
        for name, matrix in scores.items():
            draw_heatmap(axes[name], matrix, limit)
            axes[name].set(title=f"{name}, ± {limit:.4g}", xlabel="token j")
        axes["cat"].set_ylabel("token i")

        lower = axes["row"]
        row = scores["cat"][token]
        column = np.arange(1, n + 1)
        lower.fill_between(
            column,
            row - noise,
            row + noise,
            color=COLOURS[4],
            alpha=0.4,
            label="cat ± predicted noise",
        )
        lower.plot(column, row, color=COLOURS[0], linewidth=1, label="cat")
        lower.plot(column, scores["add"][token], "o", color=COLOURS[1], label="add")
        strongest = [scores[name].argmax(axis=1) for name in MODES]
        moved = np.count_nonzero(strongest[0] != strongest[1])
        lower.set_title(
            f"Adding moves the largest score in {moved} of {n} rows;  row i = {token + 1}"
        )
        lower.set(xlabel="token j", ylabel="score")
        lower.grid(alpha=0.3)
        lower.legend(loc="upper right", fontsize="small")
        return figure

    show_with_controls(
        draw,
        {
            "p": dict(
                kind="IntSlider", min=1, max=1024, value=min(p, 1024), frames=[4, 16, 32, 64, 256]
            ),
            "relative_sigma": dict(
                kind="FloatSlider",
                min=0,
                max=3,
                step=0.1,
                value=1.0,
                description="σ / std(E)",
                frames=[0.5, 1, 2],
            ),
        },
    )
