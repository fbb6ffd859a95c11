"""Frames: a picture for every setting of an explorer, for pages that have neither a kernel nor a script."""

import base64
import contextlib
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


def bundle(draw: Callable[..., Any], controls: Controls) -> dict[str, Any]:
    """Paint a picture for some settings of every control, with all other controls as at the start.

    Args:
        draw: called with the settings by name; it returns a figure.
        controls: kind and arguments of the control of every setting, its `value` at the start among them.

    Returns:
        By MIME type, for every control an object with its name as `control`, and `frames`: objects with a `setting`,
        in words, and unless it is that of the start its picture, as `png` in base64 and in words as `shows`. Settings
        for which `draw` raises are left out.
    """
    start = {name: control["value"] for name, control in controls.items()}
    found = []
    for name, control in controls.items():
        turned = []
        for setting, value in _settings(control):
            if value == start[name]:
                turned.append({"setting": setting})
                continue
            with contextlib.suppress(Exception):  # the student's functions may raise anything
                picture = _picture(draw(**start | {name: value}))
                turned.append({"setting": setting} | picture)
        found.append({"control": control.get("description", name), "frames": turned})
    return {MIME_TYPE: found}


def _settings(control: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return some settings of a control in order, that of the start among them, each as text and as value."""
    start = control["value"]
    if "options" in control:
        options = control["options"]
        pairs = [each if isinstance(each, tuple) else (each, each) for each in options]
        chosen = {round(k * (len(pairs) - 1) / (MOST - 1)) for k in range(MOST)}
        return [pair for k, pair in enumerate(pairs) if k in chosen or pair[1] == start]
    low, high, step = control["min"], control["max"], control.get("step", 1)
    if control["kind"] == "IntSlider" and start > 0:
        values = {low, high}
        for k in range(31):
            values |= {start << k, start >> k}
    else:
        steps = (high - low) / step
        values = {start, *(low + step * round(third * steps / 3) for third in range(4))}
    inside = sorted(value for value in values if low <= value <= high)
    first = max(0, min(inside.index(start), len(inside) - MOST))
    return [(f"{value:.6g}".replace("-", "−"), value) for value in inside[first : first + MOST]]


def _picture(figure: Any) -> dict[str, str]:
    """Return a figure in words, and as a PNG of few colours in base64; close it."""
    import matplotlib.pyplot as plt  # all here, because the command imports this module, too
    from PIL.Image import Dither, Quantize

    from sheet11.lab import plots

    plt.close(figure)
    image, file = plots.painted(figure), io.BytesIO()
    image.quantize(SHADES, Quantize.FASTOCTREE, dither=Dither.NONE).save(file, "png")
    png = base64.b64encode(file.getvalue()).decode("ascii")
    return {"shows": plots.describe(figure), "png": png}
