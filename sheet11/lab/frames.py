"""Frames: pictures of an explorer at several settings, for pages with neither a kernel nor scripts."""

import base64
import contextlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np

MIME_TYPE = "application/vnd.sheet11.frames+json"
VARIABLE = "SHEET11_FRAMES"  # environment variable, set when a notebook is executed for such a page
MOST = 9  # settings of each control, apart from the initial one
Controls = dict[str, dict[str, Any]]


def are_wanted() -> bool:
    """Return True if the notebook is executed for a page with frames."""
    return VARIABLE in os.environ


def bundle(draw: Callable[..., Any], controls: Controls) -> dict[str, Any]:
    """Draw pictures for some settings of every control, with all other controls at their initial values.

    Args:
        draw: returns a figure for the settings, which are passed by name.
        controls: kind and arguments of the control for every setting, including its initial `value`.

    Returns:
        By MIME type, for every control an object with its name as `control`, and `frames`: objects with a `setting`
        as text and, unless it is the initial one, a picture as `png` in base64 and its description as `shows`.
        Settings for which `draw` raises are left out.
    """
    start = {name: control["value"] for name, control in controls.items()}
    found = []
    for name, control in controls.items():
        turned = []
        for setting, value in _settings(control):
            if value == start[name]:
                turned.append({"setting": setting})
                continue
            with contextlib.suppress(Exception):  # student functions may raise anything
                figure = draw(**start | {name: value})
                turned.append({"setting": setting, **_picture(figure)})
        found.append({"control": control.get("description", name), "frames": turned})
    return {MIME_TYPE: found}


def _settings(control: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return some settings of a control in order, including the initial one, each as text and as value."""
    start = control["value"]
    if "options" in control:
        pairs = [each if isinstance(each, tuple) else (each, each) for each in control["options"]]
        chosen = np.linspace(0, len(pairs) - 1, MOST).round()
        return [pair for k, pair in enumerate(pairs) if k in chosen or pair[1] == start]
    low = control["min"]
    high = control["max"]
    if control["kind"] == "IntSlider":
        values = [0, *(2**k for k in range(63))]
    else:
        values = np.linspace(low, high, 4).tolist()
    inside = [value for value in values if low <= value <= high]
    shown = sorted({start, *inside[-MOST:]})
    return [(f"{value:.6g}".replace("-", "−"), value) for value in shown]


def _picture(figure: Any) -> dict[str, str]:
    """Return the description and the PNG of a figure in base64; close the figure."""
    import matplotlib.pyplot as plt  # imported late: the command line also imports this module

    from sheet11.lab import plots

    plt.close(figure)
    png = base64.b64encode(plots.png(figure)).decode("ascii")
    return {"shows": plots.describe(figure), "png": png}
