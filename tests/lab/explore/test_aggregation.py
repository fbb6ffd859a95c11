"""Sliders of exercise 2: weights and aggregate of one neighbourhood."""

import math

import explorers
import pytest
import torch
from drawings import line

import sheet11


@pytest.mark.parametrize("lam", [-math.inf, -2, 0, 0.5, math.inf])
def test_aggregation_shows_weights_aggregate_and_limits(lam, open_explorer):
    explorer = open_explorer(explorers.aggregation)
    explorer.set(λ=lam, η=0.5)
    explorer.controls["m₁"].value = 1.5
    m = torch.tensor([1.5, 0.6, 1.0, 1.4, 2.0], dtype=torch.float64)
    weights = sheet11.softargmax(m, lam)
    left, right = explorer.panels()
    assert [bar.get_height() for bar in left.patches] == pytest.approx(weights.tolist())
    assert left.get_xticklabels()[1].get_text() == "m₂ = 0.6"
    mean = (weights @ m).item()
    assert line(right, "here").get_ydata()[0] == pytest.approx(5**0.5 * mean)
    for name, height in {"min": 0.6, "mean": 1.3, "sum": 6.5, "max": 2}.items():
        assert line(right, f"_{name}").get_ydata()[0] == pytest.approx(height)
    assert f"{(mean - 0.6) / 1.4:.0%} of the way from min to max" in left.get_title()
    grid, curve = line(right, "agg over λ").get_data()
    expected = [5**0.5 * (sheet11.softargmax(m, lam) @ m).item() for lam in grid]
    assert curve == pytest.approx(expected)
