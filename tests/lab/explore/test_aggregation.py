"""Sliders of exercise aggregation: what they draw."""

import math
import re

import explorers
import pytest
import torch

import sheet11
from sheet11.lab.explore.aggregation import MARKS, explore_aggregation


@pytest.mark.parametrize("lam", [-math.inf, -2, 0, 0.5, math.inf])
def test_aggregation_shows_weights_aggregate_and_limits(lam, undrawn, open_explorer):
    explorer = open_explorer(explorers.aggregation, messages=(1.0, -2.0, 2.0, 2.0))
    explorer.set(λ=lam, η=0.5, m1=1.5)
    m = torch.tensor([1.5, -2.0, 2.0, 2.0], dtype=torch.float64)
    weights = sheet11.softargmax(m, lam)
    left, right = explorer.panels()
    assert [bar.get_height() for bar in left.patches] == pytest.approx(weights.tolist())
    assert [text.get_text() for text in left.get_xticklabels()] == [
        "m₁ = 1.5",
        "m₂ = −2",
        "m₃ = 2",
        "m₄ = 2",
    ]
    (here,) = [line for line in right.lines if line.get_label() == "here"]
    assert here.get_ydata()[0] == pytest.approx(2 * (weights @ m).item())  # |N|^½ = 2
    marks = {
        line.get_label(): line.get_ydata()[0]
        for line in right.lines
        if line.get_label()[1:] in MARKS
    }
    assert marks == {"_min": -2, "_mean": 0.875, "_sum": 3.5, "_max": 2}
    share = ((weights @ m).item() + 2) / 4
    assert f"{share:.0%} of the way from min to max" in left.get_title()


def test_aggregation_of_equal_messages(open_explorer):
    explorer = open_explorer(explorers.aggregation, messages=(1.0, 1.0))
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
        explore_aggregation(sheet11.softargmax_aggregate, messages)
