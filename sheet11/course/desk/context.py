"""Context of an answer: the question above it and the figures of the same part."""

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from sheet11.course.book.marks import Task
from sheet11.course.pages.cells import figures_of_cells
from sheet11.course.tasks import grade_id, is_answer

PART = re.compile(r"^## ", re.MULTILINE)


def context_of(folder: Path, task: Task) -> tuple[str, NotebookNode, list[tuple[str, str]]]:
    """Return the context of an answer, empty if the notebook or the answer in it is missing.

    Args:
        folder: a student's executed notebooks.
        task: the task that was answered.

    Returns:
        Type of the answer's cell, code or markdown; the text cell above, or an empty one; and the figures of the part,
        as (PNG in base64, alternative text).
    """
    try:
        cells = nbformat.read(folder / f"{task.notebook}.ipynb", as_version=4).cells
    except Exception:  # nbformat raises many types for invalid notebooks
        cells = []
    part: list[NotebookNode] = []
    question, answer = new_markdown_cell(), None
    for cell in cells:
        is_text = cell.cell_type == "markdown" and not is_answer(cell)
        if is_text and PART.search(cell.source):
            if answer:
                break
            part = []
        part.append(cell)
        if grade_id(cell) == task.grade_id:
            answer = cell
        elif is_text and not answer:
            question = cell
    if answer:
        return answer.cell_type, question, list(figures_of_cells(part))
    return "markdown" if task.by_hand else "code", new_markdown_cell(), []
