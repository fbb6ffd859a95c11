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
from sheet11.course.grading.papers import ANSWER, OWN
from sheet11.course.grading.restore import Restored, Sources
from sheet11.course.sandbox.sandbox import Batch, Limits, Sandbox
from sheet11.course.submissions.outputs import harmless_outputs
from sheet11.course.text import beginning

NO_FIGURE = "a figure"  # what our executions show in its place

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

    waiting = None
    try:
        yield run
        waiting = _waiting
    finally:
        if sandbox and waiting is not None:
            waiting.setdefault(place, []).append(sandbox)
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
    sources: Sources,
    ours: bool = False,
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> Executed:
    """Execute a version of a notebook, again and again without the cell that has ended the process.

    Answers that are left out are as they were handed out, and in our executions the sheet's own.

    Args:
        run: runs cells.
        restored: the student's notebook.
        sources: the version.
        ours: True if nobody else sees the execution; figures are not drawn.
        left_out: cells that are known to end the process, and why.

    Raises:
        SolutionError: the process ends by no cell of the student.
    """
    instead = {cell.name: "" for cell in restored.cells if cell.kind == OWN}
    for cell in restored.paper.cells:
        if cell.kind == ANSWER:
            instead[cell.name] = cell.whole if ours else cell.source

    def attempt(left_out: Collection[str]) -> tuple[Sources, Batch, str | None]:
        cells = [(name, instead[name] if name in left_out else text) for name, text in sources]
        batch = run(cells, NO_FIGURE if ours else None)
        died = "died" if len(batch.outputs) < len(cells) else None
        return cells, batch, batch.ended or died

    known = len(left_out)
    left_out = dict(left_out)
    died_before = False
    while True:
        cells, batch, why = attempt(left_out)
        if not why:
            break
        if why == "died" and not died_before:  # perhaps something else has killed it
            died_before = True
            continue
        died_before = False
        until = cells[: len(batch.outputs) + 1]
        blamed = _to_blame(until, instead)
        if blamed is None:
            said = f"{restored.paper.stem}: its cell {beginning(until[-1][1])!r}"
            raise SolutionError(f"{said} ends the process ({why})")
        left_out[blamed] = why
    # a limit may be noticed only after the cell that exceeded it, and the cell that runs then is blamed first
    for name in [*left_out][known:-1]:
        fewer = {other: why for other, why in left_out.items() if other != name}
        _, again, why = attempt(fewer)
        if not why:
            batch, left_out = again, fewer
    return Executed(batch.outputs, batch.succeeded, left_out)


def binds(source: str, name: str) -> bool:
    """Tell whether a cell defines, assigns or imports a name."""
    patterns = rf"(def|class)\s+{name}\b|{name}\b[^=(\n]*=[^=]|(from.*)?import\b.*\b{name}\b"
    return re.search(rf"^\s*({patterns})", source, re.MULTILINE) is not None


def _to_blame(cells: Sources, instead: Mapping[str, str]) -> str | None:
    """Return the student's cell that has ended the process in the last of some cells.

    That is the cell itself, else the last one before it that binds a name that it uses, else the last one before it.
    """
    suspects = [each for each in cells if instead.get(each[0], each[1]) != each[1]]
    if suspects and suspects[-1] != cells[-1]:
        used = "|".join(re.findall(r"\w+", cells[-1][1]))
        suspects = [each for each in suspects if binds(each[1], f"({used})")] or suspects
    return suspects[-1][0] if suspects else None


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
