"""Files of a grading besides its store: executed notebooks, and failed hidden tests.

A student's folder, `students/NAME`, holds the executed notebooks: the sheet's cells with the student's answers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat

from sheet11.course.book.store import Store
from sheet11.course.files import write_private
from sheet11.course.grading.restore import Restored
from sheet11.course.grading.sheet_notebooks import ANSWER, CHECK, OWN, Cell
from sheet11.course.submissions.attachments import stored_images
from sheet11.course.tables import harmless_csv
from sheet11.lab.records import MIME_TYPE

HIDDEN_TESTS = "hidden tests"  # prefix of their names in the store
Outputs = Sequence[Mapping[str, Any]]


def write_hidden_tests(out: Path, store: Store) -> None:
    """Write the hidden tests that fail, with their statements and values, for the teacher alone."""
    about = store.about()
    rows = [["student", "task", "remark", "test"]]
    for student in store.results():
        rows += [[student, *row] for row in about.get(f"{HIDDEN_TESTS} {student}", [])]
    write_private(out / "hidden_tests.csv", harmless_csv(rows))


def executed_notebook(restored: Restored, outputs: Mapping[str, Outputs]) -> str:
    """Return the content of a student's notebook with the outputs of its cells."""
    content = {
        "cells": [_executed(cell, outputs.get(cell.name, ())) for cell in restored.cells],
        "metadata": {"papermill": {"parameters": restored.sheet_notebook.parameters}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return str(nbformat.writes(nbformat.from_dict(content), allow_nan=False))


def _executed(cell: Cell, outputs: Outputs) -> dict[str, Any]:
    """Return a cell with its outputs, except records, which another student could hand in."""
    marks = {"grade_id": cell.name, "solution": cell.kind == ANSWER, "grade": cell.kind == CHECK}
    metadata = {} if cell.kind == OWN else {"nbgrader": marks}
    about = {"id": cell.name, "metadata": metadata, "source": cell.source}
    if cell.code:
        kept = [each for each in outputs if MIME_TYPE not in each.get("data", {})]
        return {"cell_type": "code", "execution_count": None, "outputs": kept, **about}
    images = {"attachments": stored_images(cell.images)} if cell.images else {}
    return {"cell_type": "markdown", **about, **images}
