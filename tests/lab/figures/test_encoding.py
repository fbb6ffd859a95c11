"""Figures of exercise 1a and 1b draw what they are given, with labelled axes."""

import numpy as np
import pytest
from drawings import check_figure, line, panels_of

from sheet11.encoding import positional_encoding
from sheet11.given.conventions import CONVENTIONS
from sheet11.lab.figures import encoding as figures

GENERATOR = np.random.default_rng(0)
SMALL = GENERATOR.normal(size=(5, 7))

# by function: a call, and the label of x of every panel
FIGURES = {
    "encoding": (lambda: figures.encoding(SMALL, "sheet"), ["position i"] * 3),
    "lag_profiles": (
        lambda: figures.lag_profiles({"sheet": [4, 2, -1], "vaswani": [4, 3, 2]}),
        ["lag i − j (tokens)"],
    ),
    "diagonal_spreads": (
        lambda: figures.diagonal_spreads({"sheet": [0, 1e-16, 0], "submission": [0.5, 0.3, 0]}),
        ["lag of the diagonal (tokens)"],
    ),
    "token_deviations": (
        lambda: figures.token_deviations({"with": [1, 0.5], "without": [0, 1e-16]}),
        ["token"],
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled_and_everything_is_inside(name):
    make, xlabels = FIGURES[name]
    check_figure(make(), xlabels)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(
    ("n", "p", "shown"), [(64, 256, (128, 64)), (300, 1024, (256, 256)), (5, 8, (4, 5))]
)
def test_encoding_shows_sines_and_cosines_apart_in_whole_pixels(convention, n, p, shown):
    E = positional_encoding(n, p, convention)
    figure = figures.encoding(E, convention)
    first = int(convention == "submission")
    rows = E[::2], E[1::2]
    panels = {ax.get_title(): ax for ax in figure.axes}
    for kind, wave in zip(("sine", "cosine"), reversed(rows) if first else rows, strict=True):
        ax = panels[f"{kind} rows of E, {convention}"]
        assert np.array_equal(ax.collections[0].get_array(), wave[:: -(-p // 2 // 256), :256])
        assert ax.collections[0].get_array().shape == shown and ax.collections[0].get_clim() == (
            -1,
            1,
        )
        for place, text in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True):
            assert place == pytest.approx((int(text.get_text()) - first + 0.5) * shown[0] / p)
        pixels = ax.get_position().height * figure.get_figheight() * figure.dpi
        assert pixels / shown[0] == pytest.approx(round(pixels / shown[0]))
        assert (f"one {kind} of every 2" in ax.get_ylabel()) == (p == 1024)
        assert ("the first 256 of 300" in ax.get_xlabel()) == (n == 300)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(
    ("p", "drawn"), [(256, [0, 1, 84, 85, 170, 171, 254, 255]), (5, [0, 1, 2, 3, 4]), (1, [0])]
)
def test_encoding_shows_single_rows_as_curves(convention, p, drawn):
    E = positional_encoding(9, p, convention)
    ax = figures.encoding(E, convention).axes[0]
    first = int(convention == "submission")
    assert [curve.get_label() for curve in ax.lines] == [f"row {first + row}" for row in drawn]
    for curve, row in zip(ax.lines, drawn, strict=True):
        np.testing.assert_allclose(np.diff(curve.get_ydata()), np.diff(E[row]), atol=1e-13)
        assert (curve.get_linestyle() == "-") == (row % 2 == first), "sines are solid"
        assert curve.get_xdata()[0] == (convention != "vaswani")


@pytest.mark.parametrize(
    ("convention", "kind"), [("sheet", "sine"), ("vaswani", "sine"), ("submission", "cosine")]
)
def test_encoding_of_one_row(convention, kind):
    figure = figures.encoding(positional_encoding(2, 1, convention), convention)
    assert [ax.get_title() for ax in panels_of(figure)][1:] == [f"{kind} rows of E, {convention}"]


def test_lag_profiles_and_half_of_the_first():
    (ax,) = panels_of(FIGURES["lag_profiles"][0]())
    assert line(ax, "sheet").get_ydata().tolist() == [4, 2, -1]
    assert line(ax, "vaswani").get_ydata().tolist() == [4, 3, 2]
    assert set(line(ax, "half of the diagonal\n(first curve)").get_ydata()) == {2}


def test_long_lag_profiles_get_a_panel_with_all_lags():
    near, far = figures.lag_profiles(
        {"sheet": np.arange(500.0, 0, -1), "vaswani": np.ones(500)}
    ).axes
    assert len(line(near, "sheet").get_xdata()) == 64 and len(line(far, "sheet").get_xdata()) == 500
    assert line(near, "sheet").get_marker() == "o" and line(far, "sheet").get_marker() == ""
    assert near.get_ylabel()


def test_deviations_of_zero_are_drawn_at_rounding():
    (ax,) = panels_of(FIGURES["token_deviations"][0]())
    assert line(ax, "without").get_xdata().tolist() == [1, 2]
    assert line(ax, "without").get_ydata().tolist() == [1e-17, 1e-16]
    assert ax.get_yscale() == "log"


def test_spreads_begin_at_the_main_diagonal():
    (ax,) = panels_of(FIGURES["diagonal_spreads"][0]())
    assert line(ax, "submission").get_xdata().tolist() == [0, 1, 2]
    assert line(ax, "submission").get_ydata().tolist() == [0.5, 0.3, 1e-17]


@pytest.mark.parametrize("name", ["lag_profiles", "diagonal_spreads", "token_deviations"])
def test_the_legend_lies_beside_the_data(name):
    figure = FIGURES[name][0]()
    figure.canvas.draw()
    ax = panels_of(figure)[-1]
    assert ax.get_legend().get_window_extent().x0 > ax.get_window_extent().x1
