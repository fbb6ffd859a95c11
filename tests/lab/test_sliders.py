"""Sliders change what is drawn; a program gets the figure at the start."""

import base64
import html
from functools import partial
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest
from explorers import ALL

import sheet11
from sheet11.lab import plots, sliders
from sheet11.lab.explore.encoding import explore_encoding

SMALL = {
    "encoding": {"n": 16, "p": 32},
    "scores": {"n": 16, "p": 32},
    "aggregation": {"messages": (-1.0, 0.6, 2.0)},
}
each = pytest.mark.parametrize(
    "explore", [partial(ALL[name], **SMALL.get(name, {})) for name in ALL], ids=ALL
)


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """Figures of few pixels."""
    monkeypatch.setitem(plt.rcParams, "figure.dpi", 25)


@each
def test_a_program_gets_the_figure_alone(explore, shown):
    explore()
    ((bundle, _),) = shown
    assert set(bundle) == {"text/plain", "image/png"}
    assert plt.get_fignums() == []


@each
def test_a_person_gets_the_same_figure_with_controls(explore, shown, open_explorer, monkeypatch):
    explorer = open_explorer(explore)
    assert explorer.image.value == plots.png(explorer.figure)
    with monkeypatch.context() as alone:
        alone.setattr(sliders, "_somebody_is_there", lambda: False)
        explore()
    assert base64.b64decode(shown[0][0]["image/png"]) == explorer.image.value


@pytest.mark.parametrize("explore", ALL.values(), ids=ALL)
def test_a_missing_answer_is_the_cells_error(explore, monkeypatch):
    def unanswered(*_):
        raise NotImplementedError

    for name in ("positional_encoding", "normalized_adjacency", "softargmax_aggregate"):
        monkeypatch.setattr(sheet11, name, unanswered)
    with pytest.raises(NotImplementedError):
        explore()
    assert plt.get_fignums() == [], "an empty figure"


def other_value(control):
    """Another value than the one that the control has."""
    if hasattr(control, "options"):
        values = [option[-1] if isinstance(option, tuple) else option for option in control.options]
    else:
        values = [control.min, control.max]
    return next(value for value in values if value != control.value)


@each
def test_every_control_changes_the_picture_and_back(explore, open_explorer):
    explorer = open_explorer(explore)
    for control in explorer.controls.values():
        before, start = explorer.image.value, control.value
        control.value = other_value(control)
        assert control.value != start
        assert explorer.image.value != before, control.description
        assert f">{html.escape(plots.describe(explorer.figure))}<" in explorer.told.value
        control.value = start
        assert explorer.image.value == before, "what is drawn depends on the settings alone"


@each
def test_a_change_draws_into_what_is_there(explore, undrawn, open_explorer):
    explorer = open_explorer(explore)
    count = [len(ax.get_children()) for ax in explorer.figure.axes]
    for control in explorer.controls.values():
        start = control.value
        control.value = other_value(control)
        control.value = start
    assert [len(ax.get_children()) for ax in explorer.figure.axes] == count


def test_an_error_is_shown_and_the_sliders_go_on(open_explorer):
    def only_even(n, p, *rest):
        if p % 2:
            raise ValueError("no <b>odd</b> p")
        return sheet11.positional_encoding(n, p, *rest)

    explorer = open_explorer(lambda: explore_encoding(only_even))
    before = explorer.image.value
    explorer.set(p=255)
    assert explorer.told.value == '<p role="alert">ValueError: no &lt;b&gt;odd&lt;/b&gt; p</p>'
    assert explorer.image.value == before
    explorer.set(p=254)
    assert 'role="status"' in explorer.told.value and explorer.image.value != before


@pytest.mark.parametrize(("metadata", "there"), [({"cellId": "x"}, True), ({}, False)])
def test_a_cell_that_a_notebook_in_a_browser_sends_has_an_id(metadata, there, monkeypatch):
    shell = SimpleNamespace(get_parent=lambda: {"metadata": metadata})
    monkeypatch.setattr(sliders, "get_ipython", lambda: shell)
    assert sliders._somebody_is_there() == there
