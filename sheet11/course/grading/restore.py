"""The notebook that is executed: the sheet's cells, a student's answers, and cells that the student has added."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from sheet11.course.grading.papers import ANSWER, CHECK, OWN, Cell, Paper
from sheet11.course.submissions.submissions import HandedCell
from sheet11.course.tasks import Task

Sources = list[tuple[str, str]]  # names and sources of code cells, in order
Answers = tuple[str, ...]  # names of the answers that checks in a row are about
REPAIRED = " (repaired)"  # ends the names of cells that are executed again with the sheet's answer


class Restored(NamedTuple):
    """A student's notebook with the sheet's cells as they were."""

    paper: Paper
    cells: list[Cell]
    answers: dict[str, Cell]  # those that are there
    undone: list[Cell]  # changes of locked cells, which are not executed

    @property
    def answered(self) -> set[str]:
        """Names of answers that differ from the stub."""
        return {
            name for name, cell in self.answers.items() if not same(cell, self.paper.cell(name))
        }

    def is_unanswered(self, task: Task) -> bool:
        """Tell whether a check has answers, and all are as they were handed out."""
        return bool(task.answers) and self.answered.isdisjoint(task.answers)


def restore(paper: Paper, handed: Sequence[HandedCell]) -> Restored:
    """Set a student's answers and added cells into the sheet's notebook.

    An added cell stays behind the cell of the sheet that it follows; so does a change of a cell that was not locked.
    """
    answers: dict[str, Cell] = {}
    added: dict[str, list[Cell]] = defaultdict(list)
    undone: list[Cell] = []
    before = ""  # the sheet's cell that was last
    for number, each in enumerate(handed, start=1):
        own = Cell(f"{OWN}-{number}", OWN, each.cell_type == "code", each.source, each.images)
        if each.place is None:
            added[before].append(own)
            continue
        known = paper.cells[each.place]
        before = known.name
        if known.kind == ANSWER:
            answers[before] = known._replace(source=own.source, images=own.images)
        elif known.code and not same(own, known):
            (undone if known.locked else added[before]).append(own)
    cells = added[""]
    for cell in paper.cells:
        cells += [answers.get(cell.name, cell), *added[cell.name]]
    return Restored(paper, cells, answers, undone)


def solved(paper: Paper, instead: Mapping[str, str] = MappingProxyType({})) -> Restored:
    """Return the sheet's own notebook, as if it had been handed in, with other answers instead of some."""
    handed = []
    for place, cell in enumerate(paper.cells):
        source = instead.get(cell.name, cell.whole)
        handed.append(HandedCell(cell.name, place, "code" if cell.code else "markdown", source, ""))
    return restore(paper, handed)


def students_version(restored: Restored, left_out: Collection[str] = ()) -> Sources:
    """Return what the student would execute; answers that are left out are as they were handed out."""
    stubs = {cell.name: cell.source for cell in restored.paper.cells}
    return _sources(restored.cells, {name: stubs.get(name) for name in left_out})


def our_version(
    restored: Restored,
    until: Collection[str],
    failed: Collection[Answers],
    hidden: bool,
    left_out: Collection[str] = (),
) -> Sources:
    """Return what is executed for the grader alone.

    Behind the checks of answers that have failed, these cells are executed again with the sheet's own answers, which
    is what all later cells use.

    Args:
        restored: the student's notebook.
        until: checks after which nothing is executed.
        failed: answers that have failed.
        hidden: True if the checks have their hidden tests.
        left_out: answers that the sheet's own replace from the start, and added cells that are not executed.
    """
    cells = restored.paper.cells
    whole = {cell.name: cell.whole for cell in cells if hidden and cell.kind == CHECK}
    solutions = {cell.name: cell.whole for cell in cells if cell.kind == ANSWER}
    repairs = dict(_repair_of(restored.paper, answers) for answers in failed)
    sources: Sources = []
    for cell in restored.cells:
        sources += _sources([cell], whole | {name: solutions.get(name) for name in left_out})
        repair = _sources(repairs.get(cell.name, ()), whole | solutions)
        sources += [(name + REPAIRED, source) for name, source in repair]
    last = max(place for place, (name, _) in enumerate(sources) if name in until)
    return sources[: last + 1]


def _sources(cells: Iterable[Cell], instead: Mapping[str, str | None]) -> Sources:
    """Return names and sources of cells in code, or what stands in their place; None leaves a cell out."""
    found = [(cell.name, instead.get(cell.name, cell.source)) for cell in cells if cell.code]
    return [(name, source) for name, source in found if source is not None]


def _repair_of(paper: Paper, answers: Answers) -> tuple[str, Sequence[Cell]]:
    """Return the name of the last check of some answers, and the sheet's cells from the first of them to that one."""
    checks = [task.name for task in paper.checked if task.answers == answers]
    places = [paper.place(name) for name in (*answers, *checks)]
    cells = paper.cells[min(places) : max(places) + 1]
    return cells[-1].name, cells


def same(cell: Cell, other: Cell) -> bool:
    """Tell whether cells have the same words and images."""
    return (cell.source.split(), cell.images) == (other.source.split(), other.images)
