"""Frames: pictures of an explorer at several settings, for pages with neither a kernel nor scripts."""

import base64
import os
from collections.abc import Callable
from typing import Any

MIME_TYPE = "application/vnd.sheet11.frames+json"
VARIABLE = "SHEET11_FRAMES"  # environment variable, set when a notebook is executed for such a page
Controls = dict[str, dict[str, Any]]


def are_wanted() -> bool:
    """Return True if the notebook is executed for a page with frames."""
    return VARIABLE in os.environ


def bundle(draw: Callable[..., Any], controls: Controls) -> dict[str, Any]:
    """Draw a picture for every combination of the settings that a page offers of two controls.

    Args:
        draw: returns a figure for the settings, which are passed by name.
        controls: kind and arguments of the control for every setting, including its initial `value`. Two of them have
            `frames`, a list of values that a page offers besides the initial one; all others keep their initial value.

    Returns:
        By MIME type, an object with the two `controls`, each with its `name`, its `settings` as text and the index
        `start` of the initial one; the others as text, `fixed`; and `frames`: for every setting of the first control
        a list over those of the second, of objects with a picture as `png` in base64 and its description as `shows`.
        Where `draw` raises, `shows` is the error, without a picture.
    """
    start = {name: control["value"] for name, control in controls.items()}
    settings = {name: _settings(control) for name, control in controls.items()}
    first, second = [name for name, control in controls.items() if "frames" in control]
    offered, fixed = [], []
    for name, control in controls.items():
        title = control.get("description", name)
        texts, values = zip(*settings[name], strict=True)
        if name in (first, second):
            offered.append(
                {"name": title, "settings": [*texts], "start": values.index(start[name])}
            )
        else:
            fixed.append(f"{title} = {texts[0]}")
    frames = []
    for _, one in settings[first]:
        moved = start | {first: one}
        frames.append([_frame(draw, moved | {second: other}) for _, other in settings[second]])
    return {MIME_TYPE: {"controls": offered, "fixed": ", ".join(fixed), "frames": frames}}


def _settings(control: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the settings of a control on a page in order, including the initial one, each as text and as value."""
    shown = {control["value"], *control.get("frames", [])}
    if "options" in control:
        pairs = [each if isinstance(each, tuple) else (each, each) for each in control["options"]]
        return [pair for pair in pairs if pair[1] in shown]
    return [(f"{value:.6g}".replace("-", "−"), value) for value in sorted(shown)]


def _frame(draw: Callable[..., Any], settings: dict[str, Any]) -> dict[str, str]:
    """Return the PNG of a figure in base64 and its description, or the error; close the figure."""
    import matplotlib.pyplot as plt  # imported late: the command line also imports this module

    from sheet11.lab import plots

    try:
        figure = draw(**settings)
    except Exception as error:  # student functions may raise anything
        return {"shows": f"{type(error).__name__}: {error}"}
    plt.close(figure)
    png = base64.b64encode(plots.png(figure)).decode("ascii")
    return {"shows": plots.describe(figure), "png": png}
