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
    "n": {"kind": "IntSlider", "min": 1, "max": 20, "value": 8},
    "x": {"kind": "FloatSlider", "min": -1, "max": 2, "step": 0.5, "value": 0.5},
    "mode": {"kind": "ToggleButtons", "options": ["a", "b"], "value": "a"},
    "scale": {"kind": "SelectionSlider", "options": [(f"s{k}", k) for k in range(40)], "value": 3},
}


def draw(n, x, mode, scale):
    """Draw an empty figure whose title tells the settings, unless n is 16."""
    if n == 16:
        raise ValueError(n)
    figure, ax = plt.subplots(figsize=(1, 1))
    ax.set_title(f"{n} {x} {mode} {scale}")
    return figure


def test_some_settings_of_each_control_in_order_the_others_at_the_start():
    found = frames.bundle(draw, CONTROLS)[frames.MIME_TYPE]
    shown = {control["control"]: control["frames"] for control in found}
    settings = {name: [frame["setting"] for frame in turned] for name, turned in shown.items()}
    assert settings["n"] == ["1", "2", "4", "8"], "16 fails"
    assert settings["x"] == ["−1", "0", "0.5", "1", "2"]
    assert settings["mode"] == ["a", "b"]
    scales = [int(setting.removeprefix("s")) for setting in settings["scale"]]
    assert scales == sorted(scales) and {0, 3, 39} <= set(scales) and len(scales) <= frames.MOST + 1
    assert [frame.get("shows") for frame in shown["x"]] == [
        "8 -1.0 a 3",
        "8 0.0 a 3",
        None,
        "8 1.0 a 3",
        "8 2.0 a 3",
    ]
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("low", "high", "start", "expected"),
    [
        (1, 1024, 256, [4, 8, 16, 32, 64, 128, 256, 512, 1024]),
        (1, 1024, 3, [3, 4, 8, 16, 32, 64, 128, 256, 512, 1024]),
        (-5, 10, -5, [-5, 0, 1, 2, 4, 8]),
        (0, 1, 0, [0, 1]),
        (3, 3, 3, [3]),
    ],
)
def test_whole_numbers(low, high, start, expected):
    slider = {"kind": "IntSlider", "min": low, "max": high, "value": start}
    assert [value for _, value in frames._settings(slider)] == expected


@pytest.mark.slow
@pytest.mark.parametrize("explore", ALL.values(), ids=ALL)
def test_explorers_have_frames_that_a_page_can_hold(explore, shown, monkeypatch):
    monkeypatch.setenv(frames.VARIABLE, "1")
    explore()
    ((turned, _),) = shown
    pictures = []
    for control in turning({"data": turned}):
        settings = control["frames"]
        moved = [setting["png"] for setting in settings if "png" in setting]
        assert len(moved) == len(settings) - 1 >= 1, f"{control['control']} begins somewhere"
        pictures += map(base64.b64decode, moved)
    assert len({Image.open(io.BytesIO(png)).size for png in pictures}) == 1, "the page keeps still"
    assert sum(map(len, pictures)) < 900_000
