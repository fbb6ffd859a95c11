"""Rubrics of a sheet: points with words in the metadata of the cells that a person reads.

{"sheet11": {"rubric": [{"points": 1, "words": "the idea"}, {"points": -0.5, "words": "a sign is wrong"}]}}
"""

import contextlib
import copy
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from sheet11.course.book.store import Store
from sheet11.course.errors import SheetError
from sheet11.course.files import write_whole
from sheet11.course.notebooks import METADATA, read_notebook
from sheet11.course.sheet import Sheet

Rubrics = Mapping[str, list[tuple[float, str]]]  # (points, words) by name of the task


def read_rubrics(stem: str, notebook: NotebookNode) -> dict[str, list[tuple[float, str]]]:
    """Read the rubrics in a notebook, by name of the task.

    Raises:
        SheetError: a rubric is not a list of points with words.
    """
    found = {}
    for cell in notebook.cells:
        rubric = cell.metadata.get(METADATA, {}).get("rubric")
        if rubric is not None:
            name = _task_of(stem, cell)
            items = rubric if isinstance(rubric, list) else [rubric]
            found[name] = [_item_of(name, item) for item in items]
    return found


def begin_rubrics(store: Store, rubrics: Rubrics) -> None:
    """Give tasks the sheet's rubrics, except those that already have or had one."""
    for task in store.tasks():
        if not store.items(task.name, removed=True):
            for points, words in rubrics.get(task.name, []):
                store.add_item(task.name, points, words)


def keep_rubrics(store: Store, sheet: Sheet) -> list[Path]:
    """Write the current rubrics into the sheet's notebooks.

    Returns:
        The notebooks that have changed.

    Raises:
        NotebookError: a file is not a notebook.
        OSError: a file cannot be written.
    """
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
    return f"{stem}/{cell.metadata.get('nbgrader', {}).get('grade_id', cell.get('id'))}"


def _item_of(name: str, item: Any) -> tuple[float, str]:
    with contextlib.suppress(TypeError, KeyError, AttributeError, ValueError):
        points, words = float(item["points"]), item["words"].strip()
        if words and math.isfinite(points):
            return points, words
    raise SheetError(f"the rubric of {name} must be a list of points with words, got {item!r:.80}")
