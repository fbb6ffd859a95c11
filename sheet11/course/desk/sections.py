"""Where an answer stands in its notebook: what was asked there, what kind of cell it is, and which figures are near."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from sheet11.course.grading.book.marks import Asked
from sheet11.course.grading.exercises import marks
from sheet11.course.pages.cells import figures_of_cells

PART = re.compile(r"^## ", re.MULTILINE)


class Place(NamedTuple):
    """The cells around an answer."""

    kind: str  # of the answer's cell
    asked: tuple[str, Mapping[str, Any]]  # the text above it, and pictures in that
    figures: list[tuple[str, str]]  # of the part that the answer belongs to, as (PNG in base64, what it shows)


def place_of(notebook: Path, task: Asked) -> Place:
    """What is around an answer in a student's executed notebook; nothing if there is none."""
    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except Exception:  # nbformat raises many types for what is no notebook; this one need not be there
        cells = []
    at = next((index for index, cell in enumerate(cells) if cell.get("id") == task.answer), None)
    if at is None:
        return Place("markdown" if task.by_hand else "code", ("", {}), [])
    part = _part(cells, at)
    return Place(str(cells[at].cell_type), _asked_above(part, cells[at]), list(figures_of_cells(part)))


def _part(cells: Sequence[NotebookNode], at: int) -> Sequence[NotebookNode]:
    """The cells from the heading of a part to that of the next one."""
    begins = [index for index, cell in enumerate(cells) if cell.cell_type == "markdown" and PART.search(cell.source)]
    first = max((index for index in begins if index <= at), default=0)
    return cells[first : min((index for index in begins if index > at), default=len(cells))]


def _asked_above(part: Sequence[NotebookNode], answer: NotebookNode) -> tuple[str, Mapping[str, Any]]:
    """The last text before the answer that is not itself an answer."""
    texts = [
        cell for cell in part[: part.index(answer)] if cell.cell_type == "markdown" and not marks(cell).get("solution")
    ]
    return (texts[-1].source, texts[-1].get("attachments", {})) if texts else ("", {})
