"""Figures of exercise 3 draw what they are given, with labelled axes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawings import check_figure, line, panels_of
from matplotlib.colors import to_hex

from sheet11.given.graphs import karate_club
from sheet11.lab.figures import oversmoothing as figures
from sheet11.lab.plots import COLOURS

GENERATOR = np.random.default_rng(0)
LAYERS = np.arange(9)
KARATE = karate_club()
STATES = {depth: GENERATOR.normal(size=(34, 3)) / 10**depth for depth in (0, 2, 8)}
ENERGY = {"karate": 3 * np.exp(-0.2 * LAYERS), "grid": 7 * np.exp(-0.1 * LAYERS)}
RATES = {"karate": -0.2, "grid": -0.1}
DISTANCE = {"one": np.sin(LAYERS), "two": np.cos(LAYERS)}
NETWORKS = {"GCN": GENERATOR.uniform(0.5, 1, (3, 4)), "GCNII": GENERATOR.uniform(0.8, 1, (3, 4))}

# by function: a call, and the label of x of every panel
FIGURES = {
    "energies": (lambda: figures.energies(ENERGY, RATES, "karate"), ["depth (layers)"]),
    "collapse": (
        lambda: figures.collapse(STATES, KARATE.edge_index, KARATE.positions, KARATE.labels),
        ["feature 1"] * 3,
    ),
    "smoothness": (lambda: figures.smoothness(ENERGY, DISTANCE), ["depth (layers)"] * 2),
    "accuracies": (
        lambda: figures.accuracies(
            [1, 4, 16], {"karate": NETWORKS, "sbm": NETWORKS}, {"karate": 0.5, "sbm": 0.6}
        ),
        ["depth (layers)"] * 2,
    ),
    "layers": (
        lambda: figures.layers(
            {"energy": {"GCN": np.exp(-GENERATOR.uniform(size=(5, 3)))}, "probe": NETWORKS}, "t"
        ),
        ["layer"] * 2,
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled_and_everything_is_inside(name):
    make, xlabels = FIGURES[name]
    check_figure(make(), xlabels)


def test_large_graphs_are_dots_without_edges_and_a_sample_of_each_class():
    nodes = 5000
    state, labels = GENERATOR.normal(size=(nodes, 2)), np.arange(nodes) % 2
    edges = np.stack([np.arange(nodes), np.roll(np.arange(nodes), 1)])
    figure = figures.collapse(
        {0: state}, np.concatenate([edges, edges[::-1]], axis=1), state, labels
    )
    upper, lower = figure.axes
    (dots,) = upper.collections
    assert len(dots.get_offsets()) == nodes
    for label, points in enumerate(lower.lines):
        assert 500 < len(points.get_xdata()) <= 1024
        assert set(points.get_xdata()) <= set(state[labels == label, 0])


def test_energies_end_on_lines_of_the_predicted_slope():
    (ax,) = panels_of(FIGURES["energies"][0]())
    for name, values in ENERGY.items():
        measured = line(ax, f"{name}: measured")
        predicted = line(ax, f"{name}: predicted slope {RATES[name]:.4g}")
        assert np.array_equal(measured.get_ydata(), values)
        np.testing.assert_allclose(
            predicted.get_ydata(), values
        )  # these fall at the rate from the start
    assert line(ax, "karate: measured").get_linewidth() > line(ax, "grid: measured").get_linewidth()


def test_energies_leave_out_rounding():
    figure = figures.energies({"a": [1.0, 1e-10, 1e-30]}, {"a": -1.0}, "a")
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0, 1]


def test_collapse_shows_every_depth_on_its_own_symmetric_scale():
    figure = FIGURES["collapse"][0]()
    upper, lower = figure.axes[:3], figure.axes[3:6]
    for (depth, state), graph, plane in zip(STATES.items(), upper, lower, strict=True):
        _, nodes = graph.collections
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
    figures.collapse({3: zero}, [[0, 1], [1, 0]], np.eye(2), [0, 1]).canvas.draw()


def test_every_edge_is_drawn_once():
    _, ax = plt.subplots()
    figures.draw_edges(ax, KARATE.edge_index, KARATE.positions)
    (edges,) = ax.collections
    drawn = [tuple(map(tuple, ends)) for ends in edges.get_segments()]
    place = [tuple(position) for position in KARATE.positions]
    assert len(drawn) == 78
    assert set(drawn) == {(place[u], place[v]) for u, v in KARATE.edge_index.T.tolist() if u < v}


def test_smoothness_draws_zero_at_the_bottom():
    figure = figures.smoothness({"P": [1.0, 0.0]}, {"P": [1.0, 1e-3]})
    energy, distance = figure.axes
    assert energy.lines[0].get_ydata().tolist() == [1, 1e-18]
    assert distance.lines[0].get_ydata().tolist() == [1, 1e-3]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["P"]


def test_accuracies_show_mean_and_band_of_one_standard_deviation():
    axes = panels_of(FIGURES["accuracies"][0]())
    assert [ax.get_title() for ax in axes] == ["karate", "sbm"]
    for ax, chance in zip(axes, (0.5, 0.6), strict=True):
        assert set(line(ax, "constant answer").get_ydata()) == {chance}
        for (name, values), band in zip(NETWORKS.items(), ax.collections, strict=True):
            mean, std = values.mean(axis=1), values.std(axis=1)
            np.testing.assert_allclose(
                line(ax, name).get_xydata(), np.transpose([[1, 4, 16], mean])
            )
            (path,) = band.get_paths()
            assert path.vertices[:, 1].max() == pytest.approx((mean + std).max())
            assert path.vertices[:, 1].min() == pytest.approx((mean - std).min())
            assert to_hex(band.get_facecolor()[0]) == line(ax, name).get_color().lower()
        assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "4", "16"]


def test_layers_average_logarithms_where_values_span_orders_of_magnitude():
    falling = np.array([[1.0, 1.0], [1e-2, 1e-4], [0.0, 0.0]])
    figure = figures.layers({"energy": {"GCN": falling}, "probe": NETWORKS}, "title")
    energy, probe = figure.axes
    assert (energy.get_yscale(), probe.get_yscale()) == ("log", "linear")
    np.testing.assert_allclose(energy.lines[0].get_ydata(), [1, 1e-3, 1e-18])
    assert energy.collections[0].get_paths()[0].vertices[:, 1].max() == pytest.approx(1)
    for curve, band, values in zip(probe.lines, probe.collections, NETWORKS.values(), strict=True):
        np.testing.assert_allclose(curve.get_ydata(), values.mean(axis=1))
        top = (values.mean(axis=1) + values.std(axis=1)).max()
        assert band.get_paths()[0].vertices[:, 1].max() == pytest.approx(top)


def test_drawing_again_changes_what_is_drawn():
    _, (left, right) = plt.subplots(1, 2)
    for state in STATES.values():
        limit = figures.draw_nodes(left, state[:, 0], KARATE.edge_index, KARATE.positions)
        figures.draw_embedding(right, state, KARATE.labels)
        _, nodes = left.collections
        assert nodes.get_clim() == (-limit, limit)
        assert np.array_equal(nodes.get_array(), state[:, 0])
        assert len(right.lines) == 2
