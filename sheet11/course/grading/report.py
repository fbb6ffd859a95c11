"""What a grading leaves besides its store: executed notebooks, and failing hidden tests.

A student's folder, `students/NAME`, holds the sheet's notebooks with the student's cells, executed.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sheet11.course.book.store import Store, student_folder
from sheet11.course.files import write_private
from sheet11.course.grading.papers import ANSWER, CHECK, OWN, Cell, Paper
from sheet11.course.submissions.attachments import taken_out
from sheet11.course.tables import harmless_csv
from sheet11.lab.records import MIME_TYPE

HIDDEN_TESTS = "hidden tests"  # begins the names of what the store has about them
Outputs = Sequence[Mapping[str, Any]]
Shown = Sequence[tuple[Cell, Outputs]]  # the cells of an executed notebook


def write_hidden_tests(out: Path, store: Store) -> None:
    """Write which hidden tests fail, with their statements and values, for the teacher alone."""
    about = store.about()
    rows = [["student", "task", "remark", "test"]]
    for student in store.results():
        rows += [[student, *row] for row in about.get(f"{HIDDEN_TESTS} {student}", [])]
    write_private(out / "hidden_tests.csv", harmless_csv(rows))


def are_whole(out: Path, student: str, stems: Collection[str]) -> bool:
    """Tell whether a student's executed notebooks are there to their ends; a machine can lose power."""
    try:
        paths = [student_folder(out, student) / f"{stem}.ipynb" for stem in stems]
        return all(path.read_bytes().rstrip().endswith(b"}") for path in paths)
    except OSError:
        return False


def write_notebooks(
    out: Path,
    student: str,
    shown: Mapping[str, Shown],
    papers: Mapping[str, Paper],
) -> None:
    """Write a student's notebooks with what their cells have shown."""
    for stem, paper in papers.items():
        path = student_folder(out, student) / f"{stem}.ipynb"
        path.unlink(missing_ok=True)
        if stem in shown:
            cells = [_executed(cell, outputs) for cell, outputs in shown[stem]]
            metadata = {"papermill": {"parameters": paper.parameters}}
            notebook = new_notebook(cells=cells, metadata=metadata)
            write_private(path, nbformat.writes(notebook, allow_nan=False))


def _executed(cell: Cell, outputs: Outputs) -> nbformat.NotebookNode:
    """Return a cell without its records, which another student could hand in."""
    marks = {"grade_id": cell.name, "solution": cell.kind == ANSWER, "grade": cell.kind == CHECK}
    about = {"id": cell.name, "metadata": {} if cell.kind == OWN else {"nbgrader": marks}}
    if cell.code:
        kept = [each for each in outputs if MIME_TYPE not in each.get("data", {})]
        written = new_code_cell(cell.source, outputs=[*map(nbformat.from_dict, kept)], **about)
    else:
        images = {"attachments": taken_out(cell.images)} if cell.images else {}
        written = new_markdown_cell(cell.source, **about, **images)
    executed: nbformat.NotebookNode = written
    return executed
