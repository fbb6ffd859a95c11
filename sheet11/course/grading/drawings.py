"""Parameters are drawn a few times, and each hand-in gets one of the drawings, so that numbers cannot travel."""

import functools
import hashlib
import json
import platform
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.check import problems_of as problems_in_files
from sheet11.course.errors import SolutionError
from sheet11.course.grading.papers import Paper, draw_papers, read_sources
from sheet11.course.grading.reference import Reference, refer
from sheet11.course.grading.sandboxes import Place, modules_of, runner, sandboxes_shared
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.sheet import Sheet, kit_digest
from sheet11.course.text import visible

DRAWINGS = 4
RESULTS_DEPEND_ON = ("numpy", "torch", "ipython")  # and on Python

References = dict[str, Reference]  # by notebook


class Drawing(NamedTuple):
    """A sheet's notebooks with drawn parameters, and the place where they are executed."""

    papers: dict[str, Paper]
    place: Place

    @property
    def digest(self) -> str:
        """Digest of all that a result depends on, but for what is handed in."""
        programs = [platform.python_version(), *map(version, RESULTS_DEPEND_ON)]
        papers = [paper.digest for paper in self.papers.values()]
        place = hashlib.sha256(repr(self.place._replace(hidden=())).encode()).hexdigest()
        return hashlib.sha256(
            json.dumps([kit_digest(), programs, papers, place]).encode()
        ).hexdigest()


class Drawings:
    """The drawings that a seed stands for.

    Args:
        sheet: whose notebooks.
        given: parameters that are not drawn, by name.
        seed: of all drawings.
        limits: for every cell and every notebook.
        isolated: False executes without a sandbox.
        hidden: paths that no student's code may see.
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
        self.sheet, self.given, self.seed = sheet, given, seed
        self._of_number: dict[int, Drawing] = {}
        self.sources = read_sources(sheet)
        first = draw_papers(self.sources, given, seed)
        beside = {name: path.read_bytes() for name, path in sheet.files_beside().items()}
        unseen = {sheet.beside("."), sheet.folder / (sheet.package or "."), *hidden}
        self._place = Place(
            package=tuple(sorted(sheet.students_package().items())),
            beside=tuple(sorted(beside.items())),
            modules=modules_of(first.values()),
            isolated=isolated,
            hidden=tuple(sorted(str(path.resolve()) for path in unseen)),
            limits=limits,
        )
        self._of_number[0] = Drawing(first, self._place)
        self.number = DRAWINGS if _parameters(self[1]) != _parameters(self[0]) else 1

    def __getitem__(self, number: int) -> Drawing:
        if number not in self._of_number:
            papers = draw_papers(self.sources, self.given, self.seed + (number << 32))
            self._of_number[number] = Drawing(papers, self._place)
        return self._of_number[number]

    def number_of(self, student: str, handed_in: Any) -> int:
        """The drawing for a hand-in: another one for other answers, so that no number is of use twice."""
        identity = json.dumps([self.seed, student, handed_in], sort_keys=True)
        return int(hashlib.sha256(identity.encode()).hexdigest(), 16) % self.number

    def parameters(self, number: int) -> dict[str, dict[str, Any]]:
        """The parameters of a drawing, by notebook."""
        return _parameters(self[number])


def sound_references(
    drawings: Drawings, executor: Executor, numbers: Collection[int]
) -> dict[int, tuple[int, References]]:
    """The references for drawings; where the sheet's own notebooks fail with one, those for the next; and its number.

    Raises:
        SolutionError: they fail with all of them; its arguments are the problems.
    """
    found: dict[int, References] = {}

    def problems(number: int) -> list[str]:
        if number not in found:
            found[number] = references(drawings[number], executor)
        return problems_of(found[number])

    sound = {}
    for number in sorted(numbers):
        others = [*range(number, drawings.number), *range(number)]
        chosen = next((other for other in others if not problems(other)), None)
        if chosen is None:
            raise SolutionError(*problems(number))
        for other in others[: others.index(chosen)]:
            line = f"drawing {other} of the parameters is not used: {problems(other)[0]}"
            print(visible(line), flush=True)
        sound[number] = (chosen, found[chosen])
    return sound


def check_sheet(
    sheet: Sheet,
    executor: Executor,
    given: Mapping[str, Any],
    limits: Limits,
    isolated: bool = True,
) -> list[str]:
    """Return what keeps a sheet from being graded, one line each with what to do.

    Its own notebooks must earn all points with parameters from a first drawing.

    Raises:
        ParameterError: no notebook has one of the parameters.
        SheetError: its usual mistakes are unusable.
    """
    if problems := problems_in_files(sheet):
        return problems
    drawings = Drawings(sheet, given, 0, limits, isolated)
    with sandboxes_shared():
        return problems_of(references(drawings[0], executor))


def references(drawing: Drawing, executor: Executor) -> References:
    """Execute the sheet's own notebooks."""
    refer_here = functools.partial(_refer, drawing.place)
    return dict(zip(drawing.papers, executor.map(refer_here, drawing.papers.values()), strict=True))


def problems_of(found: References) -> list[str]:
    """Why the sheet's own notebooks do not earn all points."""
    return [problem for reference in found.values() for problem in reference.problems]


def _refer(place: Place, paper: Paper) -> Reference:
    with runner(place) as run:
        try:
            return refer(paper, run)
        except SolutionError as error:
            return Reference({}, [str(error)])


def _parameters(drawing: Drawing) -> dict[str, dict[str, Any]]:
    return {stem: paper.parameters for stem, paper in drawing.papers.items()}
