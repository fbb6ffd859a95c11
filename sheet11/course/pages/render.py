"""HTML of pages: an executed notebook, a run, a sweep, and a grading."""

import base64
import binascii
import contextlib
import functools
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from nbformat import NotebookNode

from sheet11.course.notebooks import MAIN_FIGURE
from sheet11.course.pages.cells import (
    alternative_text,
    clean,
    colours,
    figures_of_cells,
    focus,
    hides,
    highlight,
    markdown,
    shown_kind,
    turning,
)
from sheet11.course.tasks import is_check
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


def cells_html(notebook: NotebookNode) -> str:
    """Return all cells and their outputs as an HTML fragment."""
    language = notebook.metadata.get("language_info", {})
    return render("cells.html.j2", cells=notebook.cells, language=language)


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
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_legible,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "points": "{:g}".format,
        "number": lambda value: f"{value:.4g}" if isinstance(value, float) else str(value),
        "alternative_text": alternative_text,
        "clean": clean,
        "colours": colours,
        "focus": focus,
        "hides": hides,
        "highlight": highlight,
        "is_check": is_check,
        "markdown": markdown,
        "shown_kind": shown_kind,
        "turning": turning,
    }
    return environment


def _legible(value: Any) -> Any:
    """Escape characters that would reverse or hide text; leave HTML unchanged."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return visible(value, lines=True)
