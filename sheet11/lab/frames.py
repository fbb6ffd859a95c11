"""Frames: a picture for every setting of an explorer, for pages that have neither a kernel nor a script."""

import base64
import io
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any

MIME_TYPE = "application/vnd.sheet11.frames+json"
VARIABLE = "SHEET11_FRAMES"  # of the environment: whether an execution is for a page
MOST = 9  # settings of a control
SHADES = 128  # colours of a picture, which makes it a third as large


def are_wanted() -> bool:
    """Whether the notebook is executed for a page; drawing a frame takes a tenth of a second."""
    return VARIABLE in os.environ


def frames(
    draw: Callable[..., None],
    start: dict[str, Any],
    controls: Callable[[Any], dict[str, Any]],
    picture: Callable[[], tuple[Any, str]],
) -> list[dict[str, Any]]:
    """For every control its settings, each with a picture in which all other controls are as at the start.

    Args:
        draw: called with the settings by name.
        start: value of every setting.
        controls: makes a control for every setting from a module like ipywidgets.
        picture: what is drawn, as an image of Pillow's and in words.

    Returns:
        For every control an object with its name as `control`, and `frames`: objects with a `setting`, in words, and
        unless it is that of the start its picture, as `png` in base64 and in words as `shows`. Settings for which
        `draw` raises are left out.
    """
    kinds = ("IntSlider", "FloatSlider", "SelectionSlider", "ToggleButtons")
    described = controls(SimpleNamespace(**{kind: partial(dict, kind=kind) for kind in kinds}))

    def frame(name: str, setting: str, value: Any) -> Iterator[dict[str, str]]:
        if value == start[name]:
            yield {"setting": setting}
            return
        with suppress(Exception):  # the student's functions may raise anything
            draw(**start | {name: value})
            image, shows = picture()
            yield {
                "setting": setting,
                "shows": shows,
                "png": base64.b64encode(_small(image)).decode("ascii"),
            }

    return [
        {
            "control": control.get("description", name),
            "frames": [
                made
                for setting in _settings(control, start[name])
                for made in frame(name, *setting)
            ],
        }
        for name, control in described.items()
    ]


def _settings(control: dict[str, Any], start: Any) -> list[tuple[str, Any]]:
    """Some settings of a control in their order, that of the start among them, as a reader sees them and as values."""
    if "options" in control:
        options = [
            option if isinstance(option, tuple) else (str(option), option)
            for option in control["options"]
        ]
        chosen = {round(k * (len(options) - 1) / (MOST - 1)) for k in range(MOST)}
        return [option for k, option in enumerate(options) if k in chosen or option[1] == start]
    low, high, step = control["min"], control["max"], control.get("step", 1)
    if (
        control["kind"] == "IntSlider" and start > 0
    ):  # the start, doubled and halved again and again
        values = {low, high, *(start << k for k in range(31)), *(start >> k for k in range(31))}
    else:
        values = {start, *(low + step * round(k * (high - low) / 3 / step) for k in range(4))}
    shown = sorted(value for value in values if low <= value <= high or value == start)
    first = max(0, min(shown.index(start), len(shown) - MOST))
    return [(f"{value:.6g}".replace("-", "−"), value) for value in shown[first : first + MOST]]


def _small(image: Any) -> bytes:
    """The image with few colours, as a PNG."""
    from PIL.Image import (
        Dither,
        Quantize,
    )  # here, because whoever executes notebooks imports this module, too

    file = io.BytesIO()
    # the colours that are rare, a marker's or a diagonal's, keep their hue
    image.quantize(SHADES, Quantize.MAXCOVERAGE, dither=Dither.NONE).save(file, "png")
    return file.getvalue()
