"""The cells around an answer: what was asked, and the figures of the same part."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from sheet11.course.book.marks import Task
from sheet11.course.pages.cells import figures_of_cells
from sheet11.course.tasks import grade_id, is_answer

PART = re.compile(r"^## ", re.MULTILINE)


class Around(NamedTuple):
    """What surrounds an answer in a student's executed notebook."""

    kind: str  # of the answer's cell, code or markdown
    question: str = ""  # the text above
    attachments: Mapping[str, Any] = {}  # of the question
    figures: Sequence[tuple[str, str]] = ()  # of the part, as (PNG in base64, alternative text)


def around(notebook: Path, task: Task) -> Around:
    """Read what surrounds an answer; nothing if the notebook, or the answer in it, is missing."""
    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except Exception:  # nbformat raises many types for what is no notebook
        cells = []
    part: list[NotebookNode] = []
    answer = question = None
    for cell in cells:
        text = cell.cell_type == "markdown"
        if text and PART.search(cell.source):
            if answer:
                break
            part, question = [], None
        part.append(cell)
        if grade_id(cell) == task.grade_id:
            answer = cell
        elif text and not answer and not is_answer(cell):
            question = cell
    if not answer:
        return Around("markdown" if task.by_hand else "code")
    figures = list(figures_of_cells(part))
    if not question:
        return Around(answer.cell_type, figures=figures)
    attachments = question.get("attachments", {})
    return Around(answer.cell_type, question.source, attachments, figures)
