"""Figures of exercise 2 draw the given values, with labelled axes."""

import numpy as np
import pytest
from drawings import check_figure, line, panels_of

from sheet11.lab.figures import aggregation as figures

GENERATOR = np.random.default_rng(0)
LAM = np.linspace(-5, 5, 11)
CURVES = {"one": np.sin(LAM), "two": np.cos(LAM)}
WEIGHTS = {"one": 1 / (1 + np.exp(-LAM))}
PATHS = {name: GENERATOR.normal(size=(6, 2)) for name in ("mean", "sum")}
LOSSES = {name: GENERATOR.uniform(0.1, 1, size=6) for name in PATHS}
ERRORS = np.exp([-LAM, -2 * LAM])
RATES = np.array([[1.0, 2.0, 3.0], [1.1, 2.0, 3.2], [0.2, 0.3, 0.4]])
TANGENT = [(-1, -1), (1, 1), (np.nan, np.nan), (0, 0), (1, 2)]

MARKS = {"min": -1.0, "mean": 0.1, "median": 0.11, "max": 1.0}
FIGURES = {
    "two_messages": lambda: figures.two_messages(LAM, CURVES, WEIGHTS),
    "convergence": lambda: figures.convergence(LAM, ERRORS, 2 * ERRORS, [1.0, 2.0], RATES),
    "interpolation": lambda: figures.interpolation(LAM, CURVES, MARKS, TANGENT),
    "fits": lambda: figures.fits(PATHS, LOSSES),
}


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_axes_are_labelled_and_everything_is_inside(draw):
    check_figure(draw())


@pytest.mark.parametrize("name", FIGURES)
def test_legends_cover_no_data(name):
    figure = FIGURES[name]()
    figure.canvas.draw()
    legends = [ax.get_legend() for ax in figure.axes if ax.get_legend()]
    assert legends
    for legend in legends:
        assert not any(ax.bbox.overlaps(legend.get_window_extent()) for ax in figure.axes)


def test_two_messages_show_values_weights_and_the_maximum():
    left, right = panels_of(FIGURES["two_messages"]())
    assert np.array_equal(line(left, "two").get_ydata(), CURVES["two"])
    assert np.array_equal(line(right, "one").get_ydata(), WEIGHTS["one"])
    assert np.array_equal(line(left, "max").get_ydata(), np.maximum(LAM, 0))


def test_convergence_shows_errors_with_their_bounds_and_rates():
    left, right = panels_of(FIGURES["convergence"]())
    measured, limits = left.lines[::2], left.lines[1::2]
    assert np.array_equal([curve.get_ydata() for curve in measured], ERRORS)
    assert np.array_equal([curve.get_ydata() for curve in limits], 2 * ERRORS)
    assert [curve.get_color() for curve in measured] == [curve.get_color() for curve in limits]
    gap, rate, above = RATES
    assert np.allclose(line(right, "measured").get_xydata().T, [gap, rate / gap])
    bars = np.array(right.collections[0].get_segments())
    assert np.allclose(bars.T, [[gap, gap], [np.ones(3), 1 + above / gap]])


def test_interpolation_names_its_marks_apart():
    (ax,) = panels_of(FIGURES["interpolation"]())
    assert np.array_equal(line(ax, "two").get_ydata(), CURVES["two"])
    assert np.array_equal(line(ax, "predicted slope").get_xydata(), TANGENT, equal_nan=True)
    assert [text.get_text().strip() for text in ax.texts] == ["min", "mean", "median", "max"]
    assert np.diff([text.get_position()[1] for text in ax.texts]).min() > 0.04
    for name, value in MARKS.items():
        assert set(line(ax, f"_{name}").get_ydata()) == {value}


def test_fits_show_paths_and_losses():
    plane, loss = panels_of(FIGURES["fits"]())
    for drawn, (name, path) in zip(plane.lines, PATHS.items(), strict=False):
        assert np.array_equal(drawn.get_xydata(), path)
        assert np.array_equal(line(loss, name).get_ydata(), LOSSES[name])
        assert drawn.get_color() == line(loss, name).get_color()
