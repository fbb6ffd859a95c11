"""Find the sheet's cells in a student's notebook, and what of an answer stands outside of its cell.

Cells are known by `grade_id`; where the marks are lost, by the editor's id, by their text, or by what they define.
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
COMMENT = r"(?m)^\s*#.*"


class Asked(NamedTuple):
    """A notebook as students got it."""

    cells: list[NotebookNode]
    names: dict[str | None, int]  # places of the cells, by grade_id
    answers: dict[str | None, NotebookNode]  # by grade_id
    tasks: list[Task]
    groups: list[int]  # of each cell: what is asked together, from its heading to its last check


class Matched(NamedTuple):
    """A student's notebook whose cells are known; copies of answers' cells that hold no answer are emptied."""

    cells: list[Cell]
    places: dict[int, int]  # of the sheet's cells in the sheet, by number; others were added
    remarks: dict[str, str]  # by NOTEBOOK/TASK: why a person should look at it
    elsewhere: dict[str, list[int]]  # by NOTEBOOK/TASK: cells that may be part of its answer


def asked_in(stem: str, edition: NotebookNode) -> Asked:
    """Return what a notebook asks for.

    Args:
        stem: of the notebook.
        edition: the notebook as students get it.

    Raises:
        SheetError: two cells have one grade_id.
    """
    tasks = tasks_of(stem, edition)
    names = {grade_id(cell): place for place, cell in enumerate(edition.cells)}
    answers = {grade_id(cell): cell for cell in edition.cells if is_answer(cell)}
    groups: list[int] = []
    group = 0
    last = -1  # of the last cell that has a task
    for cell in edition.cells:
        if group == last and (is_answer(cell) or cell.cell_type == "markdown"):
            group += 1
        groups.append(group)
        if is_check(cell) or is_by_hand(cell):
            last = group
    groups = [min(group, last) for group in groups]
    return Asked(edition.cells, names, answers, tasks, groups)


def match(cells: Sequence[Cell], asked: Asked) -> Matched:
    """Find the sheet's cells in a student's notebook, and what may be an answer outside of them.

    Of several copies of an answer's cell the last one with an answer counts, as in nbgrader.
    """
    numbers = _places_of(cells, asked)
    matched = Matched(list(cells), {number: place for place, number in numbers.items()}, {}, {})
    for number, copy in enumerate(cells):
        wanted = asked.answers.get(copy.name)
        if wanted and number not in matched.places and not is_filled(copy, wanted):
            matched.cells[number] = copy._replace(source="")  # it would undo the answer
    others = _others(matched, asked)
    for task in asked.tasks:
        remarks = []
        stubs = []
        for name in task.answers:
            place = asked.names[name]
            wanted = asked.answers[name]
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
                remarks.append("the marks of its cell are lost")
        here = asked.groups[asked.names[task.name]] if numbers else 0
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
    """Tell whether an answer's cell holds something that students did not get with it; comments are no code."""
    comment = COMMENT if wanted.cell_type == "code" else ""
    text = re.sub(comment, "", cell.source).strip()
    return bool(cell.attachments or text and not _has_same_words(cell, wanted))


def _places_of(cells: Sequence[Cell], asked: Asked) -> dict[int, int]:
    """Return the numbers of the cells that are the sheet's, by place: of copies, the last that is filled."""
    numbers: dict[int, int] = {}
    free = []
    for number, cell in enumerate(cells):
        place = asked.names.get(cell.name)
        if place is None:
            free.append(number)
        elif place not in numbers or is_filled(cell, asked.cells[place]):
            numbers[place] = number
    for is_same in (lambda cell, wanted: cell.id == wanted.get("id"), _has_same_words, _defines):
        for place, wanted in enumerate(asked.cells):
            same = (number for number in free if is_same(cells[number], wanted))
            if place not in numbers and (number := next(same, -1)) >= 0:
                numbers[place] = number
                free.remove(number)
    return numbers


def _has_same_words(cell: Cell, wanted: NotebookNode) -> bool:
    return _words(cell.source) == _words(wanted.source)


def _others(matched: Matched, asked: Asked) -> dict[int, int]:
    """Return the numbers of cells that may hold an answer and are no answer's, and the group that they stand in.

    These are cells that the student has added, further copies of answers' cells, and given cells that were changed.
    Texts above the sheet's first cell are about the student.
    """
    known = {_words(cell.source) for cell in asked.cells}
    for number, place in matched.places.items():
        wanted = asked.cells[place]
        if is_answer(wanted) or has_tag(wanted, PARAMETERS):
            known.add(_content(matched.cells[number]))
    first = min(matched.places, default=0)
    others = {}
    group = 0
    for number, cell in enumerate(matched.cells):
        if number in matched.places:
            group = asked.groups[matched.places[number]]
        may_answer = (
            cell.attachments or re.search(r"\w", cell.source) and MEMBERS not in cell.source
        )
        is_header = cell.cell_type != "code" and number < first
        if may_answer and not is_header and _content(cell) not in known:
            others[number] = group
    return others


def _could_be(cell: Cell, wanted: NotebookNode) -> bool:
    """Tell whether a cell could be an answer wherever it stands: any text, or code that defines what is asked for."""
    return _defines(cell, wanted) if wanted.cell_type == "code" else cell.cell_type != "code"


def _defines(cell: Cell, wanted: NotebookNode) -> bool:
    """Tell whether a cell defines all that a cell of the sheet does."""
    names = set(re.findall(DEFINED, wanted.source))
    return bool(names) and names.issubset(re.findall(DEFINED, cell.source))


def _content(cell: Cell) -> str:
    return _words(f"{cell.source} {cell.attachments or ''}")


@functools.lru_cache(maxsize=4096)  # a cell is compared with many
def _words(source: str) -> str:
    return " ".join(source.split())
