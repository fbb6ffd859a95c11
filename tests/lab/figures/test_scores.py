"""Figures of exercise 1c and 1d draw what they are given, with labelled axes."""

import numpy as np
import pytest
from drawings import check_figure, functions_of, line, panels_of

from sheet11.lab.figures import scores as figures

GENERATOR = np.random.default_rng(0)
SIZES = np.array([8, 16, 32, 64])
PREDICTED = 1 / np.sqrt(2 * SIZES)
DRAWS = PREDICTED[:, None] * GENERATOR.uniform(0.9, 1.1, (4, 5))

# by function: a call, and the label of x of every panel
FIGURES = {
    "cross_term_histogram": (
        lambda: figures.cross_term_histogram(GENERATOR.normal(size=500), 2 * GENERATOR.normal(size=50), 1.0, 2.0),
        ["entry of C", "entry of C"],
    ),
    "noise_to_signal": (
        lambda: figures.noise_to_signal(SIZES, DRAWS, PREDICTED, -0.5),
        ["rows of the encoding, p"],
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled_and_everything_is_inside(name):
    make, xlabels = FIGURES[name]
    check_figure(make(), xlabels)


def test_every_function_has_a_test():
    assert functions_of(figures) == {*FIGURES}


def test_histogram_and_density_have_area_one():
    for ax in panels_of(FIGURES["cross_term_histogram"][0]()):
        assert sum(bar.get_width() * bar.get_height() for bar in ax.patches) == pytest.approx(1)
        (density,) = ax.lines
        x, y = density.get_data()
        assert np.trapezoid(y, x) == pytest.approx(1, abs=1e-3)
        assert np.sqrt(np.trapezoid(y * x**2, x)) == pytest.approx(x.max() / 4, rel=1e-2)


def test_noise_to_signal_shows_draws_mean_and_prediction():
    (ax,) = panels_of(FIGURES["noise_to_signal"][0]())
    for draw, points in zip(DRAWS.T, ax.lines[:5], strict=True):
        assert np.array_equal(points.get_ydata(), draw)
    assert np.array_equal(line(ax, "measured (mean of draws), slope -0.500").get_ydata(), DRAWS.mean(axis=1))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
