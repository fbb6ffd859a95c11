"""Sliders: what they draw, that they change what is drawn, and that a program sees a figure that stands still."""

import base64
import html
import math
import re

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from ipywidgets import HTML, Image, VBox
from ipywidgets.widgets.widget import _instances as widgets

import sheet11
from sheet11 import explore, oversmoothing, plots
from sheet11.gcn import pair_norm
from sheet11.scores import predict_cross_term

matplotlib.use("Agg")


def cross_term_std(E, sigma):
    return predict_cross_term(E, sigma)[:2]


OVERSMOOTHING = (
    sheet11.normalized_adjacency,
    sheet11.dirichlet_energy,
    sheet11.mean_average_distance,
    sheet11.softargmax_aggregate,
)
CALLS = {
    "encoding": lambda **start: explore.explore_encoding(sheet11.positional_encoding, **start),
    "scores": lambda **start: explore.explore_scores(
        sheet11.positional_encoding, sheet11.attention_scores, cross_term_std, **start
    ),
    "aggregation": lambda **start: explore.explore_aggregation(sheet11.softargmax_aggregate, **start),
    "oversmoothing": lambda **start: explore.explore_oversmoothing(*OVERSMOOTHING, **start),
}
each = pytest.mark.parametrize("name", CALLS)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, as (bundle, metadata)."""
    found = []

    def display(bundle, metadata, raw):
        assert raw
        found.append((bundle, metadata))

    monkeypatch.setattr(explore, "display", display)
    monkeypatch.setattr(plots, "display", display)
    monkeypatch.setattr(plt, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    return found


class Explorer:
    """What a person has in front of him: controls by name, what a screen reader is told, the picture; its figure."""

    def __init__(self, box, figure):
        controls, self.told, self.image = box.children
        assert isinstance(box, VBox) and isinstance(self.told, HTML) and isinstance(self.image, Image)
        self.controls = {control.description: control for control in controls.children}
        self.figure = figure

    def set(self, **values):
        for name, value in values.items():
            self.controls[name].value = value

    def panels(self):
        return [ax for ax in self.figure.axes if ax.get_label() != "<colorbar>"]


@pytest.fixture
def open_explorer(shown, monkeypatch):
    """Call an explorer as a cell in JupyterLab does."""
    monkeypatch.setattr(explore, "_somebody_is_there", lambda: True)

    def opened(name, **start):
        made = []
        figure = plt.figure
        monkeypatch.setattr(plt, "figure", lambda *args, **options: made.append(figure(*args, **options)) or made[-1])
        CALLS[name](**start)
        monkeypatch.setattr(plt, "figure", figure)
        ((bundle, metadata),) = shown
        shown.clear()
        assert metadata["image/png"]["alt"] == bundle["text/plain"] == plots.describe(made[-1])
        assert base64.b64decode(bundle["image/png"]) == plots.png(made[-1])
        assert plt.get_fignums() == [], "else the notebook shows it a second time"
        return Explorer(widgets[bundle[explore.WIDGET]["model_id"]], made[-1])

    return opened


@each
def test_a_program_gets_the_figure_alone(name, shown):
    CALLS[name]()
    ((bundle, metadata),) = shown
    assert set(bundle) == {"text/plain", "image/png"}
    assert metadata["image/png"]["alt"] == bundle["text/plain"]
    assert plt.get_fignums() == []


@each
def test_a_person_gets_the_same_figure_with_controls(name, shown, open_explorer, monkeypatch):
    explorer = open_explorer(name)
    assert explorer.image.value == plots.png(explorer.figure)
    with monkeypatch.context() as alone:
        alone.setattr(explore, "_somebody_is_there", lambda: False)
        CALLS[name]()
    assert base64.b64decode(shown[0][0]["image/png"]) == explorer.image.value


@each
def test_every_control_changes_the_picture_and_back(name, open_explorer):
    explorer = open_explorer(name)
    for control in explorer.controls.values():
        before, start = explorer.image.value, control.value
        options = [value for _, value in getattr(control, "_options_full", ())]
        control.value = options[options.index(start) - 1] if options else control.min if start > control.min else 3
        assert control.value != start
        assert explorer.image.value != before, control.description
        assert f">{html.escape(plots.describe(explorer.figure))}<" in explorer.told.value
        control.value = start
        assert explorer.image.value == before, "what is drawn depends on the settings alone"


@each
def test_a_change_draws_into_what_is_there(name, open_explorer):
    explorer = open_explorer(name)
    count = [len(ax.get_children()) for ax in explorer.figure.axes]
    for control in explorer.controls.values():
        start = control.value
        options = [value for _, value in getattr(control, "_options_full", ())]
        control.value = options[-1] if options else control.max
        control.value = start
    assert [len(ax.get_children()) for ax in explorer.figure.axes] == count


def test_an_error_is_shown_and_the_sliders_go_on(open_explorer, monkeypatch):
    def only_even(n, p, *rest):
        if p % 2:
            raise ValueError("no <b>odd</b> p")
        return sheet11.positional_encoding(n, p, *rest)

    monkeypatch.setitem(CALLS, "odd", lambda: explore.explore_encoding(only_even))
    explorer = open_explorer("odd")
    before = explorer.image.value
    explorer.set(p=255)
    assert explorer.told.value == '<p role="alert">ValueError: no &lt;b&gt;odd&lt;/b&gt; p</p>'
    assert explorer.image.value == before
    explorer.set(p=254)
    assert 'role="status"' in explorer.told.value and explorer.image.value != before


@each
def test_a_missing_answer_is_the_cells_error(name, open_explorer):
    def unanswered(*_):
        raise NotImplementedError

    function = getattr(explore, f"explore_{name}")
    arguments = {"encoding": 1, "scores": 3, "aggregation": 1, "oversmoothing": 4}[name]
    with pytest.raises(NotImplementedError):
        function(*[unanswered] * arguments)
    assert plt.get_fignums() == [], "an empty figure"


def test_encoding_shows_E_gram_and_profile(open_explorer):
    explorer = open_explorer("encoding", n=20, p=8, scale=77.0)
    explorer.set(n=30, convention="vaswani")
    E = sheet11.positional_encoding(30, 8, "vaswani", scale=77.0)
    left, middle, right = explorer.panels()
    assert np.array_equal(left.images[0].get_array(), E)
    np.testing.assert_allclose(middle.images[0].get_array(), E.T @ E)
    profile = next(line for line in right.lines if line.get_label() == "mean along the diagonal").get_ydata()
    np.testing.assert_allclose(profile, sheet11.gram(30, 8, "vaswani", scale=77.0)[0], atol=1e-12)
    explorer.set(scale=explore.OWN)
    np.testing.assert_allclose(left.images[0].get_array(), sheet11.positional_encoding(30, 8, "vaswani"))


def test_encoding_starts_within_its_sliders(open_explorer):
    explorer = open_explorer("encoding", n=4096, p=1024)
    assert (explorer.controls["n"].value, explorer.controls["p"].value) == (128, 512)


def test_scores_are_drawn_on_one_scale_and_measured_against_the_prediction(open_explorer):
    explorer = open_explorer("scores", n=16, p=32, seed=4)
    explorer.set(p=48, **{"σ / std(E)": 2.0}, mode="cat")
    E = sheet11.positional_encoding(16, 48)
    X = np.random.default_rng(4).normal(0, 2 * E.std(), size=E.shape)
    cat, add = E.T @ E + X.T @ X, (E + X).T @ (E + X)
    *matrices, row = explorer.panels()
    limit = max(np.abs(cat).max(), np.abs(add).max())
    for ax, matrix in zip(matrices, (cat, add, add - cat), strict=True):
        np.testing.assert_allclose(ax.images[0].get_array(), matrix, atol=1e-10)
        assert ax.images[0].get_clim() == pytest.approx((-limit, limit))
    curves = {line.get_label(): line.get_ydata() for line in row.lines}
    np.testing.assert_allclose(curves["the chosen mode"], cat[8])
    explorer.set(mode="add")
    np.testing.assert_allclose(row.lines[-1].get_ydata(), add[8])
    np.testing.assert_allclose(curves["cat"], cat[8])
    noise = predict_cross_term(E, 2 * E.std()).std
    (band,) = row.collections
    edges = band.get_paths()[0].vertices[:, 1]
    assert edges.max() == pytest.approx((cat[8] + noise).max()) and edges.min() == pytest.approx((cat[8] - noise).min())
    measured = (add - cat)[~np.eye(16, dtype=bool)].std()
    assert row.get_title().endswith(f"measured ± {measured:.3g}, predicted ± {noise:.3g}")


@pytest.mark.parametrize("lam", [-math.inf, -2, 0, 0.5, math.inf])
def test_aggregation_shows_weights_aggregate_and_limits(lam, open_explorer):
    explorer = open_explorer("aggregation", messages=(1.0, -2.0, 2.0, 2.0))
    explorer.set(λ=lam, η=0.5, m1=1.5)
    m = torch.tensor([1.5, -2.0, 2.0, 2.0], dtype=torch.float64)
    weights = sheet11.softargmax(m, lam)
    left, right = explorer.panels()
    assert [bar.get_height() for bar in left.patches] == pytest.approx(weights.tolist())
    assert [text.get_text() for text in left.get_xticklabels()] == ["m₁ = 1.5", "m₂ = −2", "m₃ = 2", "m₄ = 2"]
    (here,) = [line for line in right.lines if line.get_label() == "here"]
    assert here.get_ydata()[0] == pytest.approx(2 * (weights @ m).item())  # |N|^½ = 2
    marks = {line.get_label(): line.get_ydata()[0] for line in right.lines if line.get_label()[1:] in explore.MARKS}
    assert marks == {"_min": -2, "_mean": 0.875, "_sum": 3.5, "_max": 2}
    share = ((weights @ m).item() + 2) / 4
    assert f"{share:.0%} of the way from min to max" in left.get_title()


def test_aggregation_of_equal_messages(open_explorer):
    explorer = open_explorer("aggregation", messages=(1.0, 1.0))
    assert 'role="status"' in explorer.told.value
    assert [bar.get_height() for bar in explorer.panels()[0].patches] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ((), "messages must be one to nine numbers, got 0"),
        ((0.0, 3.5), "messages[1] must be between -3 and 3, got 3.5"),
    ],
)
def test_messages_that_have_no_place_on_a_slider(messages, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        explore.explore_aggregation(sheet11.softargmax_aggregate, messages)


WAYS = {
    "P": lambda x, P, neighbours: P @ x,
    "mean": lambda x, P, neighbours: torch.stack([x[n].mean(0) for n in neighbours]),
    "softargmax, λ = 1": lambda x, P, neighbours: torch.stack([(x[n].softmax(0) * x[n]).sum(0) for n in neighbours]),
    "max": lambda x, P, neighbours: torch.stack([x[n].amax(0) for n in neighbours]),
}
REMEDIES = {
    "none": lambda x, S, first: S,
    "residual": lambda x, S, first: (x + S) / 2,
    "gcnii": lambda x, S, first: 0.9 * S + 0.1 * first,
    "pairnorm": lambda x, S, first: pair_norm(S),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("remedy", REMEDIES)
def test_oversmoothing_draws_the_chosen_way_down_to_the_depth(way, remedy, open_explorer):
    explorer = open_explorer("oversmoothing", features=3, seed=2)
    explorer.set(graph="sbm", depth=3, propagation=way, remedy=remedy)
    graph = sheet11.load_graph("sbm", 2)
    u, v = graph.edge_index
    neighbours = [[*u[v == node].tolist(), node] for node in range(graph.num_nodes)]
    P = sheet11.normalized_adjacency(graph.edge_index, graph.num_nodes)
    first = torch.randn(graph.num_nodes, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    states = [first]
    for _ in range(3):  # one layer more, and max has made all nodes equal
        states.append(REMEDIES[remedy](states[-1], WAYS[way](states[-1], P, neighbours), first))
    left, middle, right = explorer.panels()
    np.testing.assert_allclose(left.collections[0].get_array(), states[-1][:, 0], atol=1e-12)
    for label, points in enumerate(middle.lines):
        np.testing.assert_allclose(points.get_xydata(), states[-1][graph.labels == label, :2], atol=1e-12)
    energy, distance = right.lines
    expected = [sheet11.dirichlet_energy(x, graph.edge_index) / x.square().sum() for x in states]
    np.testing.assert_allclose(energy.get_ydata(), expected, rtol=1e-9)
    expected = [sheet11.mean_average_distance(x, graph.edge_index) for x in states]
    np.testing.assert_allclose(distance.get_ydata(), expected, rtol=1e-9)
    explorer.set(depth=2)
    assert len(right.lines[0].get_xdata()) == 3
    np.testing.assert_allclose(left.collections[0].get_array(), states[2][:, 0], atol=1e-12)


def test_the_remedies_are_those_of_the_networks():
    assert tuple(REMEDIES) == oversmoothing.REMEDIES


@pytest.mark.parametrize(("metadata", "there"), [({"cellId": "x"}, True), ({}, False)])
def test_a_cell_that_a_notebook_in_a_browser_sends_has_an_id(metadata, there, monkeypatch):
    shell = type("Shell", (), {"get_parent": lambda self: {"metadata": metadata}})()
    monkeypatch.setattr(explore, "get_ipython", lambda: shell)
    assert explore._somebody_is_there() == there


def test_nobody_is_there_outside_of_a_kernel():
    assert not explore._somebody_is_there()
