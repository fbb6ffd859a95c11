"""Frames: some settings of every control, each with a small picture."""

import base64
import io

import numpy as np
import pytest
from explorers import ALL
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from sheet11.course.pages.cells import turning
from sheet11.lab import frames, plots

START = {"n": 8, "x": 0.5, "mode": "a", "scale": 3}
SHOWN = {"n": "n", "x": "x = σ", "mode": "mode", "scale": "scale"}


def controls(w):
    return {
        "n": w.IntSlider(min=1, max=20),
        "x": w.FloatSlider(min=-1, max=2, step=0.5, description="x = σ"),
        "mode": w.ToggleButtons(options=["a", "b"]),
        "scale": w.SelectionSlider(options=[(f"s{value}", value) for value in range(40)]),
    }


def made(draw, start=START):
    """Frames by the name of their control."""
    now = {}

    def drawn(**settings):
        draw(**settings)
        now.update(settings)

    def picture():
        figure = Figure(figsize=(4, 3))
        figure.text(0.5, 0.5, str(now))
        return plots.painted(figure), str(now)

    return {
        found["control"]: found["frames"]
        for found in frames.frames(drawn, start, controls, picture)
    }


@pytest.fixture(scope="module")
def found():
    return made(lambda **settings: None)


def test_settings_stand_in_order_with_that_of_the_start(found):
    assert [frame["setting"] for frame in found["n"]] == ["1", "2", "4", "8", "16", "20"]
    assert [frame["setting"] for frame in found["x = σ"]] == ["−1", "0", "0.5", "1", "2"]
    assert [frame["setting"] for frame in found["mode"]] == ["a", "b"]
    scales = [int(frame["setting"].removeprefix("s")) for frame in found["scale"]]
    assert scales == sorted(scales) and {0, 3, 39} <= set(scales) and len(scales) <= frames.MOST + 1


def test_a_frame_changes_one_setting(found):
    for name, shown in SHOWN.items():
        for frame in found[shown]:
            if "png" not in frame:
                assert frame == {
                    "setting": {"n": "8", "x": "0.5", "mode": "a", "scale": "s3"}[name]
                }
            else:
                settings = eval(frame["shows"])
                assert settings[name] != START[name] and settings | {name: START[name]} == START


def test_a_picture_is_small_and_keeps_its_size_and_colours():
    generator = np.random.default_rng(0)
    figure = plots.heatmaps({"noise": generator.normal(size=(64, 64))}, "column", "row", "entry")
    figure.axes[0].plot([20], [30], "o", color=plots.COLOURS[1])
    png = plots.png(figure)
    small = frames._small(plots.painted(figure))
    before, after = (
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int) for data in (png, small)
    )
    assert len(small) < 0.5 * len(png)
    assert before.shape == after.shape and np.abs(before - after).max() <= 20


def test_a_setting_that_raises_is_left_out():
    def draw(n, **others):
        if n > 8:
            raise ValueError(n)

    assert [frame["setting"] for frame in made(draw)["n"]] == ["1", "2", "4", "8"]


@given(st.data(), st.integers(-5, 5), st.integers(0, 2000))
def test_whole_numbers_from_any_start(data, low, size):
    start = data.draw(st.integers(low, low + size))
    slider = {"kind": "IntSlider", "min": low, "max": low + size}
    chosen = [value for _, value in frames._settings(slider, start)]
    assert chosen == sorted(set(chosen)) and all(type(value) is int for value in chosen)
    assert (
        start in chosen
        and len(chosen) <= frames.MOST
        and set(chosen) <= set(range(low, low + size + 1))
    )
    assert {low, low + size} <= set(chosen) or len(chosen) == frames.MOST


@pytest.mark.slow
@pytest.mark.parametrize("explore", ALL.values(), ids=ALL)
def test_explorers_have_frames_if_they_are_wanted_that_a_page_can_hold(explore, shown, monkeypatch):
    explore()
    monkeypatch.setenv(frames.VARIABLE, "1")
    explore()
    (alone, _), (turned, metadata) = shown
    assert frames.MIME_TYPE not in alone
    assert (
        alone["image/png"] == turned["image/png"]
        and metadata["image/png"]["alt"] == alone["text/plain"]
    )
    _, controls = turning({"data": turned})
    for control, settings in controls:
        assert sum(setting.png is None for setting in settings) == 1, f"{control} begins somewhere"
        assert len(settings) >= 2
    pictures = [
        base64.b64decode(setting.png)
        for _, settings in controls
        for setting in settings
        if setting.png
    ]
    assert len({Image.open(io.BytesIO(png)).size for png in pictures}) == 1, "the page keeps still"
    assert sum(map(len, pictures)) < 900_000
