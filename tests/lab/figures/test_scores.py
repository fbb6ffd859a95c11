"""Figures of exercise 1c and 1d draw what they are given, with labelled axes."""

import numpy as np
import pytest
from drawings import check_figure, labels, panels_of

from sheet11.lab.figures import scores as figures

GENERATOR = np.random.default_rng(0)
SIZES = np.array([8, 16, 32, 64])
PREDICTED = 1 / np.sqrt(2 * SIZES)
ERROR = np.array([0.1, 0.08, 0.06, 0.04])
DRAWS = PREDICTED[:, None] * GENERATOR.uniform(0.9, 1.1, (4, 5))
OFF, ON = GENERATOR.normal(size=500), 2 * GENERATOR.normal(size=50)

FIGURES = {
    "difference_histogram": lambda: figures.difference_histogram(OFF, ON, (1.0, 2.0), (0.05, 0.2)),
    "noise_to_signal": lambda: figures.noise_to_signal(
        SIZES, DRAWS, PREDICTED, ERROR, (-0.48, -0.5)
    ),
    "seen_by_softmax": lambda: figures.seen_by_softmax(
        SIZES, {"C": DRAWS, "XX": 2 * DRAWS}, {"TV": 3 * DRAWS}, PREDICTED, ERROR
    ),
}


def drawn(ax):
    """By label: the means of the draws, and the ends of their error bars."""
    return {
        bars.get_label(): (
            bars.lines[0].get_ydata(),
            np.array(bars.lines[2][0].get_segments())[:, :, 1],
        )
        for bars in ax.containers
    }


def check_draws(curve, draws):
    mean, spread = draws.mean(axis=1), draws.std(axis=1)
    np.testing.assert_allclose(curve[0], mean)
    np.testing.assert_allclose(curve[1], np.stack([mean - spread, mean + spread], axis=1))


def check_prediction(ax, label):
    (curve,) = [line for line in ax.lines if line.get_label() == label]
    np.testing.assert_allclose(curve.get_ydata(), PREDICTED)
    edges = ax.collections[0].get_paths()[0].vertices
    for p, predicted, error in zip(SIZES, PREDICTED, ERROR, strict=True):
        at_p = edges[edges[:, 0] == p, 1]
        assert (at_p.min(), at_p.max()) == pytest.approx(
            (predicted * (1 - error), predicted * (1 + error))
        )


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_axes_are_labelled_and_everything_is_inside(draw):
    check_figure(draw())


def test_histogram_and_density_have_area_one():
    for ax, values, std in zip(
        panels_of(FIGURES["difference_histogram"]()), (OFF, ON), (1, 2), strict=True
    ):
        assert sum(bar.get_width() * bar.get_height() for bar in ax.patches) == pytest.approx(1)
        (density,) = ax.lines
        x, y = density.get_data()
        assert np.trapezoid(y, x) == pytest.approx(1, abs=1e-3)
        assert np.sqrt(np.trapezoid(y * x**2, x)) == pytest.approx(std, rel=1e-2)
        assert f"measured: ± {np.sqrt(np.mean(values**2)):.3g}" in labels(ax)


def test_noise_to_signal_shows_the_draws_and_the_prediction_with_its_error():
    (ax,) = panels_of(FIGURES["noise_to_signal"]())
    check_draws(drawn(ax)["measured, slope −0.48; mean and standard deviation of the draws"], DRAWS)
    check_prediction(ax, "predicted, slope −0.5; band: one draw may stray as far")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_what_the_softmax_sees_is_drawn_from_zero():
    left, right = panels_of(FIGURES["seen_by_softmax"]())
    check_draws(drawn(left)["C"], DRAWS)
    check_draws(drawn(left)["XX"], 2 * DRAWS)
    check_prediction(left, "predicted for add − cat; band: one draw may stray as far")
    check_draws(drawn(right)["TV"], 3 * DRAWS)
    for ax in (left, right):
        assert (ax.get_xscale(), ax.get_yscale(), ax.get_ylim()[0]) == ("log", "linear", 0)
