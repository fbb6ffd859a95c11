"""Find the sheet's cells in a student's notebook, and parts of answers outside their cells.

Cells are recognised by `grade_id` or, without nbgrader's metadata, by the editor's id, their text, or the names they
define. A cell's `number` is its index in the student's notebook, its `place` that in the sheet's.
"""

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from nbformat import NotebookNode

from sheet11.course.notebooks import PARAMETERS, has_tag
from sheet11.course.release import MEMBERS
from sheet11.course.submissions.reading import Cell
from sheet11.course.tasks import (
    Task,
    grade_id,
    is_answer,
    is_by_hand,
    is_check,
    tasks_of,
)
from sheet11.course.text import beginning

DEFINED = r"(?m)^(?:def|class)\s+(\w+)"
COMMENT = r"(?m)^[^\S\n]*#.*"


class BlankNotebook(NamedTuple):
    """A notebook as it was handed out."""

    cells: list[NotebookNode]
    names: dict[str | None, int]  # place of each cell, by grade_id
    answers: dict[str | None, NotebookNode]  # by grade_id
    tasks: list[Task]
    groups: list[int]  # number of each cell's group: from a heading to the last check below it


class Matched(NamedTuple):
    """A student's notebook with its cells matched to the sheet's; unanswered copies of answer cells are emptied."""

    cells: list[Cell]
    places: dict[int, int]  # place of each recognised cell, by number
    remarks: dict[str, str]  # by NOTEBOOK/TASK: why a person should look at it
    elsewhere: dict[str, list[int]]  # by NOTEBOOK/TASK: cells that may be part of its answer


def blank_of(stem: str, edition: NotebookNode) -> BlankNotebook:
    """Return the cells, tasks and groups of a notebook.

    Args:
        stem: stem of the notebook.
        edition: the notebook as it was handed out.

    Raises:
        SheetError: two cells have the same grade_id.
    """
    tasks = tasks_of(stem, edition)
    names = {grade_id(cell): place for place, cell in enumerate(edition.cells)}
    answers = {grade_id(cell): cell for cell in edition.cells if is_answer(cell)}
    groups: list[int] = []
    group = 0
    last = -1  # group of the last cell that has a task
    for cell in edition.cells:
        if group == last and (is_answer(cell) or cell.cell_type == "markdown"):
            group += 1
        groups.append(group)
        if is_check(cell) or is_by_hand(cell):
            last = group
    groups = [min(group, last) for group in groups]
    return BlankNotebook(edition.cells, names, answers, tasks, groups)


def match(cells: Sequence[Cell], blank: BlankNotebook) -> Matched:
    """Find the sheet's cells in a student's notebook, and other cells that may hold an answer.

    If there are several copies of an answer cell, the last one with an answer counts, as in nbgrader.
    """
    numbers = _places_of(cells, blank)
    matched = Matched(list(cells), {number: place for place, number in numbers.items()}, {}, {})
    for number, copy in enumerate(cells):
        wanted = blank.answers.get(copy.name)
        if wanted and number not in matched.places and not is_filled(copy, wanted):
            matched.cells[number] = copy._replace(
                source=""
            )  # executed later, it would undo the answer
    others = _others(matched, blank)
    for task in blank.tasks:
        remarks = []
        stubs = []
        for name in task.answers:
            place = blank.names[name]
            wanted = blank.answers[name]
            cell = cells[numbers[place]] if place in numbers else None
            named = (each for each in cells if each.name == name)
            copies = {_content(each) for each in named if is_filled(each, wanted)}
            if cell is None or not is_filled(cell, wanted):
                stubs.append(wanted)
            elif len(copies) > 1:
                remarks.append("copies of its cell hold different answers")
            elif wanted.cell_type == "code" != cell.cell_type:
                remarks.append(f"its cell has become a {cell.cell_type} cell")
            elif cell.name != name:
                remarks.append("its cell has lost its nbgrader metadata")
        here = blank.groups[blank.names[task.name]] if numbers else 0
        near = [
            number
            for number, group in others.items()
            if (group == here and (stubs or task.by_hand))
            or any(_could_be(cells[number], wanted) for wanted in stubs)
        ]
        if near:
            matched.elsewhere[task.column] = near
            if task.answers:
                begin = beginning(cells[near[0]].source)
                remarks.append(f"another cell may hold an answer: {begin!r}")
        if remarks:
            matched.remarks[task.column] = "; ".join(remarks)
    return matched


def is_filled(cell: Cell, wanted: NotebookNode) -> bool:
    """Return whether an answer cell holds more than it was handed out with; comments in code do not count."""
    comment = COMMENT if wanted.cell_type == "code" else ""
    text = re.sub(comment, "", cell.source).strip()
    return bool(cell.attachments or text and not _has_same_words(cell, wanted))


def _places_of(cells: Sequence[Cell], blank: BlankNotebook) -> dict[int, int]:
    """Return the index of each of the sheet's cells in the student's notebook, by its index in the sheet."""
    numbers: dict[int, int] = {}
    free = []
    for number, cell in enumerate(cells):
        place = blank.names.get(cell.name)
        if place is None:
            free.append(number)
        elif place not in numbers or is_filled(cell, blank.cells[place]):
            numbers[place] = number
    for is_same in (lambda cell, wanted: cell.id == wanted.get("id"), _has_same_words, _defines):
        for place, wanted in enumerate(blank.cells):
            same = (number for number in free if is_same(cells[number], wanted))
            if place not in numbers and (number := next(same, -1)) >= 0:
                numbers[place] = number
                free.remove(number)
    return numbers


def _has_same_words(cell: Cell, wanted: NotebookNode) -> bool:
    return _words(cell.source) == _words(wanted.source)


def _others(matched: Matched, blank: BlankNotebook) -> dict[int, int]:
    """Return the group of each cell, other than an answer cell, that may hold an answer, by number.

    These are added cells, further copies of answer cells, and changed given cells. Text above the sheet's first cell is
    left out, because it usually names the student.
    """
    known = {_words(cell.source) for cell in blank.cells}
    for number, place in matched.places.items():
        wanted = blank.cells[place]
        if is_answer(wanted) or has_tag(wanted, PARAMETERS):
            known.add(_content(matched.cells[number]))
    first = min(matched.places, default=0)
    others = {}
    group = 0
    for number, cell in enumerate(matched.cells):
        if number in matched.places:
            group = blank.groups[matched.places[number]]
        may_answer = (
            cell.attachments or re.search(r"\w", cell.source) and MEMBERS not in cell.source
        )
        is_header = cell.cell_type != "code" and number < first
        if may_answer and not is_header and _content(cell) not in known:
            others[number] = group
    return others


def _could_be(cell: Cell, wanted: NotebookNode) -> bool:
    """Return whether a cell could be an answer anywhere: any text, or code that defines the wanted names."""
    return _defines(cell, wanted) if wanted.cell_type == "code" else cell.cell_type != "code"


def _defines(cell: Cell, wanted: NotebookNode) -> bool:
    """Return whether a cell defines all names that a cell of the sheet defines."""
    names = set(re.findall(DEFINED, wanted.source))
    return bool(names) and names.issubset(re.findall(DEFINED, cell.source))


def _content(cell: Cell) -> str:
    return _words(f"{cell.source} {cell.attachments or ''}")


@functools.lru_cache(maxsize=4096)  # each cell is compared with many others
def _words(source: str) -> str:
    return " ".join(source.split())
