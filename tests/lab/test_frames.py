"""Frames: some settings of every control, each with a small picture."""

import base64
import io

import matplotlib.pyplot as plt
import pytest
from explorers import ALL
from PIL import Image

from sheet11.course.pages.cells import turning
from sheet11.lab import frames

CONTROLS = {
    "n": {"kind": "IntSlider", "min": 1, "max": 20, "value": 8, "frames": [16, -1]},
    "x": {"kind": "FloatSlider", "min": -1, "max": 2, "value": 0.5, "description": "ξ"},
    "mode": {
        "kind": "ToggleButtons",
        "options": ["a", ("B", "b"), "c"],
        "value": "b",
        "frames": "c",
    },
}


def draw(n, x, mode):
    """Draw an empty figure whose title tells the settings, unless n is 16."""
    if n == 16:
        raise ValueError(n)
    figure, ax = plt.subplots(figsize=(1, 1))
    ax.set_title(f"{n} {x} {mode}")
    return figure


def test_a_picture_for_every_combination_in_order_the_others_at_the_start():
    found = frames.bundle(draw, CONTROLS)[frames.MIME_TYPE]
    assert found["controls"] == [
        {"name": "n", "settings": ["−1", "8", "16"], "start": 1},
        {"name": "mode", "settings": ["B", "c"], "start": 0},
    ]
    assert found["fixed"] == "ξ = 0.5"
    assert [[frame["shows"] for frame in row] for row in found["frames"]] == [
        ["-1 0.5 b", "-1 0.5 c"],
        ["8 0.5 b", "8 0.5 c"],
        ["ValueError: 16", "ValueError: 16"],
    ]
    assert ["png" in frame for (frame, _) in found["frames"]] == [True, True, False]
    assert plt.get_fignums() == []


@pytest.mark.slow
@pytest.mark.parametrize("explore", ALL.values(), ids=ALL)
def test_explorers_have_frames_that_a_page_can_hold(explore, shown, monkeypatch):
    monkeypatch.setenv(frames.VARIABLE, "1")
    explore()
    ((turned, _),) = shown
    found = turning({"data": turned})
    assert all(len(control["settings"]) > 1 for control in found["controls"])
    pictures = [base64.b64decode(frame["png"]) for row in found["frames"] for frame in row]
    assert len({Image.open(io.BytesIO(png)).size for png in pictures}) == 1, "the page keeps still"
    assert sum(map(len, pictures)) < 900_000
