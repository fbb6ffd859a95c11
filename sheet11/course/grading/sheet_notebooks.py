"""A sheet's notebooks prepared for grading: cells with and without solutions, tasks, and drawn parameters."""

import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from nbformat import NotebookNode

from sheet11.course.errors import SheetError
from sheet11.course.grading.mistakes import Mistake, read_mistakes
from sheet11.course.notebooks import (
    METADATA,
    PARAMETERS,
    check_parameters,
    has_tag,
    parameters_of,
    source_of,
)
from sheet11.course.preprocess import both_versions, nbgrader_config
from sheet11.course.sheet import Sheet
from sheet11.course.tasks import Task, grade_id, is_answer, is_check, tasks_of

GIVEN, ANSWER, CHECK, OWN = "given", "answer", "check", "own"


class Cell(NamedTuple):
    """A cell of a sheet's notebook, or one that a student has added."""

    name: str
    kind: str  # given, parameters, answer, check, or own if the student has added it
    code: bool
    source: str  # as handed out, or as the student wrote it
    images: str = ""  # digest of the images in a student's text
    whole: str = ""  # an answer with its solution, a check with its hidden tests
    locked: bool = True  # False if students may have changed it

    @property
    def hides(self) -> bool:
        """True for a check with hidden tests."""
        return self.kind == CHECK and self.whole != self.source


class SheetNotebook(NamedTuple):
    """A notebook of a sheet, prepared for grading."""

    stem: str
    whole: NotebookNode
    edition: NotebookNode  # as students get it
    cells: tuple[Cell, ...]
    tasks: list[Task]
    mistakes: dict[str, list[Mistake]]  # by grade_id of the answer
    parameters: dict[str, Any] = {}

    @property
    def checked(self) -> list[Task]:
        """Tasks that are graded automatically."""
        return [task for task in self.tasks if not task.by_hand]

    def cell(self, name: str) -> Cell:
        """Return the cell with a name."""
        return self.cells[self.place(name)]

    def place(self, name: str) -> int:
        """Return the index of the cell with a name."""
        return next(place for place, cell in enumerate(self.cells) if cell.name == name)


def read_sheet_notebooks(sheet: Sheet) -> dict[str, SheetNotebook]:
    """Read the notebooks that have tasks, by stem.

    Raises:
        SheetError: the sheet is invalid.
    """
    config = nbgrader_config(sheet.beside(""))
    notebooks = {}
    for stem, path in sheet.notebooks.items():
        whole, edition = both_versions(path, config)
        if tasks := tasks_of(stem, whole):
            cells = [*map(_cell, itertools.count(), whole.cells, edition.cells)]
            solutions = {cell.name: cell.whole for cell in cells if cell.kind == ANSWER}
            mistakes = read_mistakes(sheet.beside("mistakes") / f"{stem}.toml", solutions)
            notebooks[stem] = SheetNotebook(stem, whole, edition, tuple(cells), tasks, mistakes)
    return notebooks


def draw_parameters(
    notebooks: Mapping[str, SheetNotebook], given: Mapping[str, Any], seed: int
) -> dict[str, SheetNotebook]:
    """Return the notebooks with parameters drawn from the ranges in their metadata.

    Args:
        notebooks: the notebooks, by stem.
        given: parameters that are not drawn, by name.
        seed: seed of the draw.

    Raises:
        ParameterError: no notebook has one of the parameters.
        SheetError: a notebook's ranges are invalid, or name something that is not a parameter.
    """
    drawn_notebooks = {}
    known: set[str] = set()
    generator = random.Random(seed)
    for stem, notebook in notebooks.items():
        names = parameters_of(notebook.whole)
        known |= set(names)
        drawn = _drawn(notebook, generator)
        for name in drawn.keys() - names:
            raise SheetError(
                f"{stem}: grading draws {name!r}, which no cell tagged 'parameters' sets"
            )
        parameters = drawn | {name: value for name, value in given.items() if name in names}
        lines = [f"\n{name} = {source_of(name, value)}" for name, value in parameters.items()]
        cells = [_with_lines(cell, "".join(lines)) for cell in notebook.cells]
        drawn_notebooks[stem] = notebook._replace(cells=tuple(cells), parameters=parameters)
    check_parameters(given, known)
    return drawn_notebooks


def _cell(number: int, cell: NotebookNode, shown: NotebookNode) -> Cell:
    name = grade_id(cell)
    is_default = has_tag(cell, PARAMETERS)
    kind = PARAMETERS if is_default else GIVEN
    if is_answer(cell):
        kind = ANSWER
    elif is_check(cell):
        kind = CHECK
    return Cell(
        name=name or cell.get("id") or f"cell-{number}",
        kind=kind,
        code=cell.cell_type == "code",
        source=shown.source,
        whole=cell.source,
        locked=bool(name) or is_default,
    )


def _with_lines(cell: Cell, lines: str) -> Cell:
    """Add lines that set parameters to the cell with the defaults; return any other cell unchanged."""
    if cell.kind != PARAMETERS:
        return cell
    return cell._replace(source=cell.whole + lines, whole=cell.whole + lines)


def _drawn(notebook: SheetNotebook, generator: random.Random) -> dict[str, Any]:
    """Draw parameters from ranges of whole numbers, both ends included, then from lists of choices."""
    grading = notebook.whole.metadata.get(METADATA, {}).get("grading", {})
    ways: dict[str, Callable[[Any], Any]] = {
        "ranges": lambda ends: generator.randint(*ends),
        "choices": generator.choice,
    }
    drawn = {}
    try:
        for way, settings in sorted(grading.items(), reverse=True):
            for name, values in sorted(settings.items()):
                drawn[name] = ways[way](values)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise SheetError(
            f'{notebook.stem}: grading draws from {{"ranges": {{"n": [1, 9]}}}}, whole numbers, and'
            f' {{"choices": {{"n": [1, 9]}}}}, got {grading!r:.80}'
        ) from error
    return drawn
