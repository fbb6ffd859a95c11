"""Frames: some settings of every control, each with a small picture."""

import ast
import base64
import io

import numpy as np
import pytest
from explorers import ALL
from PIL import Image

from sheet11.course.pages.cells import turning
from sheet11.lab import frames, plots

START = {"n": 8, "x": 0.5, "mode": "a", "scale": 3}


CONTROLS = {
    "n": {"kind": "IntSlider", "min": 1, "max": 20},
    "x": {"kind": "FloatSlider", "min": -1, "max": 2, "step": 0.5},
    "mode": {"kind": "ToggleButtons", "options": ["a", "b"]},
    "scale": {"kind": "SelectionSlider", "options": [(f"s{k}", k) for k in range(40)]},
}


def made(draw):
    """Frames by the name of their control; what a picture shows are its settings."""
    now = {}

    def drawn(**settings):
        draw(**settings)
        now.update(settings)

    def picture():
        return Image.new("RGB", (4, 3)), str(now)

    controls = {name: CONTROLS[name] | {"value": value} for name, value in START.items()}
    found = frames.frames(drawn, controls, picture)
    return {control["control"]: control["frames"] for control in found}


def test_some_settings_of_each_control_in_order_the_others_at_the_start():
    found = made(lambda **settings: None)
    assert [frame["setting"] for frame in found["n"]] == ["1", "2", "4", "8", "16", "20"]
    assert [frame["setting"] for frame in found["x"]] == ["−1", "0", "0.5", "1", "2"]
    assert [frame["setting"] for frame in found["mode"]] == ["a", "b"]
    scales = [int(frame["setting"].removeprefix("s")) for frame in found["scale"]]
    assert scales == sorted(scales) and {0, 3, 39} <= set(scales) and len(scales) <= frames.MOST + 1
    for name, settings in found.items():
        (start,) = [frame for frame in settings if "png" not in frame]
        for frame in settings:
            if frame != start:
                now = ast.literal_eval(frame["shows"])
                assert now[name] != START[name] and now | {name: START[name]} == START


def test_a_picture_is_small_and_keeps_its_size_and_colours():
    generator = np.random.default_rng(0)
    figure = plots.heatmaps({"noise": generator.normal(size=(64, 64))}, "column", "row", "entry")
    figure.axes[0].plot([20], [30], "o", color=plots.COLOURS[1])
    image = plots.painted(figure)
    small = base64.b64decode(frames._small(image))
    assert len(small) < 0.5 * len(plots.png(figure))
    after = Image.open(io.BytesIO(small)).convert("RGB")
    assert np.abs(np.subtract(image, after, dtype=int)).max() <= 20


def test_a_setting_that_raises_is_left_out():
    def draw(n, **others):
        if n > 8:
            raise ValueError(n)

    assert [frame["setting"] for frame in made(draw)["n"]] == ["1", "2", "4", "8"]


@pytest.mark.parametrize(
    ("low", "high", "start", "expected"),
    [
        (1, 128, 64, [1, 2, 4, 8, 16, 32, 64, 128]),
        (1, 1024, 256, [4, 8, 16, 32, 64, 128, 256, 512, 1024]),
        (-5, 10, -5, [-5, 0, 5, 10]),
        (0, 1, 0, [0, 1]),
        (3, 3, 3, [3]),
    ],
)
def test_whole_numbers(low, high, start, expected):
    slider = {"kind": "IntSlider", "min": low, "max": high}
    assert [value for _, value in frames._settings(slider, start)] == expected


@pytest.mark.slow
@pytest.mark.parametrize("explore", ALL.values(), ids=ALL)
def test_explorers_have_frames_if_they_are_wanted_that_a_page_can_hold(explore, shown, monkeypatch):
    explore()
    monkeypatch.setenv(frames.VARIABLE, "1")
    explore()
    (alone, _), (turned, metadata) = shown
    assert frames.MIME_TYPE not in alone
    assert alone["image/png"] == turned["image/png"]
    assert metadata["image/png"]["alt"] == alone["text/plain"]
    _, controls = turning({"data": turned})
    pictures = []
    for control, settings in controls:
        moved = [setting.png for setting in settings if setting.png]
        assert len(moved) == len(settings) - 1 >= 1, f"{control} begins somewhere, and moves"
        pictures += map(base64.b64decode, moved)
    assert len({Image.open(io.BytesIO(png)).size for png in pictures}) == 1, "the page keeps still"
    assert sum(map(len, pictures)) < 900_000
