"""What is graded: every notebook of a sheet with drawn parameters, the tasks that it sets, and how it solves them."""

import ast
import random
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from nbformat import NotebookNode

from sheet11.course.book.rubric import read_rubrics
from sheet11.course.errors import NotebookError, SheetError
from sheet11.course.grading.mistakes import Mistake, read_mistakes
from sheet11.course.notebooks import (
    METADATA,
    check_parameters,
    parameters_of,
    read_notebook,
    syntax,
    with_parameters,
)
from sheet11.course.preprocess import without_answers
from sheet11.course.sheet import Sheet

HIDDEN_TESTS = re.compile(
    r"^### BEGIN HIDDEN TESTS$(.*?)^### END HIDDEN TESTS$", re.MULTILINE | re.DOTALL
)
TOLERANCE = 1e-9  # of a record whose check says nothing of it


class Task(NamedTuple):
    """Something that gives points: an answer in code with its check, or a text that a person must read."""

    notebook: str  # the stem
    name: str  # id of the answer cell
    title: str  # for people
    wanted: str  # what was asked for
    points: float
    check: str | None  # id of the check's cell; None if a person reads the answer
    tolerance: float  # relative to the largest number of a record
    hidden: str = ""  # tests that students do not see, to be run after the check
    judge: str = ""  # an expression in the records, whose value is compared in their place

    @property
    def column(self) -> str:
        """Name in tables."""
        return f"{self.notebook}/{self.name}"


class Exercise(NamedTuple):
    """A notebook to be graded."""

    notebook: NotebookNode  # the student edition, with parameters
    tasks: list[Task]
    solutions: dict[str, str]  # the sheet's own answers, by id
    mistakes: dict[str, list[Mistake]]  # by id of the answer
    rubrics: dict[str, list[tuple[float, str]]]  # by name of the task


def draw_exercises(sheet: Sheet, given: Mapping[str, Any], seed: int) -> dict[str, Exercise]:
    """The notebooks of a sheet that set tasks, by stem, with parameters from the ranges in their metadata.

    Args:
        sheet: whose notebooks.
        given: parameters that are not to be drawn, by name.
        seed: draws all others.

    Raises:
        NotebookError: a check does not come after an answer.
        ParameterError: no notebook has one of the parameters.
        SheetError: no notebook sets a task, or its usual mistakes or rubrics are unusable.
    """
    exercises, known = {}, set()
    generator = random.Random(seed)
    for stem, path in sheet.notebooks.items():
        notebook = read_notebook(path)
        names = parameters_of(notebook)
        known |= set(names)
        drawn = _draw(notebook.metadata.get(METADATA, {}).get("grading", {}), generator)
        chosen = drawn | {name: value for name, value in given.items() if name in names}
        if tasks := tasks_of(stem, notebook):
            solutions = {
                cell.id: cell.source for cell in notebook.cells if marks(cell).get("solution")
            }
            mistakes = read_mistakes(sheet.beside("mistakes") / f"{stem}.toml", solutions)
            edition = with_parameters(without_answers(notebook), chosen)
            exercises[stem] = Exercise(
                edition, tasks, solutions, mistakes, read_rubrics(stem, notebook)
            )
    check_parameters(given, known)
    if not exercises:
        raise SheetError(
            f"{sheet.title} sets no tasks: no cell of its notebooks has points in nbgrader's metadata"
        )
    return exercises


def marks(cell: NotebookNode) -> Mapping[str, Any]:
    """What nbgrader's metadata say of a cell; nothing if it has none."""
    found: Mapping[str, Any] = cell.metadata.get("nbgrader", {})
    return found


def tasks_of(stem: str, notebook: NotebookNode) -> list[Task]:
    """The tasks that nbgrader's marks set in a notebook, in order.

    A task is called as the heading `### Task 1a.1 · Title` above its answer says; without one, as the part is.

    Raises:
        NotebookError: a check does not come after an answer.
    """
    tasks: list[Task] = []
    part, title = "", None
    answer: tuple[NotebookNode, str | None] | None = None
    for cell in notebook.cells:
        asks = marks(cell)
        if cell.cell_type == "markdown" and not asks.get("solution"):
            for text in re.findall(r"^##+ (.+)", cell.source, re.MULTILINE):
                called = re.match(r"Task (.+)", text)
                part, title = (
                    (part, called[1].strip())
                    if called
                    else (re.sub(r" \(\d+ points?\)$", "", text), None)
                )
        elif asks.get("solution") and not asks.get("grade"):
            answer, title = (cell, title), None
        elif asks.get("grade") and asks["points"]:
            by_hand = asks["solution"]
            found = (cell, title) if by_hand else answer
            if found is None:
                raise NotebookError(
                    f"{stem}: the check {asks['grade_id']!r} comes before any answer"
                )
            asked, its_title = found
            name = marks(asked)["grade_id"]
            tasks.append(
                Task(
                    stem,
                    name,
                    its_title or (f"{part}: {name}" if part else name),
                    "" if by_hand else _docstrings(asked.source),
                    float(asks["points"]),
                    None if by_hand else cell.id,
                    cell.metadata.get(METADATA, {}).get("tolerance", TOLERANCE),
                    "" if by_hand else "\n".join(HIDDEN_TESTS.findall(cell.source)),
                    cell.metadata.get(METADATA, {}).get("judge", ""),
                )
            )
    return tasks


def _draw(grading: Mapping[str, Any], generator: random.Random) -> dict[str, Any]:
    """Parameters from `ranges` (whole numbers, both ends included) and `choices`."""
    drawn = {
        name: generator.randint(*ends) for name, ends in sorted(grading.get("ranges", {}).items())
    }
    return drawn | {
        name: generator.choice(values)
        for name, values in sorted(grading.get("choices", {}).items())
    }


def _docstrings(source: str) -> str:
    """The functions that an answer cell asks for, with what they say of themselves."""
    asked = [
        f"{node.name}({ast.unparse(node.args)}): {' '.join((ast.get_docstring(node) or '').split())}"
        for node in syntax(source).body
        if isinstance(node, ast.FunctionDef)
    ]
    return " ".join(asked)
