"""A sheet's notebook in nbgrader's format as data: its cells by `grade_id`, and the tasks that they set."""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

from sheet11.course.errors import SheetError
from sheet11.course.notebooks import METADATA, syntax
from sheet11.course.preprocess import preprocess

FLAGS = ("grade", "solution", "locked", "task")
NAMELESS = re.compile(r"cell-[0-9a-f]+")  # a grade_id that JupyterLab has made up
TOLERANCE = 1e-9  # of a record whose check says nothing of it


class Task(NamedTuple):
    """Something that gives points: a check, or an answer or task cell that a person reads."""

    notebook: str  # its stem
    name: str  # grade_id of the cell that has the points
    title: str
    wanted: str  # the functions that its answers define, with their docstrings
    points: float
    by_hand: bool
    answers: tuple[str, ...]  # grade_ids of the answers that it is about
    cell_type: str  # of the cell that has the points
    tolerance: float  # relative to the largest number of a record
    judge: str  # an expression in the records, whose value is compared in their place

    @property
    def column(self) -> str:
        """Name in tables."""
        return f"{self.notebook}/{self.name}"


def marks(cell: NotebookNode) -> Mapping[str, Any]:
    """Metadata of nbgrader in a cell; empty if it has none."""
    found = cell.metadata.get("nbgrader")
    return found if isinstance(found, Mapping) else {}


def grade_id(cell: NotebookNode) -> str | None:
    """The name by which nbgrader knows a cell, None if the cell is not marked."""
    found = marks(cell)
    return found.get("grade_id") if any(found.get(flag) for flag in FLAGS) else None


def is_answer(cell: NotebookNode) -> bool:
    """Tell whether students write a cell."""
    return bool(marks(cell).get("solution"))


def is_check(cell: NotebookNode) -> bool:
    """Tell whether a cell gives points by being executed."""
    return bool(marks(cell).get("grade")) and not is_answer(cell)


def is_by_hand(cell: NotebookNode) -> bool:
    """Tell whether a person gives a cell's points."""
    found = marks(cell)
    return bool(found.get("task") or found.get("grade") and found.get("solution"))


def cells_by_id(stem: str, notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The marked cells of a sheet's notebook by grade_id, in order.

    Raises:
        SheetError: a marked cell has no grade_id, or that of another cell.
    """
    found: dict[str, NotebookNode] = {}
    for cell in notebook.cells:
        if not any(marks(cell).get(flag) for flag in FLAGS):
            continue
        name = grade_id(cell)
        if not name:
            raise SheetError(
                f"{stem}: a cell with nbgrader's marks has no grade_id: {cell.source[:40]!r}"
            )
        if name in found:
            raise SheetError(
                f"{stem}: two cells have the grade_id {name!r}, as copied cells do; change one"
            )
        found[name] = cell
    return found


def tasks_of(stem: str, notebook: NotebookNode) -> list[Task]:
    """The tasks of a notebook, in order.

    A check is about the answers between it and the check before; several checks in a row are about the same answers.
    A task is called as the heading `### Task 1a.1 · Title` above its answer says; without one, as the part is.

    Raises:
        SheetError: a marked cell has no grade_id, or that of another cell, or unusable metadata of this kit.
    """
    cells_by_id(stem, notebook)
    tasks: list[Task] = []
    answers: dict[str, NotebookNode] = {}  # that the next check is about
    titles: dict[str, str] = {}  # of answers and task cells
    heading = Heading("", "")
    checked = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not is_answer(cell):
            heading = heading.after(cell.source)
        name = grade_id(cell)
        if name is None:
            continue
        if is_check(cell):
            title = next((titles[each] for each in answers if titles[each]), "")
            tasks.append(_task(stem, name, cell, answers, title or heading.of(name)))
            checked = True
        if is_answer(cell) or is_by_hand(cell):
            titles[name] = heading.task
            heading = heading._replace(task="")
        if is_by_hand(cell):
            own = {name: cell} if is_answer(cell) else {}
            tasks.append(_task(stem, name, cell, own, titles[name] or heading.of(name)))
        if is_answer(cell) and cell.cell_type == "code":
            if checked or all(map(is_by_hand, answers.values())):
                answers = {}
            answers[name] = cell
            checked = False
    return _told_apart(tasks)


def without_hidden(source: str, config: Config | None = None) -> str:
    """A check's source as students get it.

    Args:
        source: of the sheet's check.
        config: nbgrader's settings, which can change the marks of hidden tests.

    Raises:
        NotInstalledError: nbgrader is not installed.
        SheetError: the marks do not match.
    """
    marked = {"nbgrader": {"grade": True, "solution": False, "grade_id": "check"}}
    notebook = new_notebook(cells=[new_code_cell(source, metadata=marked)])
    shown = preprocess(notebook, ["ClearHiddenTests"], config or Config())
    return str(shown.cells[0].source)


def has_hidden(source: str, config: Config | None = None) -> bool:
    """Tell whether a check has hidden tests."""
    return without_hidden(source, config) != source


class Heading(NamedTuple):
    """The headings above a cell."""

    part: str
    task: str  # empty once an answer has it

    def after(self, text: str) -> "Heading":
        """The headings below a text cell."""
        found = self
        for title in re.findall(r"^##+ (.+)", text, re.MULTILINE):
            if called := re.match(r"Task (.+)", title):
                found = found._replace(task=called[1].strip())
            else:
                found = Heading(part=re.sub(r" \(\d+ points?\)$", "", title), task="")
        return found

    def of(self, name: str) -> str:
        """The title of a task that has none of its own."""
        if not self.part:
            return name
        return self.part if NAMELESS.fullmatch(name) else f"{self.part}: {name}"


def _task(
    stem: str, name: str, cell: NotebookNode, answers: Mapping[str, NotebookNode], title: str
) -> Task:
    own = _settings(f"{stem}/{name}", cell)
    by_hand = is_by_hand(cell)
    return Task(
        notebook=stem,
        name=name,
        title=title,
        wanted="" if by_hand else " ".join(filter(None, map(_functions, answers.values()))),
        points=float(marks(cell).get("points", 0)),
        by_hand=by_hand,
        answers=tuple(answers),
        cell_type=cell.cell_type,
        tolerance=own["tolerance"],
        judge=own["judge"],
    )


def _settings(column: str, cell: NotebookNode) -> dict[str, Any]:
    """Return what this kit's metadata say of a check."""
    found = cell.metadata.get(METADATA, {})
    match {"tolerance": TOLERANCE, "judge": "", **found} if isinstance(found, Mapping) else None:
        case {"tolerance": int() | float() as tolerance, "judge": str() as judge}:
            return {"tolerance": tolerance, "judge": judge}
    raise SheetError(
        f"{column}: its metadata {METADATA!r} must hold a tolerance and a text judge, got {found!r:.60}"
    )


def _told_apart(tasks: Sequence[Task]) -> list[Task]:
    """Tasks whose titles differ: the second one with a title has its name behind it."""
    found: list[Task] = []
    for task in tasks:
        taken = any(task.title == other.title for other in found)
        found.append(task._replace(title=f"{task.title}: {task.name}") if taken else task)
    return found


def _functions(answer: NotebookNode) -> str:
    """The functions that an answer in code defines, with their docstrings."""
    asked = [
        f"{node.name}({ast.unparse(node.args)}): {' '.join((ast.get_docstring(node) or '').split())}"
        for node in syntax(answer.source).body
        if isinstance(node, ast.FunctionDef)
    ]
    return " ".join(asked)
