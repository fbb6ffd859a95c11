"""Figures of exercise 3 draw the given values, with labelled axes."""

import numpy as np
import pytest
from drawings import check_figure, ends, line, panels_of
from matplotlib.colors import same_color

from sheet11.given.graphs import karate_club
from sheet11.lab.figures import oversmoothing as figures

GENERATOR = np.random.default_rng(0)
LAYERS = np.arange(9)
KARATE = karate_club()
STATES = {depth: GENERATOR.normal(size=(34, 3)) / 10**depth for depth in (0, 2, 8)}
ENERGY = {"karate": 3 * np.exp(-0.2 * LAYERS), "grid": 7 * np.exp(-0.1 * LAYERS)}
RATES = {"karate": -0.2, "grid": -0.1}
DISTANCE = {"one": np.sin(LAYERS), "two": np.cos(LAYERS)}
NETWORKS = {"GCN": GENERATOR.uniform(0.5, 1, (3, 4)), "GCNII": GENERATOR.uniform(0.8, 1, (3, 4))}
FALLING = {"GCN": np.array([[1.0, 1.0], [1e-2, 1e-4], [0.0, 0.0]])}
CHANCE = {"karate": 0.5, "sbm": 0.6}
ACCURACY = {name: {"GCN": np.stack([NETWORKS["GCNII"], NETWORKS["GCN"]])} for name in CHANCE}
DEAD = {name: {"GCN": np.array([[0, 0], [0, 1], [1, 1]])} for name in CHANCE}
FIGURES = {
    "energies": lambda: figures.energies(ENERGY, RATES, "karate"),
    "collapse": lambda: figures.collapse(
        STATES, KARATE.edge_index, KARATE.positions, KARATE.labels
    ),
    "smoothness": lambda: figures.smoothness(ENERGY, DISTANCE),
    "accuracies": lambda: figures.accuracies([1, 4, 16], [10, 40], ACCURACY, DEAD, CHANCE, ["GCN"]),
    "layers": lambda: figures.layers({"energy": FALLING, "probe": NETWORKS}, "title"),
}


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_axes_are_labelled_and_everything_is_inside(draw):
    check_figure(draw())


def test_large_graphs_are_dots_without_edges_and_a_sample_of_each_class():
    state, labels = GENERATOR.normal(size=(5000, 2)), np.arange(5000) % 2
    upper, lower = figures.collapse({0: state}, [[0, 1], [1, 0]], state, labels).axes
    (dots,) = upper.collections
    assert len(dots.get_offsets()) == 5000
    for label, points in enumerate(lower.lines):
        x = points.get_xdata()
        assert 500 < len(x) <= 1024 and set(x) <= set(state[labels == label, 0])


def test_energies_end_on_lines_of_the_predicted_slope_and_leave_out_rounding():
    energy = {"karate": [*ENERGY["karate"], 1e-30], "grid": ENERGY["grid"]}
    (ax,) = panels_of(figures.energies(energy, RATES, "karate"))
    for name, values in ENERGY.items():
        measured = line(ax, f"{name}: measured")
        predicted = line(ax, f"{name}: predicted slope {RATES[name]:.4g}")
        assert np.array_equal(measured.get_ydata(), values)
        np.testing.assert_allclose(predicted.get_ydata(), values)  # at the rate from the start


def test_collapse_shows_every_depth_on_its_own_symmetric_scale():
    axes = FIGURES["collapse"]().axes
    u, v = KARATE.edge_index
    each_once = KARATE.positions[KARATE.edge_index.T[u < v]]
    for state, graph, plane in zip(STATES.values(), axes[:3], axes[3:], strict=True):
        edges, nodes = graph.collections
        assert np.array_equal(edges.get_segments(), each_once)
        limit = np.abs(state[:, 0]).max()
        assert nodes.get_clim() == (-limit, limit) and f"{limit:.2g}" in graph.get_title()
        assert np.array_equal(nodes.get_array(), state[:, 0])
        assert np.array_equal(nodes.get_offsets(), KARATE.positions)
        for label, points in enumerate(plane.lines):
            assert np.array_equal(points.get_xydata(), state[KARATE.labels == label, :2])
        low, high = plane.get_xlim()
        assert -low == high > np.abs(state[:, :2]).max()
        assert plane.get_ylim() == (low, high)


def test_smoothness_draws_zero_at_the_bottom():
    energy, distance = figures.smoothness({"P": [1.0, 0.0]}, {"P": [1.0, 1e-3]}).axes
    assert energy.lines[0].get_ydata().tolist() == [1, 1e-18]
    assert distance.lines[0].get_ydata().tolist() == [1, 1e-3]


def check_network(ax, name, values):
    """Check the mean and, in the same colour, a band of one standard deviation."""
    mean, std = values.mean(axis=1), values.std(axis=1)
    curve = line(ax, name)
    np.testing.assert_allclose(curve.get_ydata(), mean)
    band = next(
        b for b in ax.collections if same_color(b.get_facecolor()[0, :3], curve.get_color())
    )
    np.testing.assert_allclose(ends(band), [(mean - std).min(), (mean + std).max()])


def test_accuracies_show_mean_and_band_of_one_standard_deviation_and_the_share_of_dead_networks():
    axes = FIGURES["accuracies"]().axes
    for name, (early, late, dead) in zip(CHANCE, (axes[:3], axes[3:]), strict=True):
        for ax, values in zip((early, late), ACCURACY[name]["GCN"], strict=True):
            check_network(ax, "GCN", values)
            assert set(line(ax, "constant answer").get_ydata()) == {CHANCE[name]}
        assert dead.lines[0].get_xdata().tolist() == [1, 4, 16]
        assert dead.lines[0].get_ydata().tolist() == [0, 0.5, 1]


def test_layers_average_logarithms_where_values_span_orders_of_magnitude():
    energy, probe = FIGURES["layers"]().axes
    assert (energy.get_yscale(), probe.get_yscale()) == ("log", "linear")
    np.testing.assert_allclose(energy.lines[0].get_ydata(), [1, 1e-3, 1e-18])
    np.testing.assert_allclose(ends(energy.collections[0]), [1e-18, 1])
    for name, values in NETWORKS.items():
        check_network(probe, name, values)
