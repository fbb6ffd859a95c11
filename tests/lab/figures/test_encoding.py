"""Figures of exercise 1a and 1b draw what they are given, with labelled axes."""

import numpy as np
import pytest
from drawings import check_figure, functions_of, line, panels_of

from sheet11.lab.figures import encoding as figures

GENERATOR = np.random.default_rng(0)
SMALL = GENERATOR.normal(size=(5, 7))

# by function: a call, and the label of x of every panel
FIGURES = {
    "encoding": (lambda: figures.encoding(SMALL, "sheet"), ["position i"]),
    "lag_profiles": (lambda: figures.lag_profiles({"sheet": [4, 2, -1], "vaswani": [4, 3, 2]}), ["lag i − j (tokens)"]),
    "token_deviations": (lambda: figures.token_deviations({"with": [1, 0.5], "without": [0, 1e-16]}), ["token"]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled_and_everything_is_inside(name):
    make, xlabels = FIGURES[name]
    check_figure(make(), xlabels)


def test_every_function_has_a_test():
    assert functions_of(figures) == {*FIGURES, "draw_encoding", "draw_profiles"}


@pytest.mark.parametrize(("n", "p", "shape"), [(64, 256, (256, 64)), (300, 1024, (256, 256)), (4, 7, (7, 4))])
def test_encoding_shows_whole_pairs_in_whole_pixels(n, p, shape):
    E = np.arange(p)[:, None] + np.arange(n) / n
    figure = figures.encoding(E, "sheet", first_position=0)
    ax = figure.axes[0]
    shown = ax.collections[0].get_array()
    assert shown.shape == shape
    assert np.array_equal(shown[1::2, 0], shown[: shape[0] // 2 * 2 : 2, 0] + 1), "a sine, and the cosine below it"
    for place, text in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True):
        assert place == pytest.approx((int(text.get_text()) + 0.5) * shape[0] / p)
    pixels = ax.get_position().height * figure.get_figheight() * figure.dpi
    assert pixels / shape[0] == pytest.approx(round(pixels / shape[0]))
    assert ("one pair of every 4" in ax.get_ylabel()) == (p == 1024)
    assert ("the first 256 of 300" in ax.get_xlabel()) == (n == 300)


def test_lag_profiles_and_half_of_the_first():
    (ax,) = panels_of(FIGURES["lag_profiles"][0]())
    assert line(ax, "sheet").get_ydata().tolist() == [4, 2, -1]
    assert line(ax, "vaswani").get_ydata().tolist() == [4, 3, 2]
    assert set(line(ax, "half of the diagonal (first curve)").get_ydata()) == {2}


def test_long_lag_profiles_get_a_panel_with_all_lags():
    near, far = figures.lag_profiles({"sheet": np.arange(500.0, 0, -1), "vaswani": np.ones(500)}).axes
    assert len(line(near, "sheet").get_xdata()) == 64 and len(line(far, "sheet").get_xdata()) == 500
    assert line(near, "sheet").get_marker() == "o" and line(far, "sheet").get_marker() == ""
    assert near.get_ylabel()


def test_deviations_of_zero_are_drawn_at_rounding():
    (ax,) = panels_of(FIGURES["token_deviations"][0]())
    assert line(ax, "without").get_xdata().tolist() == [1, 2]
    assert line(ax, "without").get_ydata().tolist() == [1e-17, 1e-16]
    assert ax.get_yscale() == "log"
