"""Executing cells in sandboxes that serve one student after another, and finding out which cell ends a process."""

import contextlib
import functools
import itertools
import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from sheet11.course.errors import SolutionError
from sheet11.course.files import folder_of_this_process
from sheet11.course.grading.papers import OWN
from sheet11.course.grading.restore import Restored, Sources
from sheet11.course.sandbox.sandbox import Batch, Limits, Sandbox
from sheet11.course.submissions.outputs import harmless_outputs
from sheet11.course.text import beginning

Files = tuple[tuple[str, bytes], ...]  # by path

Run = Callable[[Sources, str | None], Batch]  # runs cells in a process of their own, until it ends

_waiting: dict["Place", list[Sandbox]] | None = None  # sandboxes for the next student


class Place(NamedTuple):
    """What there is in a sandbox, and how much of the machine."""

    package: Files  # what may be imported
    beside: Files  # what lies beside the notebooks
    modules: tuple[str, ...]  # imported once for all
    isolated: bool
    hidden: tuple[str, ...]
    limits: Limits


class Executed(NamedTuple):
    """An executed notebook."""

    outputs: Mapping[str, list[dict[str, Any]]]  # by cell
    succeeded: Collection[str]  # cells that raised nothing
    left_out: Mapping[str, str]  # answers and added cells that ended the process, and why


@contextlib.contextmanager
def runner(place: Place) -> Iterator[Run]:
    """Yield what runs cells: a sandbox, and the next one after a cell has met a limit or broken it.

    A sandbox serves the next student, too: importing everything anew takes as long as a notebook, and each execution is
    a fork of its own, of which nothing is left.
    """
    sandbox = None
    with contextlib.suppress(LookupError):  # none waits
        sandbox = (_waiting or {})[place].pop()

    def run(cells: Sources, instead_of_figures: str | None) -> Batch:
        nonlocal sandbox
        sandbox = sandbox or Sandbox(
            unpacked(place.package),
            place.modules,
            isolated=place.isolated,
            hidden=[Path(path) for path in place.hidden],
            beside=unpacked(place.beside) if place.beside else None,
        )
        batch = sandbox.run(cells, place.limits, instead_of_figures)
        if batch.ended:
            sandbox.close()
            sandbox = None
        return harmless_outputs(batch)

    try:
        yield run
    except BaseException:
        if sandbox:
            sandbox.close()
        raise
    if sandbox and _waiting is not None:
        _waiting.setdefault(place, []).append(sandbox)
    elif sandbox:
        sandbox.close()


@contextlib.contextmanager
def sandboxes_shared() -> Iterator[None]:
    """In this context, sandboxes serve several students of this process; then they are ended."""
    global _waiting
    _waiting = {}
    try:
        yield
    finally:
        waiting, _waiting = _waiting, None
        for sandbox in itertools.chain(*waiting.values()):
            sandbox.close()


def execute_version(
    run: Run,
    restored: Restored,
    version: Callable[[Collection[str]], Sources],
    instead_of_figures: str | None = None,
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> Executed:
    """Execute a version of a notebook, again and again without the cell that has ended the process.

    A process that died by no limit has a second chance, as something else may have killed it.

    Args:
        run: runs cells.
        restored: the student's notebook.
        version: cells without those that are left out.
        instead_of_figures: a text that is shown for every figure, which takes no drawing.
        left_out: cells that are known to end the process, and why.

    Raises:
        SolutionError: the process ends by no cell of the student.
    """
    known = set(left_out)
    left_out = dict(left_out)
    has_died = False
    while cells := version(left_out):
        batch = run(cells, instead_of_figures)
        reached = len(batch.outputs)
        if not batch.ended and reached == len(cells):
            executed = Executed(batch.outputs, batch.succeeded, left_out)
            return _acquitted(run, version, executed, known, instead_of_figures)
        if batch.ended or has_died:
            why = batch.ended or "died"
            blamed = _to_blame(restored, cells[: reached + 1], left_out)
            if blamed is None:
                begin = beginning(cells[: reached + 1][-1][1])
                raise SolutionError(
                    f"{restored.paper.stem}: its cell {begin!r} ends the process ({why})"
                )
            left_out[blamed] = why
        has_died = not batch.ended and not has_died
    return Executed({}, set(), left_out)


def _acquitted(
    run: Run,
    version: Callable[[Collection[str]], Sources],
    executed: Executed,
    known: Collection[str],
    instead_of_figures: str | None,
) -> Executed:
    """Execute again with each cell that was left out before the last one, and keep it if the notebook ends.

    A limit may be noticed only after the cell that exceeded it, and the cell that runs then is blamed first.
    """
    for name in [name for name in executed.left_out if name not in known][:-1]:
        left_out = {other: why for other, why in executed.left_out.items() if other != name}
        cells = version(left_out)
        batch = run(cells, instead_of_figures)
        if not batch.ended and len(batch.outputs) == len(cells):
            executed = Executed(batch.outputs, batch.succeeded, left_out)
    return executed


def binds(source: str, name: str) -> bool:
    """Tell whether a cell defines, assigns or imports a name."""
    patterns = rf"(def|class)\s+{name}\b|{name}\b[^=(\n]*=[^=]|(from.*)?import\b.*\b{name}\b"
    return re.search(rf"^\s*({patterns})", source, re.MULTILINE) is not None


def _to_blame(restored: Restored, cells: Sources, left_out: Collection[str]) -> str | None:
    """Return the student's cell that has ended the process in the last of some cells.

    That is the cell itself, else the last one before it that binds a name that it uses, else the last one before it.
    """
    of_student = restored.answered | {cell.name for cell in restored.cells if cell.kind == OWN}
    suspects = [cell for cell in cells if cell[0] in of_student and cell[0] not in left_out]
    used = set(re.findall(r"\w+", cells[-1][1]))
    binding = [each for each in suspects if any(binds(each[1], word) for word in used)]
    itself = [each for each in suspects if each == cells[-1]]
    return (itself or binding or suspects)[-1][0] if suspects else None


@functools.cache
def unpacked(files: Files) -> Path:
    """Return a folder with these files, until this process ends."""
    folder = Path(tempfile.mkdtemp(dir=folder_of_this_process()))
    for name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for path in (folder, *folder.rglob("*")):  # in a sandbox another user reads them
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder
