"""The notebook to execute: the sheet's cells, a student's answers, and cells that the student has added."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from sheet11.course.grading.sheet_notebooks import ANSWER, OWN, Cell, SheetNotebook
from sheet11.course.submissions.submissions import HandedCell
from sheet11.course.tasks import Task

Sources = list[tuple[str, str]]  # names and sources of code cells, in order
Answers = tuple[str, ...]  # grade_ids of the answers of one or more checks
REPAIRED = " (repaired)"  # suffix of cells that are executed again with the sheet's answer
VALUES = " (values)"  # suffix of the cells that print where a hidden test failed
PRINT_VALUES = """
import ast, linecache, reprlib, sys, types
trace = getattr(sys, "last_traceback", None)
while trace and trace.tb_frame.f_code.co_name != "<module>":
    trace = trace.tb_next
if trace:
    text = "".join(linecache.getlines(trace.tb_frame.f_code.co_filename))
    for node in ast.parse(text).body:
        if node.lineno <= trace.tb_lineno <= node.end_lineno:
            print(ast.get_source_segment(text, node))
            for name in sorted({each.id for each in ast.walk(node) if isinstance(each, ast.Name)}):
                value = trace.tb_frame.f_globals.get(name)
                if value is not None and not callable(value) and not isinstance(value, types.ModuleType):
                    print(name, "=", reprlib.repr(value))
"""


class Restored(NamedTuple):
    """A student's notebook with the sheet's cells restored."""

    sheet_notebook: SheetNotebook
    cells: list[Cell]
    answers: dict[str, Cell]  # those in the notebook
    undone: list[Cell]  # changed locked cells, which are not executed

    def is_unanswered(self, task: Task) -> bool:
        """Return whether a check has answers and all of them are as handed out."""
        stubs = map(self.sheet_notebook.cell, task.answers)
        filled = [not has_same_content(self.answers.get(stub.name, stub), stub) for stub in stubs]
        return bool(filled) and not any(filled)


def restore(notebook: SheetNotebook, handed: Sequence[HandedCell]) -> Restored:
    """Put a student's answers and added cells into the sheet's notebook.

    An added cell stays after the cell of the sheet that it follows; so does a changed cell that was not locked.
    """
    answers: dict[str, Cell] = {}
    added: dict[str, list[Cell]] = defaultdict(list)
    undone: list[Cell] = []
    before = ""  # name of the sheet's last cell so far
    for number, each in enumerate(handed, start=1):
        own = Cell(f"{OWN}-{number}", OWN, each.cell_type == "code", each.source, each.images)
        if each.place is None:
            added[before].append(own)
            continue
        known = notebook.cells[each.place]
        before = known.name
        if known.kind == ANSWER:
            answers[before] = known._replace(source=own.source, images=own.images)
        elif known.code and not has_same_content(own, known):
            (undone if known.locked else added[before]).append(own)
    cells = added[""]
    for cell in notebook.cells:
        cells += [answers.get(cell.name, cell), *added[cell.name]]
    return Restored(notebook, cells, answers, undone)


def solved(notebook: SheetNotebook, instead: Mapping[str, str] = MappingProxyType({})) -> Restored:
    """Return the sheet's own notebook as if it had been handed in, with some answers replaced."""
    answers = {
        cell.name: cell._replace(source=instead.get(cell.name, cell.whole))
        for cell in notebook.cells
        if cell.kind == ANSWER
    }
    return Restored(
        notebook, [answers.get(cell.name, cell) for cell in notebook.cells], answers, []
    )


def version(
    restored: Restored,
    failed: Collection[Answers] = (),
    until: Collection[str] = (),
    hidden: bool = False,
) -> Sources:
    """Return the cells to execute: without options, those that the student would execute.

    After the checks of answers that have failed, their cells are executed again with the sheet's own answers, for all
    later cells to use.

    Args:
        restored: the student's notebook.
        failed: answers that have failed.
        until: the last of these checks is the last cell; if empty, all cells are executed.
        hidden: True to execute hidden tests.
    """
    repairs = dict(_repair_of(restored.sheet_notebook, answers) for answers in failed)
    sources: Sources = []
    last = None
    for cell in restored.cells:
        if not cell.code:
            continue
        hides = hidden and cell.hides
        sources.append((cell.name, cell.whole if hides else cell.source))
        if hides:
            sources.append((cell.name + VALUES, f"exec({PRINT_VALUES!r}, {{}})"))
        if cell.name in until:
            last = len(sources)
        for again in repairs.get(cell.name, ()):
            is_whole = again.kind == ANSWER or hidden
            sources.append((again.name + REPAIRED, again.whole if is_whole else again.source))
    return sources[:last]


def _repair_of(notebook: SheetNotebook, answers: Answers) -> tuple[str, list[Cell]]:
    """Return the name of the last check of these answers, and the sheet's code cells from the first answer to it."""
    checks = [task.name for task in notebook.checked if task.answers == answers]
    places = [notebook.place(name) for name in (*answers, *checks)]
    cells = notebook.cells[min(places) : max(places) + 1]
    return cells[-1].name, [cell for cell in cells if cell.code]


def has_same_content(cell: Cell, other: Cell) -> bool:
    """Return whether two cells have the same words and images."""
    return (cell.source.split(), cell.images) == (other.source.split(), other.images)
