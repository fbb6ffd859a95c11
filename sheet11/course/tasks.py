"""Cells and tasks of a sheet's notebook in nbgrader's format."""

import ast
import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from nbformat import NotebookNode

from sheet11.course.errors import SheetError
from sheet11.course.notebooks import METADATA, syntax

FLAGS = ("grade", "solution", "locked", "task")
HEADING = re.compile(r"^##+ (.+)", re.MULTILINE)
POINTS = re.compile(r" \(\d+ points?\)$")
NAMELESS = re.compile(r"cell-[0-9a-f]+")  # a grade_id made up by JupyterLab
TOLERANCE = 1e-9  # default for a check


class Task(NamedTuple):
    """A cell that gives points: a check, or an answer or task cell that a person reads."""

    notebook: str  # its stem
    name: str  # grade_id of the cell that has the points
    title: str
    wanted: str  # functions that the answers define, with docstrings
    points: float
    by_hand: bool
    answers: tuple[str, ...]  # grade_ids of its answers
    cell_type: str  # of the cell that has the points
    tolerance: float  # relative to the largest number of a record
    judge: str  # expression in the records to compare instead of them

    @property
    def column(self) -> str:
        """Name in tables."""
        return f"{self.notebook}/{self.name}"


def nbgrader_metadata(cell: NotebookNode) -> Mapping[str, Any]:
    """Return nbgrader's metadata of a cell; empty if it has none."""
    metadata = cell.metadata.get("nbgrader")
    return metadata if isinstance(metadata, Mapping) else {}


def grade_id(cell: NotebookNode) -> str | None:
    """Return a cell's grade_id; None if nbgrader does not use the cell."""
    metadata = nbgrader_metadata(cell)
    return metadata.get("grade_id") if any(map(metadata.get, FLAGS)) else None


def is_answer(cell: NotebookNode) -> bool:
    """Return whether a cell is for the student's answer."""
    return bool(nbgrader_metadata(cell).get("solution"))


def is_check(cell: NotebookNode) -> bool:
    """Return whether a cell gives points automatically, by being executed."""
    return bool(nbgrader_metadata(cell).get("grade")) and not is_answer(cell)


def is_by_hand(cell: NotebookNode) -> bool:
    """Return whether a person gives a cell's points."""
    metadata = nbgrader_metadata(cell)
    return bool(metadata.get("task") or metadata.get("grade") and metadata.get("solution"))


def tasks_of(stem: str, notebook: NotebookNode) -> list[Task]:
    """Return the tasks of a notebook, in order.

    A check belongs to the answers between it and the previous check; consecutive checks share their answers. A task's
    title comes from the heading above its last answer, `### Task 1a.1 · Title` or that of its part.

    Raises:
        SheetError: two cells have the same grade_id, or this kit's metadata of a cell are invalid.
    """
    tasks: list[Task] = []
    answers: list[NotebookNode] = []  # of the next check
    headings: dict[str | None, str] = {}  # above each marked cell, or in it
    heading = ""
    checked = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not is_answer(cell):
            heading = [heading, *HEADING.findall(cell.source)][-1]
        name = grade_id(cell)
        if name is None:
            continue
        if name in headings:
            raise SheetError(
                f"{stem}: two cells have the grade_id {name!r}, as copied cells do; change one"
            )
        headings[name] = heading
        if is_answer(cell) and cell.cell_type == "code":
            if checked or all(map(is_by_hand, answers)):
                answers = []
            answers = [*answers, cell]
            checked = False
        if is_check(cell):
            about, checked = answers, True
        elif is_by_hand(cell):
            about = [cell] if is_answer(cell) else []
        else:
            continue
        above = headings[grade_id([cell, *about][-1])]
        title = _title(above, name, {task.title for task in tasks})
        tasks.append(_task(stem, cell, title, about))
    return tasks


def _title(heading: str, name: str, taken: Collection[str]) -> str:
    """Return a task's title: the heading of a task or an unnamed cell, or a heading with the cell's name."""
    heading = POINTS.sub("", heading)
    title = heading.removeprefix("★ ").removeprefix("Task ")
    is_own = title != heading or NAMELESS.fullmatch(name)
    if title and is_own and title not in taken:
        return title
    return f"{title}: {name}".removeprefix(": ")


def _task(stem: str, cell: NotebookNode, title: str, answers: Sequence[NotebookNode]) -> Task:
    name = nbgrader_metadata(cell)["grade_id"]
    return Task(
        notebook=stem,
        name=name,
        title=title,
        wanted=" ".join(itertools.chain.from_iterable(map(_functions, answers))),
        points=float(nbgrader_metadata(cell).get("points", 0)),
        by_hand=is_by_hand(cell),
        answers=tuple(nbgrader_metadata(answer)["grade_id"] for answer in answers),
        cell_type=cell.cell_type,
        **_settings(f"{stem}/{name}", cell),
    )


def _settings(column: str, cell: NotebookNode) -> dict[str, Any]:
    """Return the tolerance and judge from this kit's metadata of a check."""
    metadata = cell.metadata.get(METADATA, {})
    match (
        {"tolerance": TOLERANCE, "judge": "", **metadata} if isinstance(metadata, Mapping) else None
    ):
        case {"tolerance": int() | float() as tolerance, "judge": str() as judge}:
            return {"tolerance": tolerance, "judge": judge}
    raise SheetError(
        f"{column}: its metadata {METADATA!r} must hold a tolerance and a text judge, got {metadata!r:.60}"
    )


def _functions(answer: NotebookNode) -> Iterator[str]:
    """Yield the functions that an answer defines, with their docstrings."""
    for node in syntax(answer.source).body:
        if isinstance(node, ast.FunctionDef):
            docstring = " ".join((ast.get_docstring(node) or "").split())
            yield f"{node.name}({ast.unparse(node.args)}): {docstring}"
