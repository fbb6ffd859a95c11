"""Frames: a picture for every setting of an explorer, for pages that have neither a kernel nor a script."""

import base64
import io
import os
from collections.abc import Callable
from typing import Any

MIME_TYPE = "application/vnd.sheet11.frames+json"
VARIABLE = "SHEET11_FRAMES"  # of the environment; set where a notebook is executed for such a page
MOST = 9  # settings of a control
SHADES = 256  # colours of a picture, which makes it a third as large
Controls = dict[str, dict[str, Any]]


def are_wanted() -> bool:
    """Return whether the notebook is executed for a page with frames."""
    return VARIABLE in os.environ


def frames(
    draw: Callable[..., None],
    controls: Controls,
    picture: Callable[[], tuple[Any, str]],
) -> list[dict[str, Any]]:
    """Paint a picture for some settings of every control, with all other controls as at the start.

    Args:
        draw: called with the settings by name.
        controls: kind and arguments of the control of every setting, its `value` at the start among them.
        picture: the figure as an image of Pillow's, and its description.

    Returns:
        For every control an object with its name as `control`, and `frames`: objects with a `setting`, in words, and
        unless it is that of the start its picture, as `png` in base64 and in words as `shows`. Settings for which
        `draw` raises are left out.
    """
    start = {name: control["value"] for name, control in controls.items()}
    found = []
    for name, control in controls.items():
        turned = []
        for setting, value in _settings(control, start[name]):
            if value == start[name]:
                turned.append({"setting": setting})
                continue
            try:
                draw(**start | {name: value})
                image, shows = picture()
            except Exception:  # the student's functions may raise anything
                continue
            turned.append({"setting": setting, "shows": shows, "png": _small(image)})
        found.append({"control": control.get("description", name), "frames": turned})
    return found


def _settings(control: dict[str, Any], start: Any) -> list[tuple[str, Any]]:
    """Some settings of a control in order, that of the start among them, each as text and as value."""
    if "options" in control:
        return _some_options(control["options"], start)
    low, high, step = control["min"], control["max"], control.get("step", 1)
    if control["kind"] == "IntSlider" and start > 0:
        values = {low, high}
        for k in range(31):
            values |= {start << k, start >> k}
    else:
        steps = (high - low) / step
        values = {start, *(low + step * round(third * steps / 3) for third in range(4))}
    inside = sorted(value for value in values if low <= value <= high or value == start)
    first = max(0, min(inside.index(start), len(inside) - MOST))
    return [(f"{value:.6g}".replace("-", "−"), value) for value in inside[first : first + MOST]]


def _some_options(options: Any, start: Any) -> list[tuple[str, Any]]:
    pairs = [option if isinstance(option, tuple) else (str(option), option) for option in options]
    chosen = {round(k * (len(pairs) - 1) / (MOST - 1)) for k in range(MOST)}
    return [pair for k, pair in enumerate(pairs) if k in chosen or pair[1] == start]


def _small(image: Any) -> str:
    """The image with few colours, as a PNG in base64."""
    from PIL.Image import Dither, Quantize  # here, because the command imports this module, too

    file = io.BytesIO()
    image.quantize(SHADES, Quantize.FASTOCTREE, dither=Dither.NONE).save(file, "png")
    return base64.b64encode(file.getvalue()).decode("ascii")
