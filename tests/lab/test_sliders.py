"""Sliders change the figure; a program gets the figure with the initial settings."""

import base64
import html
from functools import partial

import explorers
import matplotlib.pyplot as plt
import pytest

import sheet11
from sheet11.lab import plots
from sheet11.lab.explore.encoding import explore_encoding

SMALL = {
    "encoding": partial(explorers.encoding, n=16, p=32),
    "scores": partial(explorers.scores, n=16, p=32),
    "aggregation": explorers.aggregation,
    "oversmoothing": explorers.oversmoothing,
}
each = pytest.mark.parametrize("explore", SMALL.values(), ids=SMALL)


@each
def test_a_person_gets_controls_and_a_program_the_same_figure_alone(explore, shown, open_explorer):
    explorer = open_explorer(explore)
    explore()
    ((bundle, _),) = shown
    assert set(bundle) == {"text/plain", "image/png"}
    assert base64.b64decode(bundle["image/png"]) == explorer.image.value
    assert plt.get_fignums() == []


@pytest.mark.parametrize("explore", explorers.ALL.values(), ids=explorers.ALL)
def test_a_missing_answer_is_the_cells_error(explore):
    def unanswered(*_):
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        explore.func(*[unanswered] * len(explore.args))
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
        assert explorer.image.value != before, control.description
        assert f">{html.escape(plots.describe(explorer.figures[-1]))}<" in explorer.told.value
        control.value = start
        assert explorer.image.value == before, "what is drawn depends on the settings alone"
    assert plt.get_fignums() == []


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
