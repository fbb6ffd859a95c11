"""Random draws of a sheet's parameters: each hand-in gets one of a few, so that copied numbers are of no use."""

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from sheet11.course.check import problems_of
from sheet11.course.engine.warm import wanted
from sheet11.course.errors import SolutionError
from sheet11.course.grading.execution import Expected
from sheet11.course.grading.reference import Reference, execute_reference
from sheet11.course.grading.sandboxes import Setup, runner, sandboxes_shared
from sheet11.course.grading.sheet_notebooks import (
    GIVEN,
    SheetNotebook,
    draw_parameters,
    read_sheet_notebooks,
)
from sheet11.course.key import circumstances
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.sheet import Sheet
from sheet11.course.text import digest_of

DRAWS = 4
IMPORTED = re.compile(r"^(?:from\s+([\w.]+)\s+)?import\s+([\w.]+)", re.MULTILINE)


class Draws:
    """The notebooks of a sheet, with parameters drawn several times from a seed.

    Args:
        sheet: the sheet to grade.
        given: parameters that are not drawn, by name.
        seed: seed of all draws.
        limits: limits of every cell and every notebook.
        isolated: False to execute without a sandbox.
        hidden: paths that no student's code may see.

    Raises:
        ParameterError: no notebook has one of the parameters.
        SheetError: the sheet has no tasks, or its file of common mistakes is invalid.
        SolutionError: the sheet cannot be graded; its arguments are the problems.
    """

    def __init__(
        self,
        sheet: Sheet,
        given: Mapping[str, Any],
        seed: int,
        limits: Limits,
        isolated: bool = True,
        hidden: Collection[Path] = (),
    ) -> None:
        if problems := problems_of(sheet):
            raise SolutionError(*problems)
        self.seed = seed
        notebooks = read_sheet_notebooks(sheet)
        self.drawn = [
            draw_parameters(notebooks, given, seed + (number << 32)) for number in range(DRAWS)
        ]
        if self.parameters(1) == self.parameters(0):
            self.drawn = self.drawn[:1]
        unseen = {sheet.beside("."), sheet.folder / (sheet.package or "."), *hidden}
        self.setup = Setup(
            package=tuple(sorted(sheet.students_package().items())),
            beside=tuple(sorted(sheet.files_beside().items())),
            modules=tuple(dict.fromkeys(_modules_of(notebooks.values()))),
            isolated=isolated,
            hidden=tuple(sorted(str(path.resolve()) for path in unseen)),
            limits=limits,
        )
        unchanged = [
            circumstances(notebook.whole, sheet, sheet.beside(""), notebook.mistakes)
            for notebook in notebooks.values()
        ]
        self._same = digest_of(repr([unchanged, self.setup._replace(hidden=())]))

    def parameters(self, number: int) -> dict[str, dict[str, Any]]:
        """Return the parameters of a draw, by notebook."""
        return {stem: notebook.parameters for stem, notebook in self.drawn[number].items()}

    def number_of(self, student: str, handed_in: str) -> int:
        """Return the number of a hand-in's draw, which changes with its answers: a second try reveals nothing."""
        return int(digest_of(f"{self.seed} {student} {handed_in}"), 16) % len(self.drawn)

    def key(self, number: int) -> str:
        """Return a digest of everything that a result depends on, except the hand-in."""
        return digest_of(f"{self._same} {self.parameters(number)}")


def _modules_of(notebooks: Iterable[SheetNotebook]) -> Iterator[str]:
    """Yield the modules that given cells import, to import them once for all students."""
    for notebook in notebooks:
        for cell in notebook.cells:
            if cell.kind == GIVEN:
                yield from (
                    ".".join(filter(None, names)) for names in IMPORTED.findall(cell.source)
                )
        yield from wanted(notebook.whole)


def check_sheet(
    sheet: Sheet, executor: Executor, given: Mapping[str, Any], limits: Limits, isolated: bool
) -> None:
    """Check that a sheet can be graded: its own notebooks must earn full points in the first draw.

    Raises:
        ParameterError, SheetError: as for `Draws`.
        SolutionError: it cannot; its arguments are the problems, each with what to do about it.
    """
    with sandboxes_shared():
        expected_of(Draws(sheet, given, 0, limits, isolated), [0], executor)


def expected_of(
    draws: Draws, numbers: Iterable[int], executor: Executor
) -> dict[int, dict[str, Expected]]:
    """Return the records of the sheet's own notebooks in some of the draws, by notebook.

    In the first of these draws they are also executed without hidden tests; in the others only if that makes a
    difference.

    Raises:
        SolutionError: they do not earn full points; its arguments are the problems.
    """
    numbers = sorted(numbers)
    expected: dict[int, dict[str, Expected]] = {number: {} for number in numbers}
    same: dict[str, bool] = {}  # by notebook
    problems: list[str] = []
    for some in (numbers[:1], numbers[1:]):
        pairs = [(number, notebook) for number in some for notebook in draws.drawn[number].values()]
        work = functools.partial(_execute_reference, draws.setup, same)
        references = executor.map(work, [notebook for _, notebook in pairs])
        for (number, notebook), reference in zip(pairs, references, strict=True):
            expected[number][notebook.stem] = reference.expected
            same[notebook.stem] = reference.same
            problems += reference.problems
        if problems:
            raise SolutionError(*dict.fromkeys(problems))
    return expected


def _execute_reference(
    setup: Setup, same: Mapping[str, bool], notebook: SheetNotebook
) -> Reference:
    with runner(setup) as run:
        return execute_reference(notebook, run, same.get(notebook.stem, False))
