"""Figures of exercise 2 draw what they are given, with labelled axes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawings import check_figure, functions_of, labels, line, panels_of

from sheet11.lab.figures import aggregation as figures
from sheet11.lab.plots import draw_curve

GENERATOR = np.random.default_rng(0)
LAM = np.linspace(-5, 5, 11)
CURVES = {"one": np.sin(LAM), "two": np.cos(LAM)}
WEIGHTS = {"one": 1 / (1 + np.exp(-LAM))}
PATHS = {name: np.abs(GENERATOR.normal(size=(6, 3))) for name in ("mean", "sum")}
ERRORS, BOUNDS = np.exp([-LAM, -2 * LAM]), 2 * np.exp([-LAM, -2 * LAM])

# by function: a call, and the label of x of every panel
FIGURES = {
    "pointwise_limit": (
        lambda: figures.pointwise_limit(LAM, CURVES, WEIGHTS),
        ["m₁ (the other message is m₂ = 0)"] * 2,
    ),
    "convergence": (lambda: figures.convergence(LAM, ERRORS, BOUNDS, [1.0, 2.0]), ["inverse temperature λ"]),
    "interpolation": (
        lambda: figures.interpolation(LAM, CURVES, {"min": -1.0, "mean": 0.1, "median": 0.11, "max": 1.0}),
        ["inverse temperature λ"],
    ),
    "fits": (lambda: figures.fits(PATHS), ["inverse temperature λ", "step"]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled_and_everything_is_inside(name):
    make, xlabels = FIGURES[name]
    check_figure(make(), xlabels)


def test_every_function_has_a_test():
    assert functions_of(figures) == {*FIGURES, "draw_marks"}


def test_pointwise_limit_shows_values_and_weights():
    left, right = panels_of(FIGURES["pointwise_limit"][0]())
    assert np.array_equal(line(left, "two").get_ydata(), CURVES["two"])
    assert np.array_equal(line(right, "one").get_ydata(), WEIGHTS["one"])


def test_convergence_pairs_error_and_bound_by_colour():
    (ax,) = panels_of(FIGURES["convergence"][0]())
    for error, bound, measured, limit in zip(ERRORS, BOUNDS, ax.lines[::2], ax.lines[1::2], strict=True):
        assert np.array_equal(measured.get_ydata(), error)
        assert np.array_equal(limit.get_ydata(), bound)
        assert measured.get_color() == limit.get_color()
    assert labels(ax) == ["Δ = 1.00", "Δ = 2.00"]


def test_convergence_leaves_out_rounding():
    figure = figures.convergence([0, 1], np.array([[1.0, 1e-17]]), np.ones((1, 2)), [1.0])
    assert np.array_equal(figure.axes[0].lines[0].get_ydata(), [1, np.nan], equal_nan=True)


def test_interpolation_names_its_marks_apart():
    (ax,) = panels_of(FIGURES["interpolation"][0]())
    assert np.array_equal(line(ax, "two").get_ydata(), CURVES["two"])
    assert [text.get_text().strip() for text in ax.texts] == ["min", "mean", "median", "max"]
    bottom, top = ax.get_ylim()
    assert np.diff([text.xyann[1] for text in ax.texts]).min() > 0.04 * (top - bottom)
    for value in (-1.0, 0.1, 0.11, 1.0):
        assert any(set(line.get_ydata()) == {value} for line in ax.lines)


def test_fits_show_paths_and_losses():
    plane, loss = panels_of(FIGURES["fits"][0]())
    for name, path in PATHS.items():
        assert np.array_equal(line(plane, name).get_xydata(), path[:, :2])
        assert np.array_equal(line(loss, name).get_ydata(), path[:, 2])
        assert line(plane, name).get_color() == line(loss, name).get_color()


def test_drawing_again_moves_the_marks():
    _, ax = plt.subplots()
    for x in ([0, 1], [0, 5, 9]):
        draw_curve(ax, "one", x, np.square(x), color="red")
        figures.draw_marks(ax, {"low": 1.0, "high": x[-1]})
        assert [one.get_label() for one in ax.lines] == ["one", "_low", "_high"]
        assert ax.get_xlim()[1] >= x[-1] and ax.get_ylim()[1] >= x[-1] ** 2, "all of it is to be seen"
        assert [text.get_text() for text in ax.texts] == [" low", " high"]
