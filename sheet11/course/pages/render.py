"""Web pages as text: of an executed notebook, of a run, a sweep, and a grading."""

import base64
import binascii
import contextlib
import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jinja2
from nbformat import NotebookNode

from sheet11.course.notebooks import MAIN_FIGURE
from sheet11.course.pages.cells import MOST_FRAMES, TEMPLATES, alternative_text, cells_html, shown_kinds
from sheet11.course.visible import visible


class Page(NamedTuple):
    """What the index shows of one notebook."""

    stem: str
    title: str
    error: str | None
    seconds: float
    parameters: dict[str, Any]
    records: dict[str, Any]
    figure: str | None  # what the main figure shows, if there is one


def notebook_html(notebook: NotebookNode, title: str) -> str:
    """The executed notebook as one HTML file with its figures inside, which links back to the index beside it."""
    return _render("notebook.html.j2", heading=title, cells=cells_html(notebook))


def index_html(pages: list[Page], heading: str) -> str:
    """The page that links executed notebooks, with a thumbnail and the scalar records of each."""
    return _render("index.html.j2", pages=pages, heading=heading)


def sweep_html(heading: str, figures: Mapping[str, str], columns: list[str], rows: list[dict[str, Any]]) -> str:
    """The page of a sweep: what its figures show, by their record, and its table."""
    return _render("sweep.html.j2", heading=heading, figures=figures, columns=columns, rows=rows)


def feedback_html(person: Any, rows: Sequence[Any], sections: Sequence[dict[str, Any]]) -> str:
    """What a student is told: points and remarks for every task, the answers, and the figures they made.

    Args:
        person: who has handed in.
        rows: of the table of points.
        sections: for every notebook `stem`, `title`, `answers` as (row, answer, images as (name, address)),
            `figures` as (PNG in base64, text), and `has_notebook`.
    """
    heading = person.who.shown or person.student
    return _render("feedback.html.j2", heading=heading, person=person, rows=rows, sections=sections)


def grades_html(tasks: Sequence[Any], students: Mapping[str, Sequence[Any]], people: Mapping[str, Any]) -> str:
    """All points, with a link to every student's page."""
    return _render("grades.html.j2", heading="Grades", tasks=tasks, students=students, people=people)


def class_html(
    students: int,
    maximum: float,
    figures: Sequence[tuple[str, str]],
    tasks: Sequence[Mapping[Any, Any]],
    reasons: Sequence[Any],
    times: Mapping[str, float] | None,
) -> str:
    """What a class did: figures as (PNG in base64, text), a row for each task, and why points were lost."""
    values = {"figures": figures, "tasks": tasks, "reasons": reasons, "times": times}
    return _render("class.html.j2", heading="What the class did", students=students, maximum=maximum, **values)


def style_sheet() -> str:
    """How all pages look."""
    return _render("pages.css")


def main_figure(notebook: NotebookNode) -> tuple[bytes, str] | None:
    """PNG and description of the figure in the cell tagged `main-figure`, else of the first one in the notebook."""
    tagged = [cell for cell in notebook.cells if MAIN_FIGURE in cell.metadata.get("tags", [])]
    for cell in [*tagged, *notebook.cells]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in shown_kinds(data):
                with contextlib.suppress(binascii.Error):  # what begins like a PNG need not go on like one
                    return base64.b64decode(data["image/png"]), alternative_text(output)
    return None


def _render(template: str, **values: Any) -> str:
    return _environment_of_pages().get_template(template).render(**values)


@functools.cache
def _environment_of_pages() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_legible,
    )
    environment.globals["most_frames"] = MOST_FRAMES
    environment.filters["points"] = lambda value: f"{value:g}"
    environment.filters["number"] = lambda value: f"{value:.4g}" if isinstance(value, float) else str(value)
    return environment


def _legible(value: Any) -> Any:
    """Text of whoever wrote it, with what would turn or hide other text written out; not what is HTML already."""
    return visible(value, lines=True) if isinstance(value, str) and not hasattr(value, "__html__") else value
