"""Common style of figures, heatmaps and curves, which draw the given values."""

import base64
import io
import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawings import check_figure
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from sheet11.course.execute import execute
from sheet11.lab import plots

GENERATOR = np.random.default_rng(0)
SMALL, LARGE = GENERATOR.normal(size=(5, 7)), 10 * GENERATOR.normal(size=(9, 4))


def test_heatmaps_are_labelled_and_everything_is_inside():
    check_figure(plots.heatmaps({"a": SMALL, "b": LARGE}, "column", "row", "entry"))


def test_signed_numbers():
    assert [plots.signed(value) for value in (-0.12345, 20.0, math.inf, -math.inf)] == [
        "−0.123",
        "20",
        "∞",
        "−∞",
    ]


def test_show_displays_the_figure_and_its_description_and_closes_it(shown):
    plots.show(plots.heatmaps({"a": SMALL, "b": LARGE}, "column", "row", "entry"))
    ((data, metadata),) = shown
    pixels = plt.imread(io.BytesIO(base64.b64decode(data["image/png"])))
    assert pixels.shape[:2] == (340, 1000) and pixels.std() > 0
    assert data["text/plain"] == "a: row against column; b: column; colours: entry"
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert plt.get_fignums() == []


def test_show_leaves_other_backends_to_matplotlib(monkeypatch):
    calls = []
    monkeypatch.setattr(plt, "show", lambda: calls.append("show"))
    plots.show(plots.heatmaps({"a": SMALL}, "column", "row", "entry"))
    assert calls == ["show"] and len(plt.get_fignums()) == 1


def test_heatmaps_share_one_symmetric_scale():
    left, right, bar = plots.heatmaps({"a": SMALL, "b": LARGE}, "column", "row", "entry").axes
    limit = np.abs(LARGE).max()
    for ax, matrix in [(left, SMALL), (right, LARGE)]:
        (mesh,) = ax.collections
        assert mesh.get_clim() == (-limit, limit)
        assert np.array_equal(mesh.get_array(), matrix)
        middle = mesh.to_rgba(0.0)[:3]
        assert np.ptp(middle) < 0.02, "0 has no colour"
    assert bar.get_ylabel() == "entry"


def test_a_heatmap_is_read_off_its_picture():
    ax, bar = plots.heatmaps({"a": SMALL}, "column", "row", "entry").axes
    values, colours, ends = plots.read_heatmap(ax, bar, SMALL.shape)
    limit = np.abs(SMALL).max()
    np.testing.assert_allclose(values, SMALL, atol=limit / 100)
    np.testing.assert_allclose(ends, [-limit, limit])
    assert np.ptp(colours[np.abs(SMALL) < limit / 20]) < 0.2

    figure, ax = plt.subplots()
    bar = figure.colorbar(ax.imshow(LARGE, vmax=5), orientation="horizontal").ax
    values, *_ = plots.read_heatmap(ax, bar, LARGE.shape)
    np.testing.assert_allclose(values, np.minimum(LARGE, 5), atol=0.3)


def test_heatmap_ticks_number_rows_and_columns():
    _, ax = plt.subplots()
    plots.draw_heatmap(ax, np.eye(12, 40), 1, (0, 3))
    assert ax.get_xlim() == (0, 40) and ax.get_ylim() == (12, 0), "the first row is at the top"
    for axis, first in [(ax.yaxis, 0), (ax.xaxis, 3)]:
        numbers = np.array([int(text.get_text()) for text in axis.get_ticklabels()])
        assert 3 <= len(numbers) <= 8
        np.testing.assert_allclose(axis.get_ticklocs(), numbers - first + 0.5)  # mid-cell


def test_heatmap_of_more_entries_than_pixels_shows_the_largest_of_each_square():
    matrix = np.zeros((600, 301))
    matrix[598, 7], matrix[0, 299], matrix[0, 298], matrix[0, 300] = -5, 1, 0.5, 2
    ax = plots.heatmaps({"a": matrix}, "column", "row", "entry").axes[0]
    shown = ax.collections[0].get_array()
    expected = np.zeros((200, 101))
    expected[199, 2], expected[0, 99], expected[0, 100] = -5, 1, 2
    assert np.array_equal(shown, expected)
    for place, text in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True):
        assert int(text.get_text()) == pytest.approx(3 * place + 0.5), "3 columns a cell"


def test_a_selection_of_rows_keeps_their_numbers():
    _, ax = plt.subplots()
    plots.draw_heatmap(ax, np.eye(20, 6)[::2], 1, (0, 1), rows=20)
    for place, text in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True):
        assert place == pytest.approx((int(text.get_text()) + 0.5) / 2)


@pytest.mark.parametrize("backend", ["agg", None])
def test_figures_appear_in_a_notebook_whatever_the_environment_says(backend, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    if backend:
        monkeypatch.setenv("MPLBACKEND", backend)
    cells = [
        "import matplotlib.pyplot as plt\nfrom sheet11.lab import plots",
        "figure, _ = plots.panels(1, 2)\nfigure.axes[0].set(title='a')\nplots.show(figure)",
        "plt.plot([1, 2]);",
        "from matplotlib_inline.config import InlineBackend\nInlineBackend.instance().figure_formats = set()",
        "plots.show(plots.heatmaps({}, 'nothing', 'is', 'drawn'))",
    ]
    executed = execute(new_notebook(cells=[new_code_cell(source) for source in cells]), {})
    _, (own,), (anybodys,), _, (none,) = [cell.outputs for cell in executed.cells]
    for output in (own, anybodys):
        assert output.data["image/png"].startswith("iVBORw0KGgo")
    assert own.metadata["image/png"]["alt"] == own.data["text/plain"] == "a"
    assert set(none.data) == {"text/plain"}, "where nobody wants figures"


def test_a_picture_is_small_and_keeps_its_size_and_colours():
    generator = np.random.default_rng(0)
    figure = plots.heatmaps({"noise": generator.normal(size=(64, 64))}, "column", "row", "entry")
    figure.axes[0].plot([20], [30], "o", color=plots.COLOURS[1])
    small, painted, large = plots.png(figure), plots.painted(figure), io.BytesIO()
    painted.save(large, "png")
    assert len(small) < 0.5 * len(large.getvalue())
    after = Image.open(io.BytesIO(small)).convert("RGB")
    assert np.abs(np.subtract(painted, after, dtype=int)).max() <= 20


def test_a_picture_has_a_palette_and_keeps_white_and_every_colour_closely():
    figure = plots.heatmaps({"E": np.linspace(-1, 1, 900).reshape(30, 30)}, "j", "i", "entry")
    stored = Image.open(io.BytesIO(plots.png(figure)))
    assert stored.mode == "P"
    exact = np.asarray(plots.painted(figure), int)
    kept = np.asarray(stored.convert("RGB"), int)
    assert (kept[exact.min(axis=2) == 255] == 255).all()
    assert np.abs(kept - exact).max() <= 16
