"""Sliders: a figure for each notebook that is redrawn when its settings change.

Every `explore_…` takes functions written by the student and draws their results with `plots`. In JupyterLab it shows
controls above the figure. In papermill, nbval and nbconvert it shows the figure with the initial settings, like any
other figure of the notebook.
"""

import html
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
from IPython import get_ipython
from matplotlib.figure import Figure

from sheet11.lab import frames, plots

Function = Callable[..., Any]  # written by a student
Draw = Callable[..., Figure]
WIDGET = "application/vnd.jupyter.widget-view+json"

# ipywidgets shows the name and value of a control beside it, but does not pass them to screen readers
NAMES = """
setTimeout(() => {
  const all = element.closest(".widget-vbox") ?? document;
  const name = () => all.querySelectorAll(".widget-label").forEach(label => {
    const control = label.parentElement, told = label.textContent;
    const [slider, value] = [".noUi-handle", ".widget-readout"].map(part => control.querySelector(part));
    if (slider) Object.assign(slider, {ariaLabel: told, ariaValueText: value.textContent});
    if (slider) Object.assign(value, {role: "textbox", ariaLabel: told});
    if (control.matches(".widget-toggle-buttons")) Object.assign(control, {role: "group", ariaLabel: told});
    control.querySelectorAll("button").forEach(one => one.ariaPressed = one.matches(".mod-active"));
  });
  new MutationObserver(name).observe(all, {childList: true, subtree: true, attributeFilter: ["class"]});
  name();
});
"""


def show_with_controls(draw: Draw, controls: frames.Controls) -> None:
    """Show the figure with the initial settings, below controls if a browser is connected.

    Args:
        draw: returns a figure for the settings, which are passed by name at every change; it leaves no figure open
            if it fails.
        controls: for every setting the `kind` of an ipywidgets control, and its arguments; two of them with the
            settings that a page offers, `frames`.
    """
    figure = draw(**{name: control["value"] for name, control in controls.items()})
    if _browser_is_connected():
        plots.display_bundle(plots.bundle(figure) | _widget(figure, draw, controls))
    elif frames.are_wanted() and any("frames" in control for control in controls.values()):
        plt.close(figure)
        plots.display_bundle(plots.bundle(figure) | frames.bundle(draw, controls))
    else:
        plots.show(figure)


def _widget(figure: Figure, draw: Draw, controls: frames.Controls) -> dict[str, Any]:
    """Return a widget with the figure and its controls, by MIME type."""
    import ipywidgets  # imported late: only interactive notebooks need it

    plt.close(figure)
    made = {}
    for name, described in controls.items():
        options = {"description": name} | described
        options.pop("frames", None)  # of pages
        kind = getattr(ipywidgets, options.pop("kind"))
        control = made[name] = kind(tooltip=options["description"], **options)
        control.style.description_width = "6em"
        if isinstance(control, ipywidgets.ToggleButtons):
            control.style.button_width = "auto"
    image = ipywidgets.Image(
        value=plots.png(figure),
        layout={"align_self": "flex-start", "max_width": "100%"},  # pixel by pixel
    )
    description = ipywidgets.HTML(_description(figure))

    def change(_: Any) -> None:
        try:
            moved = draw(**{name: control.value for name, control in made.items()})
        except Exception as error:  # student functions may raise anything; the sliders keep working
            message = html.escape(f"{type(error).__name__}: {error}")
            description.value = f'<p role="alert">{message}</p>'
            return
        plt.close(moved)
        image.value = plots.png(moved)
        description.value = _description(moved)

    for control in made.values():
        control.observe(change, "value")
    script = {"application/javascript": NAMES}
    output = {"output_type": "display_data", "data": script, "metadata": {}}
    row = ipywidgets.Box(list(made.values()), layout={"display": "flex", "flex_flow": "row wrap"})
    box = ipywidgets.VBox([row, description, image, ipywidgets.Output(outputs=(output,))])
    return {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": box.model_id}}


def _description(figure: Figure) -> str:
    """Describe the figure for screen readers, because ipywidgets' image has no alternative text."""
    hidden = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"
    return f'<div role="status" style="{hidden}">{html.escape(plots.describe(figure))}</div>'


def _browser_is_connected() -> bool:
    """Return True if a browser has sent the running cell: JupyterLab sends the cell's id, programs do not."""
    shell = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return "cellId" in parent.get("metadata", {})
