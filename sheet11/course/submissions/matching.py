"""Find the sheet's cells in a student's notebook, and what of an answer stands outside of its cell.

Cells are known by `grade_id`; where the marks are lost, by the editor's id, by their text, or by what they define.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nbformat import NotebookNode

from sheet11.course.notebooks import PARAMETERS
from sheet11.course.release import MEMBERS
from sheet11.course.submissions.reading import Cell
from sheet11.course.tasks import (
    Task,
    cells_by_id,
    grade_id,
    is_answer,
    is_by_hand,
    is_check,
    tasks_of,
)

DEFINED = re.compile(r"^(?:def|class)\s+(\w+)", re.MULTILINE)
WORD = re.compile(r"\w")
LONGEST_QUOTED = 40  # characters of a cell in a remark


class Asked(NamedTuple):
    """A notebook as students got it."""

    cells: list[NotebookNode]
    names: dict[str, int]  # places of the marked cells, by grade_id
    answers: set[str]  # grade_ids
    tasks: list[Task]
    groups: list[int]  # of each cell: what is asked together, from its heading to its last check


class Matched(NamedTuple):
    """A student's notebook whose cells are known, without copies of answers' cells that hold no answer."""

    cells: list[Cell]
    places: dict[int, int]  # of the sheet's cells in the sheet, by number; others were added
    remarks: dict[str, str]  # by NOTEBOOK/TASK: why a person should look at it
    elsewhere: dict[str, list[int]]  # by NOTEBOOK/TASK: cells that may be part of its answer


class Look(NamedTuple):
    """By what a cell without marks is known."""

    id: str  # the editor's
    text: str
    names: frozenset[str]  # that it defines
    is_answer: bool


def asked_in(stem: str, edition: NotebookNode) -> Asked:
    """Return what a notebook asks for.

    Args:
        stem: of the notebook.
        edition: the notebook as students get it.

    Raises:
        SheetError: a marked cell has no grade_id, or that of another cell.
    """
    groups: list[int] = []
    group, closed = 0, False
    for cell in edition.cells:
        if closed and not is_check(cell) and (is_answer(cell) or cell.cell_type == "markdown"):
            group, closed = group + 1, False
        groups.append(group)
        closed = closed or is_check(cell) or is_by_hand(cell)
    marked = cells_by_id(stem, edition)
    return Asked(
        cells=edition.cells,
        names={
            name: number for number, cell in enumerate(edition.cells) if (name := grade_id(cell))
        },
        answers={name for name, cell in marked.items() if is_answer(cell)},
        tasks=tasks_of(stem, edition),
        groups=groups,
    )


def match(cells: Sequence[Cell], asked: Asked) -> Matched:
    """Find the sheet's cells in a student's notebook, and what may be an answer outside of them.

    Of several copies of an answer's cell the last one with an answer counts, as in nbgrader.
    """
    cells, said = _without_empty_copies(cells, asked)
    numbers = {
        asked.names[cell.name]: number
        for number, cell in enumerate(cells)
        if cell.name in asked.names
    }
    for place, number in _without_marks(cells, numbers, asked):
        numbers[place] = number
        if is_filled(cells[number], asked.cells[place]):
            said[place] = "the marks of its cell are lost"
    for place, number in numbers.items():
        cell = cells[number]
        if _is_retyped(cell, asked.cells[place]) and is_filled(cell, asked.cells[place]):
            said[place] = f"its cell has become a {cell.cell_type} cell"
    places = {number: place for place, number in numbers.items()}
    others = _others(cells, places, asked)
    matched = Matched(cells, places, {}, {})
    for task in asked.tasks:
        own = [asked.names[name] for name in task.answers]
        remarks = [said[place] for place in own if place in said]
        if near := _near(task, own, cells, numbers, others, asked):
            matched.elsewhere[task.column] = near
            if own:
                remarks.append(f"another cell may hold an answer: {_begin(cells[near[0]])}")
        if remarks:
            matched.remarks[task.column] = "; ".join(remarks)
    return matched


def is_filled(cell: Cell, wanted: NotebookNode) -> bool:
    """Tell whether an answer's cell holds something that students did not get with it; comments are no code."""
    if cell.attachments or cell.source.split() == wanted.source.split():
        return bool(cell.attachments)
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    return any(wanted.cell_type != "code" or not line.startswith("#") for line in lines)


def _without_empty_copies(cells: Sequence[Cell], asked: Asked) -> tuple[list[Cell], dict[int, str]]:
    """Return the cells without empty copies of answers that another copy holds, and remarks on copies, by place."""
    answers: dict[str, set[tuple[str, str]]] = defaultdict(set)
    kept = []
    for cell in cells:
        if cell.name in asked.answers and is_filled(cell, asked.cells[asked.names[cell.name]]):
            answers[cell.name].add(_content(cell))
    for cell in cells:
        if cell.name not in answers or _content(cell) in answers[cell.name]:
            kept.append(cell)
    several = {asked.names[name]: len(held) for name, held in answers.items() if len(held) > 1}
    return kept, {
        place: f"{number} copies of its cell hold different answers"
        for place, number in several.items()
    }


def _without_marks(
    cells: Sequence[Cell], numbers: Mapping[int, int], asked: Asked
) -> Iterator[tuple[int, int]]:
    """Yield places of the sheet's cells, and the numbers of cells without marks that are these."""
    free = {
        number: _look(cell.id, cell.source)
        for number, cell in enumerate(cells)
        if cell.name not in asked.names
    }
    missing = {
        place: _look(cell.get("id", ""), cell.source, is_answer(cell))
        for place, cell in enumerate(asked.cells)
        if place not in numbers
    }
    for same in (_same_id, _same_text, _same_names, _same_beginning):
        for place, wanted in list(missing.items()):
            number = next((number for number, look in free.items() if same(look, wanted)), None)
            if number is not None:
                del free[number], missing[place]
                yield place, number


def _look(id: str, source: str, is_answer: bool = False) -> Look:
    return Look(id, _words(source), frozenset(DEFINED.findall(source)), is_answer)


def _same_id(look: Look, wanted: Look) -> bool:
    return bool(look.id) and look.id == wanted.id


def _same_text(look: Look, wanted: Look) -> bool:
    return look.text == wanted.text


def _same_names(look: Look, wanted: Look) -> bool:
    """Tell whether a cell defines all that an answer's cell asks for."""
    return wanted.is_answer and bool(wanted.names) and wanted.names <= look.names


def _same_beginning(look: Look, wanted: Look) -> bool:
    """Tell whether a cell begins as one that is given, and goes on."""
    return not wanted.is_answer and bool(wanted.text) and look.text.startswith(wanted.text)


def _is_retyped(cell: Cell, wanted: NotebookNode) -> bool:
    return is_answer(wanted) and wanted.cell_type == "code" != cell.cell_type


def _others(
    cells: Sequence[Cell], places: Mapping[int, int], asked: Asked
) -> list[tuple[int, int]]:
    """Return numbers of cells that may hold an answer and are no answer's, and the groups of tasks beside them.

    These are cells that the student has added, further copies of answers' cells, and given cells that were changed.
    """
    own = {number for number, place in places.items() if is_answer(asked.cells[place])}
    known = {(_words(cell.source), "") for cell in asked.cells}
    known |= {_content(cells[number]) for number in own}
    homes = sorted({_group(task, asked) for task in asked.tasks}) or [0]
    found = []
    group = 0
    for number, cell in enumerate(cells):
        place = places[number] if number in places else asked.names.get(cell.name)
        if place is not None:
            group = asked.groups[place]
        if number not in own and _may_answer(cell) and _content(cell) not in known:
            home = max((each for each in homes if each <= group), default=homes[0])
            if number not in places or not _has_parameters(asked.cells[places[number]]):
                found.append((number, home))
    return found


def _near(
    task: Task,
    own: Sequence[int],
    cells: Sequence[Cell],
    numbers: Mapping[int, int],
    others: Sequence[tuple[int, int]],
    asked: Asked,
) -> list[int]:
    """Return those of the other cells that may be part of a task's answer."""
    if not (own or task.by_hand):
        return []
    beside = [number for number, group in others if not numbers or group == _group(task, asked)]
    if not own:
        return beside
    header = min(numbers.values(), default=-1)  # what stands above the sheet's first cell
    below = [number for number, _ in others if number > header]
    empty = [
        asked.cells[place]
        for place in own
        if place not in numbers or not is_filled(cells[numbers[place]], asked.cells[place])
    ]
    for wanted in empty:
        beside += [number for number in below if _could_be(cells[number], wanted)]
    if empty:
        return sorted(set(beside))
    same = [number for number in beside if cells[number].cell_type == task.cell_type]
    return [number for number in same if task.by_hand and number in below]


def _could_be(cell: Cell, wanted: NotebookNode) -> bool:
    """Tell whether a cell could be an answer wherever it stands: any text, or code that defines what is asked for."""
    if wanted.cell_type != "code":
        return cell.cell_type != "code"
    return _same_names(_look(cell.id, cell.source), _look("", wanted.source, is_answer=True))


def _may_answer(cell: Cell) -> bool:
    """Tell whether a cell holds anything but the members of a group."""
    if MEMBERS in cell.source:
        return False
    return bool(cell.attachments or WORD.search(cell.source))


def _has_parameters(cell: NotebookNode) -> bool:
    return PARAMETERS in cell.metadata.get("tags", [])


def _group(task: Task, asked: Asked) -> int:
    return asked.groups[asked.names[task.name]]


def _content(cell: Cell) -> tuple[str, str]:
    return _words(cell.source), str(cell.attachments or "")


def _words(source: str) -> str:
    return " ".join(source.split())


def _begin(cell: Cell) -> str:
    """Return the beginning of a cell, quoted."""
    text = _words(cell.source)
    return repr(text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}…")
