"""Sliders of exercise 2: weights and aggregate of one neighbourhood."""

import math

import numpy as np
from matplotlib.figure import Figure

from sheet11.lab.figures.aggregation import draw_marks
from sheet11.lab.plots import COLOURS, drawn_if_wanted, panels, signed
from sheet11.lab.sliders import Function, show_with_controls

LAMBDAS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, math.inf)
# chosen so that min, mean, max and sum are far apart
MESSAGES = {
    "m₁": -1.0,
    "m₂": 0.6,
    "m₃": 1.0,
    "m₄": 1.4,
    "m₅": 2.0,
}
EDGE = 250  # |λ| at which ±∞ is drawn
LINEAR = 0.3  # |λ| up to which the axis is linear


@drawn_if_wanted
def explore_aggregation(aggregate: Function) -> None:
    """Show weights and aggregate of one neighbourhood, for λ up to ±∞, η, and messages to drag or type.

    Args:
        aggregate: called with messages, index, num_nodes, λ and η, as `softargmax_aggregate`.
    """
    import torch  # imported late: it takes a second, and not every notebook needs it

    from sheet11.given.softmax import softargmax

    end = math.asinh(EDGE / LINEAR)
    grid = LINEAR * np.sinh(np.linspace(-end, end, 160))  # evenly spaced on the axis, and never 0
    index = torch.zeros(len(MESSAGES), dtype=torch.int64)

    def draw(lam: float, eta: float, **values: float) -> Figure:
        m = torch.tensor(list(values.values()), dtype=torch.float64)
        weights = softargmax(m, lam).numpy()
        mean = weights @ m.numpy()
        # soft(arg)max(m; λ) = soft(arg)max(λm; 1) allows a single call for all λ
        curve = aggregate(m[:, None] * torch.tensor(grid), index, 1, 1.0, eta)
        result = float(aggregate(m[:, None], index, 1, lam, eta))
        marks = {name: getattr(m, name)().item() for name in ("min", "mean", "sum", "max")}
        share = np.interp(mean, [marks["min"], marks["max"]], [0, 1])

        figure, (left, right) = panels(2, 3.4, right=0.8)
        names = [f"{name} = {signed(value)}" for name, value in values.items()]
        left.bar(names, weights, color=COLOURS[4], edgecolor="0.3")
        left.set(xlabel="message", ylabel="weight, soft(arg)max(m; λ)", ylim=(0, 1.05))
        left.set_title(
            f"λ = {signed(lam)}: ⟨m⟩ = {signed(mean)}, {share:.0%} of the way from min to max"
        )
        right.set_xscale("asinh", linear_width=LINEAR)
        right.plot(grid, np.asarray(curve)[0] / grid, "-", label="agg over λ")
        right.plot(
            np.clip(lam, -EDGE, EDGE),
            result,
            "o",
            color=COLOURS[1],
            markersize=9,
            label="here",
        )
        draw_marks(right, marks)
        right.set_title(f"agg = |N|^η ⟨m⟩ = {signed(result)} at η = {signed(eta)}")
        right.set(xlabel="inverse temperature λ (at the edges: ±∞)", ylabel="aggregate")
        right.set_xlim(-1.3 * EDGE, 1.3 * EDGE)
        right.set_xticks([-EDGE, -10, -1, 0, 1, 10, EDGE], ["−∞", "−10", "−1", "0", "1", "10", "∞"])
        return figure

    lambdas = sorted({0, *LAMBDAS, *(-lam for lam in LAMBDAS)})
    messages = {
        name: dict(kind="FloatSlider", min=-3, max=3, step=0.1, value=value)
        for name, value in MESSAGES.items()
    }
    show_with_controls(
        draw,
        {
            "lam": dict(
                kind="SelectionSlider",
                options=[(signed(lam), lam) for lam in lambdas],
                value=1.0,
                description="λ",
                frames=[-math.inf, -10, -1, 0, 1, 10, math.inf],
            ),
            "eta": dict(
                kind="FloatSlider",
                min=-1,
                max=2,
                step=0.05,
                value=0.0,
                description="η",
                frames=[0, 0.5, 1],
            ),
            **messages,
        },
    )
