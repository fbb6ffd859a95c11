"""Sliders of exercise 2: weights and aggregate of one neighbourhood."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sheet11.given.checks import check_between
from sheet11.lab.figures.aggregation import draw_marks
from sheet11.lab.plots import COLOURS, draw_curve, panels
from sheet11.lab.sliders import explored_if_wanted, show_with_controls, signed

LAMBDAS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
MARKS = ("min", "mean", "sum", "max")
MESSAGES = (-1.0, 0.6, 1.0, 1.4, 2.0)  # min, mean, max and sum are apart


@explored_if_wanted
def explore_aggregation(
    aggregate: Callable[..., Any], messages: Sequence[float] = MESSAGES
) -> None:
    """Weights and aggregate of one neighbourhood, for λ through ±∞, η, and messages to drag or type.

    Args:
        aggregate: called with messages, index, num_nodes, λ and η, as `softargmax_aggregate`.
        messages: at the start, one to nine, between −3 and 3; each gets a slider.

    Raises:
        TypeError, ValueError: too few or too many messages, or one out of range.
    """
    import torch  # here and below, because it takes a second that notebooks without it need not wait

    from sheet11.given.softmax import softargmax

    if not 1 <= len(messages) <= 9:
        raise ValueError(f"messages must be one to nine numbers, got {len(messages)}")
    for k, value in enumerate(messages):
        check_between(f"messages[{k}]", value, -3, 3, "be between -3 and 3")
    figure, (left, right) = panels(2, 3.4, right=0.8)
    edge = 250  # where ±∞ is drawn
    grid = 0.3 * np.sinh(
        np.linspace(-1, 1, 161) * math.asinh(edge / 0.3)
    )  # even on the axis, and 0 among them
    number = np.arange(1, len(messages) + 1)
    bars = left.bar(number, np.zeros(len(messages)), color=COLOURS[4], edgecolor="0.3")
    index = torch.zeros(len(messages), dtype=torch.int64)

    def draw(lam: float, eta: float, **values: float) -> None:
        m = torch.tensor(list(values.values()), dtype=torch.float64)

        def agg(lam: float) -> float:
            return float(aggregate(m[:, None], index, 1, lam, eta))

        weights = softargmax(m, lam)
        for bar, weight in zip(bars, weights.tolist(), strict=True):
            bar.set_height(weight)
        left.set_xticks(
            number, [f"m{'₁₂₃₄₅₆₇₈₉'[k]} = {signed(value)}" for k, value in enumerate(m.tolist())]
        )
        result, low, high = agg(lam), m.min().item(), m.max().item()
        mean = (weights @ m).item()
        share = (mean - low) / (high - low) if high > low else 0.5
        draw_curve(right, "agg over λ", grid, [agg(value) for value in grid], color=COLOURS[0])
        place = max(-edge, min(edge, lam))
        draw_curve(right, "here", [place], [result], color=COLOURS[1], marker="o", markersize=9)
        draw_marks(
            right, dict(zip(MARKS, (low, m.mean().item(), m.sum().item(), high), strict=True))
        )
        left.set(
            title=f"λ = {signed(lam)}: ⟨m⟩ = {signed(mean)}, {share:.0%} of the way from min to max"
        )
        right.set(title=f"agg = |N|^η ⟨m⟩ = {signed(result)} at η = {signed(eta)}")

    left.set(xlabel="message", ylabel="weight, soft(arg)max(m; λ)", ylim=(0, 1.05))
    right.set_xscale("asinh", linear_width=0.3)
    right.set(
        xlabel="inverse temperature λ (at the edges: ±∞)",
        ylabel="aggregate",
        xlim=(-1.3 * edge, 1.3 * edge),
    )
    right.set_xticks([-edge, -10, -1, 0, 1, 10, edge], ["−∞", "−10", "−1", "0", "1", "10", "∞"])
    start = {"lam": 1.0, "eta": 0.0} | {
        f"m{k}": float(value) for k, value in zip(number, messages, strict=True)
    }

    def controls(w: Any) -> dict[str, Any]:
        steps = [-math.inf, *(-value for value in reversed(LAMBDAS)), 0, *LAMBDAS, math.inf]
        return {
            "lam": w.SelectionSlider(
                options=[(signed(value), value) for value in steps], description="λ"
            ),
            "eta": w.FloatSlider(min=-1, max=2, step=0.05, description="η"),
        } | {f"m{k}": w.FloatSlider(min=-3, max=3, step=0.1) for k in number}

    show_with_controls(figure, draw, start, controls)
