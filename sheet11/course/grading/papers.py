"""A sheet's notebooks as they are graded: cells with and without solutions, tasks, and parameters that are drawn."""

import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from nbformat import NotebookNode

from sheet11.course.errors import SheetError
from sheet11.course.grading.mistakes import Mistake, read_mistakes
from sheet11.course.notebooks import (
    INJECTED,
    METADATA,
    PARAMETERS,
    check_parameters,
    parameters_of,
    title_of,
    with_parameters,
)
from sheet11.course.preprocess import nbgrader_config, whole_notebook, without_answers
from sheet11.course.sheet import Sheet
from sheet11.course.tasks import Task, grade_id, is_answer, is_check, tasks_of

GIVEN, ANSWER, CHECK, OWN = "given", "answer", "check", "own"


class Cell(NamedTuple):
    """A cell of a sheet's notebook, or one that a student has added."""

    name: str
    kind: str  # given, answer, check, or own for a student's
    code: bool
    source: str  # as students get it, or as the student wrote it
    images: str = ""  # of a student's text, as they are put away
    whole: str = ""  # an answer with its solution, a check with its hidden tests
    locked: bool = True  # False if students may have changed it


class Source(NamedTuple):
    """A notebook of a sheet."""

    stem: str
    whole: NotebookNode
    edition: NotebookNode  # for students
    cells: list[Cell]
    tasks: list[Task]
    mistakes: dict[str, list[Mistake]]  # by grade_id of the answer


class Paper(NamedTuple):
    """A notebook to be graded, with parameters."""

    stem: str
    heading: str
    cells: tuple[Cell, ...]
    places: tuple[str, ...]  # names of the cells that students get, in order
    tasks: tuple[Task, ...]
    mistakes: dict[str, list[Mistake]]  # by grade_id of the answer
    parameters: dict[str, Any]

    @property
    def checked(self) -> list[Task]:
        """Tasks whose points an execution gives."""
        return [task for task in self.tasks if not task.by_hand]

    def cell(self, name: str) -> Cell:
        """The cell with a name."""
        return self.cells[self.place(name)]

    def place(self, name: str) -> int:
        """Where the cell with a name stands."""
        return next(place for place, cell in enumerate(self.cells) if cell.name == name)

    def has_hidden(self, cell: Cell) -> bool:
        """Tell whether a cell is a check with hidden tests."""
        return cell.kind == CHECK and cell.whole != cell.source

    def is_read(self, cell: Cell) -> bool:
        """Tell whether a person reads an answer."""
        return any(task.by_hand and task.name == cell.name for task in self.tasks)


def read_sources(sheet: Sheet) -> dict[str, Source]:
    """Read the notebooks that have tasks, by stem.

    Raises:
        SheetError: no notebook has a task, or the sheet is unusable.
    """
    config = nbgrader_config(sheet.beside(""))
    sources = {}
    for stem, path in sheet.notebooks.items():
        whole = whole_notebook(path, config)
        if tasks := tasks_of(stem, whole):
            edition = without_answers(whole, config)
            shown = {grade_id(cell): cell.source for cell in edition.cells}
            cells = [_cell(number, cell, shown) for number, cell in enumerate(whole.cells)]
            solutions = {cell.name: cell.whole for cell in cells if cell.kind == ANSWER}
            mistakes = read_mistakes(sheet.beside("mistakes") / f"{stem}.toml", solutions)
            sources[stem] = Source(stem, whole, edition, cells, tasks, mistakes)
    if not sources:
        raise SheetError(
            f"{sheet.title} sets no tasks: no cell of its notebooks has points in nbgrader's metadata"
        )
    return sources


def draw_papers(
    sources: Mapping[str, Source], given: Mapping[str, Any], seed: int
) -> dict[str, Paper]:
    """Return the notebooks with parameters that are drawn from the ranges in their metadata.

    Args:
        sources: the notebooks, by stem.
        given: parameters that are not drawn, by name.
        seed: of the drawing.

    Raises:
        ParameterError: no notebook has one of the parameters.
    """
    papers = {}
    known: set[str] = set()
    generator = random.Random(seed)
    for stem, source in sources.items():
        names = parameters_of(source.whole)
        known |= set(names)
        drawn = _draw(source.whole.metadata.get(METADATA, {}).get("grading", {}), generator)
        parameters = drawn | {name: value for name, value in given.items() if name in names}
        papers[stem] = _paper(source, parameters)
    check_parameters(given, known)
    return papers


def _paper(source: Source, parameters: dict[str, Any]) -> Paper:
    cells = list(source.cells)
    for place, cell in enumerate(with_parameters(source.whole, parameters).cells):
        if INJECTED in cell.metadata.get("tags", []):
            injected = Cell(
                name=INJECTED, kind=GIVEN, code=True, source=cell.source, whole=cell.source
            )
            cells.insert(place, injected)
    return Paper(
        stem=source.stem,
        heading=title_of(source.whole, source.stem),
        cells=tuple(cells),
        places=tuple(cell.name for cell in source.cells),
        tasks=tuple(source.tasks),
        mistakes=source.mistakes,
        parameters=parameters,
    )


def _cell(number: int, cell: NotebookNode, shown: Mapping[str | None, str]) -> Cell:
    name = grade_id(cell)
    kind = ANSWER if is_answer(cell) else CHECK if is_check(cell) else GIVEN
    return Cell(
        name=name or cell.get("id") or f"cell-{number}",
        kind=kind,
        code=cell.cell_type == "code",
        source=shown[name] if name else cell.source,
        whole=cell.source,
        locked=bool(name) or PARAMETERS in cell.metadata.get("tags", []),
    )


def _draw(grading: Mapping[str, Any], generator: random.Random) -> dict[str, Any]:
    """Draw parameters from `ranges` (whole numbers, both ends included) and `choices`."""
    drawn: dict[str, Any] = {}
    for name, ends in sorted(grading.get("ranges", {}).items()):
        drawn[name] = generator.randint(*ends)
    for name, values in sorted(grading.get("choices", {}).items()):
        drawn[name] = generator.choice(values)
    return drawn
