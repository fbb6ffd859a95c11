"""Parameters are drawn a few times, and each hand-in gets one of the drawings, so that numbers cannot travel."""

import functools
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from sheet11.course.check import problems_of
from sheet11.course.errors import SolutionError
from sheet11.course.grading.papers import Paper, draw_papers, read_sources
from sheet11.course.grading.reference import Reference, refer
from sheet11.course.grading.sandboxes import Place, modules_of, runner, sandboxes_shared
from sheet11.course.key import circumstances, key_of
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.sheet import Sheet
from sheet11.course.text import digest_of, visible

DRAWINGS = 4

References = dict[str, Reference]  # by notebook


class Drawings:
    """The notebooks of a sheet with the parameters that a seed stands for.

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
        self.sources = read_sources(sheet)
        self._drawn: dict[int, dict[str, Paper]] = {}
        beside = {name: path.read_bytes() for name, path in sheet.files_beside().items()}
        unseen = {sheet.beside("."), sheet.folder / (sheet.package or "."), *hidden}
        self.place = Place(
            package=tuple(sorted(sheet.students_package().items())),
            beside=tuple(sorted(beside.items())),
            modules=modules_of(self[0].values()),
            isolated=isolated,
            hidden=tuple(sorted(str(path.resolve()) for path in unseen)),
            limits=limits,
        )
        self.number = DRAWINGS if self.parameters(1) != self.parameters(0) else 1

    def __getitem__(self, number: int) -> dict[str, Paper]:
        if number not in self._drawn:
            seed = self.seed + (number << 32)
            self._drawn[number] = draw_papers(self.sources, self.given, seed)
        return self._drawn[number]

    def parameters(self, number: int) -> dict[str, dict[str, Any]]:
        """The parameters of a drawing, by notebook."""
        return {stem: paper.parameters for stem, paper in self[number].items()}

    def number_of(self, student: str, handed_in: str) -> int:
        """The drawing for a hand-in: another one for other answers, so that no number is of use twice."""
        return int(digest_of(f"{self.seed} {student} {handed_in}"), 16) % self.number

    def key(self, number: int) -> str:
        """Digest of all that a result depends on, but for what is handed in."""
        place, folder = self.place._replace(hidden=()), self.sheet.beside("")
        keys = [
            key_of(circumstances(source.whole, self.sheet, folder, source.mistakes), parameters)
            for source, parameters in zip(
                self.sources.values(), self.parameters(number).values(), strict=True
            )
        ]
        return digest_of(repr([keys, place]))


def check_sheet(
    sheet: Sheet, executor: Executor, given: Mapping[str, Any], limits: Limits, isolated: bool
) -> list[str]:
    """Return what keeps a sheet from being graded, one line each with what to do.

    Its own notebooks must earn all points with parameters from a first drawing.

    Raises:
        ParameterError: no notebook has one of the parameters.
        SheetError: its usual mistakes are unusable.
    """
    if problems := problems_of(sheet):
        return problems
    drawings = Drawings(sheet, given, 0, limits, isolated)
    with sandboxes_shared():
        return _problems(dict(_begin(drawings, 0, executor)))


def sound_references(
    drawings: Drawings, executor: Executor, numbers: Collection[int]
) -> dict[int, tuple[int, References]]:
    """The references for drawings; where the sheet's own notebooks fail with one, those for the next; and its number.

    Raises:
        SolutionError: they fail with all of them; its arguments are the problems.
    """
    begun = {number: _begin(drawings, number, executor) for number in numbers}  # all at once
    found = functools.cache(
        lambda number: dict(begun.get(number) or _begin(drawings, number, executor))
    )
    sound = {}
    for number in sorted(numbers):
        for other in [*range(number, drawings.number), *range(number)]:
            problems = _problems(found(other))
            if not problems:
                sound[number] = (other, found(other))
                break
            line = f"drawing {other} of the parameters is not used: {problems[0]}"
            print(visible(line), flush=True)
        else:
            raise SolutionError(*_problems(found(number)))
    return sound


def _begin(drawings: Drawings, number: int, executor: Executor) -> Iterator[tuple[str, Reference]]:
    """Begin to execute the sheet's own notebooks; the references, by notebook, as they are wanted."""
    papers = drawings[number]
    found = executor.map(functools.partial(_refer, drawings.place), papers.values())
    return zip(papers, found, strict=True)


def _refer(place: Place, paper: Paper) -> Reference:
    with runner(place) as run:
        try:
            return refer(paper, run)
        except SolutionError as error:
            return Reference({}, [str(error)])


def _problems(found: References) -> list[str]:
    return [problem for reference in found.values() for problem in reference.problems]
