"""Rubrics of a sheet: points with words in the metadata of the cells that a person reads.

{"sheet11": {"rubric": [{"points": 1, "words": "the idea"}, {"points": -0.5, "words": "a sign is wrong"}]}}
"""

import copy
import math
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from sheet11.course.book.store import Store
from sheet11.course.errors import SheetError
from sheet11.course.files import write_whole
from sheet11.course.notebooks import METADATA, read_notebook
from sheet11.course.sheet import Sheet
from sheet11.course.tasks import nbgrader_metadata


def begin_rubrics(store: Store, stem: str, notebook: NotebookNode) -> None:
    """Give tasks the rubrics in a notebook, except those that already have or had one.

    Raises:
        SheetError: a rubric is not a list of points with words.
    """
    for cell in notebook.cells:
        task = _task_of(stem, cell)
        rubric = cell.metadata.get(METADATA, {}).get("rubric", [])
        items = [
            _item_of(task, item) for item in (rubric if isinstance(rubric, list) else [rubric])
        ]
        if not store.items(task, removed=True):
            for points, words in items:
                store.set_item(task, points, words)


def keep_rubrics(store: Store, sheet: Sheet) -> list[Path]:
    """Write the current rubrics into the sheet's notebooks.

    Returns:
        The notebooks that have changed.

    Raises:
        SheetError: the tasks are not of this sheet.
        NotebookError: a file is not a notebook.
        OSError: a file cannot be written.
    """
    for task in store.tasks():
        if task.notebook not in sheet.notebooks:
            raise SheetError(f"{sheet.title} has no task {task.name}; name its sheet with --sheet")
    changed = []
    for stem, path in sheet.notebooks.items():
        notebook = read_notebook(path)
        before = copy.deepcopy(notebook)
        for cell in notebook.cells:
            if items := store.items(_task_of(stem, cell)):
                rubric = [{"points": item.points, "words": item.words} for item in items]
                cell.metadata.setdefault(METADATA, {})["rubric"] = rubric
        if notebook != before:
            write_whole(path, nbformat.writes(notebook) + "\n")
            changed.append(path)
    return changed


def _task_of(stem: str, cell: NotebookNode) -> str:
    """Return the name of a cell's task."""
    return f"{stem}/{nbgrader_metadata(cell).get('grade_id')}"


def _item_of(task: str, item: Any) -> tuple[float, str]:
    match item:
        case {"points": int() | float() as points, "words": str() as words}:
            if words.strip() and math.isfinite(points):
                return points, words.strip()
    raise SheetError(f"the rubric of {task} must be a list of points with words, got {item!r:.80}")
