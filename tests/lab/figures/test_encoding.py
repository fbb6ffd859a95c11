"""Figures of exercise 1a and 1b draw the given values, with labelled axes."""

import numpy as np
import pytest
from drawings import check_figure, line, panels_of

from sheet11.encoding import positional_encoding
from sheet11.given.conventions import CONVENTIONS
from sheet11.lab.figures import encoding as figures

GENERATOR = np.random.default_rng(0)
SMALL = GENERATOR.normal(size=(5, 7))

FIGURES = {
    "encoding": lambda: figures.encoding(SMALL, "sheet"),
    "lag_profiles": lambda: figures.lag_profiles({"sheet": [4, 2, -1], "vaswani": [4, 3, 2]}),
    "pairs_of_rows": lambda: figures.pairs_of_rows(SMALL, "vaswani"),
    "token_deviations": lambda: figures.token_deviations({"with": [1, 0.5], "without": [0, 1e-16]}),
}


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_axes_are_labelled_and_everything_is_inside(draw):
    check_figure(draw())


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(
    ("n", "p", "shown"), [(64, 256, (128, 64)), (300, 1024, (256, 256)), (5, 8, (4, 5))]
)
def test_encoding_shows_sines_and_cosines_apart_in_whole_pixels(convention, n, p, shown):
    E = positional_encoding(n, p, convention)
    figure = figures.encoding(E, convention)
    first = int(convention == "submission")
    step = 2 * -(-p // 512)
    for ax, place in zip(panels_of(figure)[1:], (first, 1 - first), strict=True):
        (mesh,) = ax.collections
        assert np.array_equal(mesh.get_array(), E[place::step, :256])
        assert mesh.get_array().shape == shown and mesh.get_clim() == (-1, 1)
        numbers = [int(text.get_text()) for text in ax.get_yticklabels()]
        rows = np.subtract(numbers, first) + 0.5
        np.testing.assert_allclose(ax.get_yticks(), rows * shown[0] / p)
        pixels = ax.get_position().height * figure.get_figheight() * figure.dpi / shown[0]
        assert pixels == pytest.approx(round(pixels))


@pytest.mark.parametrize(
    ("p", "drawn"), [(256, [0, 1, 84, 85, 170, 171, 254, 255]), (5, [0, 1, 2, 3, 4]), (1, [0])]
)
def test_encoding_shows_single_rows_as_curves(p, drawn):
    E = positional_encoding(9, p, "submission")
    ax, *_ = figures.encoding(E, "submission").axes
    for curve, row in zip(ax.lines, drawn, strict=True):
        assert curve.get_label() == f"row {1 + row}"
        np.testing.assert_allclose(np.diff(curve.get_ydata()), np.diff(E[row]), atol=1e-13)
        assert (curve.get_linestyle() == "-") == (row % 2 == 1), "sines are solid"


def test_lag_profiles_and_half_of_the_first():
    (ax,) = panels_of(FIGURES["lag_profiles"]())
    assert line(ax, "sheet").get_ydata().tolist() == [4, 2, -1]
    assert line(ax, "vaswani").get_ydata().tolist() == [4, 3, 2]
    assert set(line(ax, "half of the diagonal\n(first curve)").get_ydata()) == {2}
    near, far = figures.lag_profiles({"sheet": np.arange(500.0, 0, -1)}).axes
    assert [len(line(ax, "sheet").get_xdata()) for ax in (near, far)] == [64, 500]


def test_zero_is_drawn_at_rounding_and_tokens_begin_with_1():
    (ax,) = panels_of(FIGURES["token_deviations"]())
    assert line(ax, "without").get_xydata().tolist() == [[1, 1e-17], [2, 1e-16]]
