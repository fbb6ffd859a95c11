"""Sliders of exercise 2: weights and aggregate of one neighbourhood."""

import math
import re

import explorers
import pytest
import torch
from drawings import line

import sheet11


@pytest.mark.parametrize("lam", [-math.inf, -2, 0, 0.5, math.inf])
def test_aggregation_shows_weights_aggregate_and_limits(lam, open_explorer):
    explorer = open_explorer(explorers.aggregation, messages=(1.0, -2.0, 2.0, 2.0))
    explorer.set(λ=lam, η=0.5, m1=1.5)
    m = torch.tensor([1.5, -2.0, 2.0, 2.0], dtype=torch.float64)
    weights = sheet11.softargmax(m, lam)
    left, right = explorer.panels()
    assert [bar.get_height() for bar in left.patches] == pytest.approx(weights.tolist())
    assert left.get_xticklabels()[1].get_text() == "m₂ = −2"
    assert line(right, "here").get_ydata()[0] == pytest.approx(2 * (weights @ m).item())
    for name, height in {"min": -2, "mean": 0.875, "sum": 3.5, "max": 2}.items():
        assert line(right, f"_{name}").get_ydata()[0] == height
    share = ((weights @ m).item() + 2) / 4
    assert f"{share:.0%} of the way from min to max" in left.get_title()


def test_the_curve_is_the_aggregate_for_every_lambda(open_explorer):
    explorer = open_explorer(explorers.aggregation, messages=(1.5, -2.0, 2.0))
    explorer.set(η=0.5)
    m = torch.tensor([1.5, -2.0, 2.0], dtype=torch.float64)
    grid, curve = line(explorer.panels()[1], "agg over λ").get_data()
    expected = [3**0.5 * (sheet11.softargmax(m, lam) @ m).item() for lam in grid]
    assert curve == pytest.approx(expected)


def test_aggregation_of_equal_messages(open_explorer):
    explorer = open_explorer(explorers.aggregation, messages=(1.0, 1.0))
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
        explorers.aggregation(messages)
