"""Figures of exercise 1c and 1d draw the given values, with labelled axes."""

import numpy as np
import pytest
from drawings import check_figure

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


def check_draws(ax, number, draws):
    """Check the means of the draws, and their standard deviations as error bars."""
    mean, spread = draws.mean(axis=1), draws.std(axis=1)
    curve, _, (bars,) = ax.containers[number]
    np.testing.assert_allclose(curve.get_ydata(), mean)
    drawn = np.array(bars.get_segments())[:, :, 1]
    np.testing.assert_allclose(drawn.T, [mean - spread, mean + spread])


def check_prediction(ax):
    """Check that a band of the prediction's relative error lies around it."""
    edges = ax.collections[0].get_paths()[0].vertices
    for p, predicted, error in zip(SIZES, PREDICTED, ERROR, strict=True):
        at_p = set(edges[edges[:, 0] == p, 1].round(12))
        np.testing.assert_allclose(sorted(at_p), predicted * np.array([1 - error, 1 + error]))


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_axes_are_labelled_and_everything_is_inside(draw):
    check_figure(draw())


def test_histogram_and_density_have_area_one():
    for ax, std in zip(FIGURES["difference_histogram"]().axes, (1, 2), strict=True):
        assert sum(bar.get_width() * bar.get_height() for bar in ax.patches) == pytest.approx(1)
        x, y = ax.lines[0].get_data()
        assert np.trapezoid(y, x) == pytest.approx(1, abs=1e-3)
        assert np.sqrt(np.trapezoid(y * x**2, x)) == pytest.approx(std, rel=1e-2)


def test_noise_to_signal_shows_the_draws_and_the_prediction_with_its_error():
    (ax,) = FIGURES["noise_to_signal"]().axes
    check_draws(ax, 0, DRAWS)
    check_prediction(ax)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_what_the_softmax_sees_is_drawn_from_zero():
    left, right = FIGURES["seen_by_softmax"]().axes
    check_draws(left, 0, DRAWS)
    check_draws(left, 1, 2 * DRAWS)
    check_prediction(left)
    check_draws(right, 0, 3 * DRAWS)
    for ax in (left, right):
        assert (ax.get_xscale(), ax.get_yscale(), ax.get_ylim()[0]) == ("log", "linear", 0)
