"""Every figure draws what it is given, with labelled axes."""

import base64
import io

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from sheet11.graphs import karate_club
from sheet11.lab import plots
from sheet11.lab.plots import COLOURS

matplotlib.use("Agg")

GENERATOR = np.random.default_rng(0)
SMALL, LARGE = GENERATOR.normal(size=(5, 7)), 10 * GENERATOR.normal(size=(9, 4))
LAYERS = np.arange(9)
LAM = np.linspace(-5, 5, 11)
KARATE = karate_club()
STATES = {depth: GENERATOR.normal(size=(34, 3)) / 10**depth for depth in (0, 2, 8)}
ENERGY = {"karate": 3 * np.exp(-0.2 * LAYERS), "grid": 7 * np.exp(-0.1 * LAYERS)}
RATES = {"karate": -0.2, "grid": -0.1}
NETWORKS = {"GCN": GENERATOR.uniform(0.5, 1, (3, 4)), "GCNII": GENERATOR.uniform(0.8, 1, (3, 4))}
CURVES = {"one": np.sin(LAM), "two": np.cos(LAM)}
WEIGHTS = {"one": 1 / (1 + np.exp(-LAM))}
PATHS = {name: np.abs(GENERATOR.normal(size=(6, 3))) for name in ("mean", "sum")}
SIZES = np.array([8, 16, 32, 64])
PREDICTED = 1 / np.sqrt(2 * SIZES)
DRAWS = PREDICTED[:, None] * GENERATOR.uniform(0.9, 1.1, (4, 5))
ERRORS, BOUNDS = np.exp([-LAM, -2 * LAM]), 2 * np.exp([-LAM, -2 * LAM])

# by function: a call, and the label of x of every panel
FIGURES = {
    "heatmaps": (lambda: plots.heatmaps({"a": SMALL, "b": LARGE}, "column", "row", "entry"), ["column", "column"]),
    "encoding": (lambda: plots.encoding(SMALL, "sheet"), ["position i"]),
    "lag_profiles": (lambda: plots.lag_profiles({"sheet": [4, 2, -1], "vaswani": [4, 3, 2]}), ["lag i − j (tokens)"]),
    "token_deviations": (lambda: plots.token_deviations({"with": [1, 0.5], "without": [0, 1e-16]}), ["token"]),
    "cross_term_histogram": (
        lambda: plots.cross_term_histogram(GENERATOR.normal(size=500), 2 * GENERATOR.normal(size=50), 1.0, 2.0),
        ["entry of C", "entry of C"],
    ),
    "noise_to_signal": (
        lambda: plots.noise_to_signal(SIZES, DRAWS, PREDICTED, -0.5),
        ["rows of the encoding, p"],
    ),
    "pointwise_limit": (lambda: plots.pointwise_limit(LAM, CURVES, WEIGHTS), ["m₁ (the other message is m₂ = 0)"] * 2),
    "convergence": (lambda: plots.convergence(LAM, ERRORS, BOUNDS, [1.0, 2.0]), ["inverse temperature λ"]),
    "interpolation": (
        lambda: plots.interpolation(LAM, CURVES, {"min": -1.0, "mean": 0.1, "median": 0.11, "max": 1.0}),
        ["inverse temperature λ"],
    ),
    "fits": (lambda: plots.fits(PATHS), ["inverse temperature λ", "step"]),
    "energies": (lambda: plots.energies(ENERGY, RATES, "karate"), ["depth (layers)"]),
    "collapse": (
        lambda: plots.collapse(STATES, KARATE.edge_index, KARATE.positions, KARATE.labels),
        ["feature 1"] * 3,
    ),
    "smoothness": (lambda: plots.smoothness(ENERGY, CURVES), ["depth (layers)"] * 2),
    "accuracies": (
        lambda: plots.accuracies([1, 4, 16], {"karate": NETWORKS, "sbm": NETWORKS}, {"karate": 0.5, "sbm": 0.6}),
        ["depth (layers)"] * 2,
    ),
    "layer_energies": (lambda: plots.layer_energies({"GCN": np.exp(-GENERATOR.uniform(size=(5, 3)))}, "t"), ["layer"]),
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def drawn(name):
    figure = FIGURES[name][0]()
    figure.canvas.draw()
    return figure, [ax for ax in figure.axes if ax.axison and ax.get_label() != "<colorbar>"]


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def line(ax, label):
    (found,) = [line for line in ax.lines if line.get_label() == label]
    return found


@pytest.mark.parametrize("name", FIGURES)
def test_draws_a_figure_with_labelled_axes(name):
    figure, axes = drawn(name)
    assert isinstance(figure, Figure)
    assert [ax.get_xlabel() for ax in axes] == FIGURES[name][1]
    assert axes[0].get_ylabel()
    for ax in axes[1:]:
        assert ax.get_ylabel() or np.allclose(ax.get_position().y0, axes[0].get_position().y0)
    assert any(ax.get_title() for ax in figure.axes)


def test_every_function_has_a_test():
    public = {name for name, value in vars(plots).items() if getattr(value, "__module__", "") == plots.__name__}
    helpers = {"show", "bundle", "png", "describe", "panels"}
    pieces = {f"draw_{piece}" for piece in "heatmap encoding profiles curve marks nodes embedding edges".split()}
    assert {name for name in public if not name.startswith("_")} == {*FIGURES, *helpers, *pieces}


def test_describe_names_panels_axes_and_colours():
    figure = plots.heatmaps({"a": SMALL, "b": LARGE}, "column", "row", "entry")
    assert plots.describe(figure) == "a: row against column; b: column; colours: entry"
    collapse = plots.describe(FIGURES["collapse"][0]())
    assert collapse.startswith("depth 0 colours: ± ") and "; feature 2 against feature 1; feature 1" in collapse


def test_show_displays_the_figure_and_its_description_and_closes_it(monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", lambda data, metadata, raw: shown.append((data, metadata, raw)))
    monkeypatch.setattr(plt, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    plots.show(plots.heatmaps({"a": SMALL}, "column", "row", "entry"))
    ((data, metadata, raw),) = shown
    pixels = plt.imread(io.BytesIO(base64.b64decode(data["image/png"])))
    assert pixels.shape[:2] == (340, 750) and pixels.std() > 0
    assert data["text/plain"] == metadata["image/png"]["alt"] == "a: row against column; colours: entry" and raw
    assert plt.get_fignums() == []


def test_show_leaves_other_backends_to_matplotlib(monkeypatch):
    calls = []
    monkeypatch.setattr(plt, "show", lambda: calls.append("show"))
    plots.show(plots.heatmaps({"a": SMALL}, "column", "row", "entry"))
    assert calls == ["show"] and len(plt.get_fignums()) == 1


@pytest.mark.parametrize("name", FIGURES)
def test_everything_is_inside_the_figure(name):
    figure = drawn(name)[0]
    box, (width, height) = figure.get_tightbbox(figure.canvas.get_renderer()), figure.get_size_inches()
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height


def test_heatmaps_share_one_symmetric_scale():
    figure = plots.heatmaps({"a": SMALL, "b": LARGE}, "column", "row", "entry")
    left, right, bar = figure.axes
    limit = np.abs(LARGE).max()
    for ax, matrix in [(left, SMALL), (right, LARGE)]:
        (image,) = ax.images
        assert image.get_clim() == (-limit, limit)
        assert np.array_equal(image.get_array(), matrix)
        values = np.linspace(-limit, limit, 9)
        np.testing.assert_allclose(
            image.to_rgba(values), plt.get_cmap(plots.DIVERGING)(np.linspace(0, 1, 9)), atol=0.02
        )
    assert bar.get_ylabel() == "entry"
    assert [left.get_title(), right.get_title()] == ["a", "b"]
    assert [left.get_ylabel(), right.get_ylabel()] == ["row", ""]


@pytest.mark.parametrize("first", [(1, 1), (0, 3)])
def test_heatmap_ticks_number_rows_and_columns(first):
    figure = plots.heatmaps({"a": np.eye(12, 40)}, "column", "row", "entry", first_index=first)
    figure.canvas.draw()
    ax = figure.axes[0]
    for axis, number, count in [(ax.yaxis, first[0], 12), (ax.xaxis, first[1], 40)]:
        assert sorted(axis.get_view_interval()) == [number - 0.5, number + count - 0.5]  # cells around their numbers
        ticks = [tick for tick in axis.get_ticklocs() if number <= tick < number + count]
        assert 3 <= len(ticks) <= 8 and all(tick == round(tick) for tick in ticks)


def test_heatmap_of_more_entries_than_pixels_shows_the_largest_of_each_square():
    matrix = np.zeros((600, 300))
    matrix[598, 7], matrix[0, 299], matrix[0, 298] = -5, 1, 0.5
    (image,) = plots.heatmaps({"a": matrix}, "column", "row", "entry").axes[0].images
    shown = image.get_array()
    assert shown.shape == (200, 100)
    assert shown[199, 2] == -5 and shown[0, 99] == 1 and np.count_nonzero(shown) == 2
    assert image.get_extent() == [0.5, 300.5, 600.5, 0.5]


@pytest.mark.parametrize(("n", "p", "shape"), [(64, 256, (256, 64)), (300, 1024, (256, 256)), (4, 7, (7, 4))])
def test_encoding_shows_whole_pairs_in_whole_pixels(n, p, shape):
    E = np.arange(p)[:, None] + np.arange(n) / n
    figure = plots.encoding(E, "sheet", first_position=0)
    ax = figure.axes[0]
    shown = ax.images[0].get_array()
    assert shown.shape == shape
    assert np.array_equal(shown[1::2, 0], shown[: shape[0] // 2 * 2 : 2, 0] + 1), "a sine, and the cosine below it"
    assert ax.images[0].get_extent() == [-0.5, shape[1] - 0.5, p - 0.5, -0.5]
    pixels = ax.get_position().height * figure.get_figheight() * figure.dpi
    assert pixels / shape[0] == pytest.approx(round(pixels / shape[0]))
    assert ("one pair of every 4" in ax.get_ylabel()) == (p == 1024)
    assert ("the first 256 of 300" in ax.get_xlabel()) == (n == 300)


def test_heatmap_of_zeros():
    plots.heatmaps({"zero": np.zeros((2, 2))}, "column", "row", "entry").canvas.draw()


def test_lag_profiles_and_half_of_the_first():
    (ax,) = drawn("lag_profiles")[1]
    assert line(ax, "sheet").get_ydata().tolist() == [4, 2, -1]
    assert line(ax, "vaswani").get_ydata().tolist() == [4, 3, 2]
    assert set(line(ax, "half of the diagonal (first curve)").get_ydata()) == {2}


def test_long_lag_profiles_get_a_panel_with_all_lags():
    near, far = plots.lag_profiles({"sheet": np.arange(500.0, 0, -1), "vaswani": np.ones(500)}).axes
    assert len(line(near, "sheet").get_xdata()) == 64 and len(line(far, "sheet").get_xdata()) == 500
    assert line(near, "sheet").get_marker() == "o" and line(far, "sheet").get_marker() == ""
    assert near.get_ylabel()


def test_drawing_again_changes_what_is_drawn():
    _, ax = plt.subplots()
    for matrix in (SMALL, LARGE):
        plots.draw_heatmap(ax, matrix, 3, (0, 2))
        assert len(ax.images) == 1 and np.array_equal(ax.images[0].get_array(), matrix)
        assert ax.get_xlim() == (1.5, 1.5 + matrix.shape[1]) and ax.get_ylim() == (matrix.shape[0] - 0.5, -0.5)
    _, ax = plt.subplots()
    for x in ([0, 1], [0, 5, 9]):
        plots.draw_curve(ax, "one", x, np.square(x), color="red")
        plots.draw_marks(ax, {"low": 1.0, "high": x[-1]})
        assert [one.get_label() for one in ax.lines] == ["one", "_low", "_high"]
        assert line(ax, "one").get_xydata().tolist() == [[value, value**2] for value in x]
        assert ax.get_xlim()[1] >= x[-1] and ax.get_ylim()[1] >= x[-1] ** 2, "all of it is to be seen"
        assert [text.get_text() for text in ax.texts] == [" low", " high"]
    _, (left, right) = plt.subplots(1, 2)
    for state in STATES.values():
        limit = plots.draw_nodes(left, state[:, 0], KARATE.edge_index, KARATE.positions)
        plots.draw_embedding(right, state, KARATE.labels)
        assert len(left.collections) == 1 and len(left.lines) == 1 and len(right.lines) == 2
        assert left.collections[0].get_clim() == (-limit, limit)
        assert np.array_equal(left.collections[0].get_array(), state[:, 0])


def test_large_graphs_are_dots_without_edges_and_a_sample_of_each_class():
    nodes = 5000
    state, labels = GENERATOR.normal(size=(nodes, 2)), np.arange(nodes) % 2
    edges = np.stack([np.arange(nodes), np.roll(np.arange(nodes), 1)])
    figure = plots.collapse({0: state}, np.concatenate([edges, edges[::-1]], axis=1), state, labels)
    upper, lower = figure.axes
    assert not upper.lines and len(upper.collections[0].get_offsets()) == nodes
    for label, points in enumerate(lower.lines):
        assert 500 < len(points.get_xdata()) <= 1024
        assert set(points.get_xdata()) <= set(state[labels == label, 0])


def test_deviations_of_zero_are_drawn_at_rounding():
    (ax,) = drawn("token_deviations")[1]
    assert line(ax, "without").get_xdata().tolist() == [1, 2]
    assert line(ax, "without").get_ydata().tolist() == [1e-17, 1e-16]
    assert ax.get_yscale() == "log"


def test_histogram_and_density_have_area_one():
    for ax in drawn("cross_term_histogram")[1]:
        assert sum(bar.get_width() * bar.get_height() for bar in ax.patches) == pytest.approx(1)
        (density,) = ax.lines
        x, y = density.get_data()
        assert np.trapezoid(y, x) == pytest.approx(1, abs=1e-3)
        assert np.sqrt(np.trapezoid(y * x**2, x)) == pytest.approx(x.max() / 4, rel=1e-2)


def test_noise_to_signal_shows_draws_mean_and_prediction():
    (ax,) = drawn("noise_to_signal")[1]
    for draw, points in zip(DRAWS.T, ax.lines[:5], strict=True):
        assert np.array_equal(points.get_ydata(), draw)
    assert np.array_equal(line(ax, "measured (mean of draws), slope -0.500").get_ydata(), DRAWS.mean(axis=1))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_pointwise_limit_shows_values_and_weights():
    left, right = drawn("pointwise_limit")[1]
    assert np.array_equal(line(left, "two").get_ydata(), CURVES["two"])
    assert np.array_equal(line(right, "one").get_ydata(), WEIGHTS["one"])


def test_convergence_pairs_error_and_bound_by_colour():
    (ax,) = drawn("convergence")[1]
    for error, bound, measured, limit in zip(ERRORS, BOUNDS, ax.lines[::2], ax.lines[1::2], strict=True):
        assert np.array_equal(measured.get_ydata(), error)
        assert np.array_equal(limit.get_ydata(), bound)
        assert measured.get_color() == limit.get_color()
    assert labels(ax) == ["Δ = 1.00", "Δ = 2.00"]


def test_convergence_leaves_out_rounding():
    figure = plots.convergence([0, 1], np.array([[1.0, 1e-17]]), np.ones((1, 2)), [1.0])
    assert np.array_equal(figure.axes[0].lines[0].get_ydata(), [1, np.nan], equal_nan=True)


def test_interpolation_names_its_marks_apart():
    (ax,) = drawn("interpolation")[1]
    assert np.array_equal(line(ax, "two").get_ydata(), CURVES["two"])
    assert [text.get_text().strip() for text in ax.texts] == ["min", "mean", "median", "max"]
    bottom, top = ax.get_ylim()
    assert np.diff([text.xyann[1] for text in ax.texts]).min() > 0.04 * (top - bottom)
    for value in (-1.0, 0.1, 0.11, 1.0):
        assert any(set(line.get_ydata()) == {value} for line in ax.lines)


def test_fits_show_paths_and_losses():
    plane, loss = drawn("fits")[1]
    for name, path in PATHS.items():
        assert np.array_equal(line(plane, name).get_xydata(), path[:, :2])
        assert np.array_equal(line(loss, name).get_ydata(), path[:, 2])
        assert line(plane, name).get_color() == line(loss, name).get_color()


def test_energies_end_on_lines_of_the_predicted_slope():
    (ax,) = drawn("energies")[1]
    for name, values in ENERGY.items():
        measured = line(ax, f"{name}: measured")
        predicted = line(ax, f"{name}: predicted slope {RATES[name]:.4g}")
        assert np.array_equal(measured.get_ydata(), values)
        np.testing.assert_allclose(predicted.get_ydata(), values)  # these fall at the rate from the start
    assert line(ax, "karate: measured").get_linewidth() > line(ax, "grid: measured").get_linewidth()


def test_energies_leave_out_rounding():
    figure = plots.energies({"a": [1.0, 1e-10, 1e-30]}, {"a": -1.0}, "a")
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0, 1]


def test_collapse_shows_every_depth_on_its_own_symmetric_scale():
    figure = FIGURES["collapse"][0]()
    upper, lower = figure.axes[:3], figure.axes[3:6]
    for (depth, state), graph, plane in zip(STATES.items(), upper, lower, strict=True):
        (nodes,) = graph.collections
        limit = np.abs(state[:, 0]).max()
        assert nodes.get_clim() == (-limit, limit)
        assert np.array_equal(nodes.get_array(), state[:, 0])
        assert np.array_equal(nodes.get_offsets(), KARATE.positions)
        assert graph.get_title() == f"depth {depth}\ncolours: ± {limit:.2g}"
        for label, points in enumerate(plane.lines):
            assert np.array_equal(points.get_xydata(), state[KARATE.labels == label, :2])
            assert points.get_color() == COLOURS[label]
        low, high = plane.get_xlim()
        assert -low == high > np.abs(state[:, :2]).max()
        assert plane.get_ylim() == (low, high)


def test_collapse_of_nodes_that_are_all_zero():
    zero = np.zeros((2, 2))
    plots.collapse({3: zero}, [[0, 1], [1, 0]], np.eye(2), [0, 1]).canvas.draw()


def test_every_edge_is_drawn_once():
    _, ax = plt.subplots()
    plots.draw_edges(ax, KARATE.edge_index, KARATE.positions)
    (lines,) = ax.lines
    ends = lines.get_xydata()
    assert np.isnan(ends[2::3]).all()
    drawn = {(tuple(first), tuple(second)) for first, second in zip(ends[0::3], ends[1::3], strict=True)}
    place = [tuple(position) for position in KARATE.positions]
    assert len(ends) == 3 * 78
    assert drawn == {(place[u], place[v]) for u, v in KARATE.edge_index.T.tolist() if u < v}


def test_smoothness_draws_zero_at_the_bottom():
    figure = plots.smoothness({"P": [1.0, 0.0]}, {"P": [1.0, 1e-3]})
    energy, distance = figure.axes
    assert energy.lines[0].get_ydata().tolist() == [1, 1e-18]
    assert distance.lines[0].get_ydata().tolist() == [1, 1e-3]
    assert labels(energy) == ["P"]


def test_accuracies_show_mean_and_band_of_one_standard_deviation():
    axes = drawn("accuracies")[1]
    assert [ax.get_title() for ax in axes] == ["karate", "sbm"]
    for ax, chance in zip(axes, (0.5, 0.6), strict=True):
        assert set(line(ax, "constant answer").get_ydata()) == {chance}
        for (name, values), band in zip(NETWORKS.items(), ax.collections, strict=True):
            mean, std = values.mean(axis=1), values.std(axis=1)
            np.testing.assert_allclose(line(ax, name).get_xydata(), np.transpose([[1, 4, 16], mean]))
            (path,) = band.get_paths()
            assert path.vertices[:, 1].max() == pytest.approx((mean + std).max())
            assert path.vertices[:, 1].min() == pytest.approx((mean - std).min())
            assert to_hex(band.get_facecolor()[0]) == line(ax, name).get_color().lower()
        assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "4", "16"]


def test_layer_energies_average_logarithms():
    figure = plots.layer_energies({"GCN": np.array([[1.0, 1.0], [1e-2, 1e-4], [0.0, 0.0]])}, "title")
    (curve,) = figure.axes[0].lines
    np.testing.assert_allclose(curve.get_ydata(), [1, 1e-3, 1e-18])
    (band,) = figure.axes[0].collections
    assert band.get_paths()[0].vertices[:, 1].max() == pytest.approx(1)
