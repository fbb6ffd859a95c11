"""HTML of pages: an executed notebook, a run, a sweep, and a grading."""

import base64
import binascii
import contextlib
import functools
from typing import Any, NamedTuple

import jinja2
from nbformat import NotebookNode

from sheet11.course.notebooks import MAIN_FIGURE
from sheet11.course.pages.cells import MOST_FRAMES, TEMPLATES, figures_of_cells
from sheet11.course.text import visible


class Page(NamedTuple):
    """Entry of the index for one notebook."""

    stem: str
    title: str
    error: str | None
    seconds: float
    parameters: dict[str, Any]
    records: dict[str, Any]
    figure: str | None  # description of the main figure, if there is one


def render(template: str, **values: Any) -> str:
    """Render a template, a page or the style sheet, with the values listed at the top of the template."""
    return _environment_of_pages().get_template(template).render(**values)


def main_figure(notebook: NotebookNode) -> tuple[bytes, str] | None:
    """Return PNG and description of the figure in the cell tagged `main-figure`, else of the notebook's first one."""
    tagged = [cell for cell in notebook.cells if MAIN_FIGURE in cell.metadata.get("tags", [])]
    for png, text in figures_of_cells([*tagged, *notebook.cells]):
        # the data may begin like a PNG and still be invalid
        with contextlib.suppress(binascii.Error):
            return base64.b64decode(png), text
    return None


@functools.cache
def _environment_of_pages() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_legible,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["most_frames"] = MOST_FRAMES
    environment.filters["points"] = "{:g}".format
    environment.filters["number"] = lambda value: (
        f"{value:.4g}" if isinstance(value, float) else str(value)
    )
    return environment


def _legible(value: Any) -> Any:
    """Escape characters that would reverse or hide text; leave HTML unchanged."""
    return (
        visible(value, lines=True)
        if isinstance(value, str) and not hasattr(value, "__html__")
        else value
    )
