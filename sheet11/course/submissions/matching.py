"""Which cells of a student's notebook are the sheet's, and what of an answer stands outside of its cell.

Cells are known by `grade_id`; where the marks are lost, by the editor's id, by their text, or by what they define.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nbformat import NotebookNode

from sheet11.course.notebooks import PARAMETERS
from sheet11.course.release import MEMBERS
from sheet11.course.submissions.reading import Cell
from sheet11.course.tasks import Task, grade_id, is_answer, is_by_hand, is_check, tasks_of

DEFINED = re.compile(r"^(?:def|class)\s+(\w+)", re.MULTILINE)
LONGEST_QUOTED = 40  # characters of a cell in a remark


class Asked(NamedTuple):
    """A notebook as students got it."""

    cells: list[NotebookNode]
    names: dict[str, int]  # places of the marked cells, by grade_id
    tasks: list[Task]
    groups: list[int]  # of each cell: what is asked together, from its heading to its last check

    @property
    def answers(self) -> dict[str, int]:
        """Places of the answers, by grade_id."""
        return {name: place for name, place in self.names.items() if is_answer(self.cells[place])}

    @property
    def known(self) -> set[str]:
        """Names of the marked cells, and the editor's ids of them."""
        ids = (self.cells[place].get("id") for place in self.names.values())
        return {*self.names, *filter(None, ids)}


class Matched(NamedTuple):
    """A student's notebook whose cells are known; copies of an answer's cell without an answer are left out."""

    cells: list[Cell]
    places: list[int | None]  # of each cell in the sheet; None for one that the student has added
    remarks: dict[str, str]  # by name of the task: why a person should look at it
    elsewhere: dict[str, list[int]]  # by name of the task: cells that may be part of its answer


def asked_in(stem: str, edition: NotebookNode) -> Asked:
    """What a notebook, as students get it, asks for.

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
    names = {name: place for place, cell in enumerate(edition.cells) if (name := grade_id(cell))}
    return Asked(edition.cells, names, tasks_of(stem, edition), groups)


def match(cells: Sequence[Cell], asked: Asked) -> Matched:
    """Find the sheet's cells in a student's notebook, and what may be an answer outside of them.

    Of several copies of an answer's cell the last one with an answer counts, as in nbgrader.
    """
    cells, said = _without_empty_copies(cells, asked)
    places: list[int | None] = [None] * len(cells)
    for number, cell in enumerate(cells):
        place = asked.names.get(cell.name or "")
        if place is not None:
            if place in places:
                places[places.index(place)] = None
            places[number] = place
    for number, place in _without_marks(cells, places, asked):
        places[number] = place
        if is_answer(asked.cells[place]):
            said[place] = "the marks of its cell are lost"
    for number, place in enumerate(places):
        if place is not None and _is_retyped(cells[number], asked.cells[place]):
            said[place] = f"its cell has become a {cells[number].cell_type} cell"
    others = _others(cells, places, asked)
    remarks: dict[str, str] = {}
    elsewhere: dict[str, list[int]] = {}
    for task in asked.tasks:
        parts = [said[place] for place in _answers_of(task, asked) if place in said]
        if _is_below(task, places, asked):
            parts.append("its cell stands below its check")
        if near := _near(task, cells, places, others, asked):
            elsewhere[task.name] = near
            if task.answers:
                parts.append(
                    f"a cell that is not its own may hold an answer: {_begin(cells[near[0]])}"
                )
        if parts:
            remarks[task.name] = "; ".join(parts)
    return Matched(cells, places, remarks, elsewhere)


def is_filled(cell: Cell, wanted: NotebookNode) -> bool:
    """Tell whether a cell holds something that students did not get with it."""
    return (
        bool(cell.attachments)
        or bool(words := cell.source.split())
        and words != wanted.source.split()
    )


def _without_empty_copies(cells: Sequence[Cell], asked: Asked) -> tuple[list[Cell], dict[int, str]]:
    """The cells without those copies of an answer's cell that hold none, and what is to be said of the others."""
    copies: dict[int, list[Cell]] = {}
    for cell in cells:
        place = asked.names.get(cell.name or "")
        if place is not None and is_answer(asked.cells[place]):
            copies.setdefault(place, []).append(cell)
    left_out: list[Cell] = []
    said: dict[int, str] = {}
    for place, several in copies.items():
        filled = [cell for cell in several if is_filled(cell, asked.cells[place])]
        kept = filled or several[-1:]
        left_out += [cell for cell in several if not any(cell is other for other in kept)]
        if len({cell.source for cell in filled}) > 1:
            said[place] = f"{len(filled)} copies of its cell hold different answers"
    empty = set(map(id, left_out))
    return [cell for cell in cells if id(cell) not in empty], said


class Look(NamedTuple):
    """By what a cell without marks is known."""

    id: str | None  # the editor's
    text: str
    names: frozenset[str]  # that it defines
    is_answer: bool = False


def _without_marks(
    cells: Sequence[Cell], places: Sequence[int | None], asked: Asked
) -> Iterator[tuple[int, int]]:
    """The sheet's cells among those without marks, and their places."""
    free = {
        number: _look(cell.id, cell.source)
        for number, cell in enumerate(cells)
        if places[number] is None and cell.name not in asked.names
    }
    missing = {
        place: _look(cell.get("id"), cell.source, is_answer(cell))
        for place, cell in enumerate(asked.cells)
        if place not in places
    }
    for same in (_same_id, _same_text, _same_names, _same_beginning):
        for place, wanted in list(missing.items()):
            number = next((number for number, look in free.items() if same(look, wanted)), None)
            if number is not None:
                del free[number], missing[place]
                yield number, place


def _look(id: str | None, source: str, is_answer: bool = False) -> Look:
    return Look(id, " ".join(source.split()), frozenset(DEFINED.findall(source)), is_answer)


def _same_id(look: Look, wanted: Look) -> bool:
    return look.id is not None and look.id == wanted.id


def _same_text(look: Look, wanted: Look) -> bool:
    return look.text == wanted.text


def _same_names(look: Look, wanted: Look) -> bool:
    """Tell whether a cell defines all that an answer's cell asks for."""
    return wanted.is_answer and bool(wanted.names) and wanted.names <= look.names


def _same_beginning(look: Look, wanted: Look) -> bool:
    """Tell whether a cell begins as one that is given, and may go on."""
    return not wanted.is_answer and bool(wanted.text) and look.text.startswith(wanted.text)


def _is_retyped(cell: Cell, wanted: NotebookNode) -> bool:
    return is_answer(wanted) and wanted.cell_type == "code" != cell.cell_type


def _others(
    cells: Sequence[Cell], places: Sequence[int | None], asked: Asked
) -> list[tuple[int, int]]:
    """Cells that may hold an answer and are no answer's: their numbers, and the groups of tasks that they are next to.

    These are cells that the student has added, further copies of answers' cells, and given cells that were changed.
    """
    known = {tuple(cell.source.split()) for cell in asked.cells}
    known |= {
        tuple(cells[number].source.split())
        for number, place in enumerate(places)
        if place is not None and is_answer(asked.cells[place])
    }
    homes = sorted({_group(task, asked) for task in asked.tasks})
    found = []
    group = 0
    for number, (cell, place) in enumerate(zip(cells, places, strict=True)):
        of = asked.names.get(cell.name or "") if place is None else place
        group = group if of is None else asked.groups[of]
        words = tuple(cell.source.split())
        if words in known or MEMBERS in cell.source or not (words or cell.attachments):
            continue
        if place is None or PARAMETERS not in asked.cells[place].metadata.get("tags", []):
            home = max((each for each in homes if each <= group), default=min(homes, default=0))
            found.append((number, home))
    return found


def _near(
    task: Task,
    cells: Sequence[Cell],
    places: Sequence[int | None],
    others: Sequence[tuple[int, int]],
    asked: Asked,
) -> list[int]:
    """Those of the other cells that may be part of a task's answer."""
    if not (task.answers or task.by_hand):
        return []
    lost = all(place is None for place in places)
    near = [number for number, group in others if lost or group == _group(task, asked)]
    of = {place: number for number, place in enumerate(places) if place is not None}
    own = _answers_of(task, asked)
    if own and all(
        place in of and is_filled(cells[of[place]], asked.cells[place]) for place in own
    ):
        near = [
            number for number in near if task.by_hand and cells[number].cell_type == task.cell_type
        ]
    return near


def _is_below(task: Task, places: Sequence[int | None], asked: Asked) -> bool:
    """Tell whether an answer of a check stands below it."""
    check = asked.names[task.name]
    if task.by_hand or check not in places:
        return False
    own = [places.index(place) for place in _answers_of(task, asked) if place in places]
    return max(own, default=-1) > places.index(check)


def _answers_of(task: Task, asked: Asked) -> list[int]:
    return [asked.names[name] for name in task.answers]


def _group(task: Task, asked: Asked) -> int:
    return asked.groups[asked.names[task.name]]


def _begin(cell: Cell) -> str:
    """How a cell begins."""
    text = " ".join(cell.source.split())
    return repr(text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}…")
