"""Executions in sandboxes that serve one student after another, and the search for a cell that ends the process."""

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
from sheet11.course.grading.restore import Restored, Sources
from sheet11.course.grading.sheet_notebooks import ANSWER, OWN
from sheet11.course.sandbox.sandbox import Batch, Limits, Sandbox
from sheet11.course.submissions.outputs import harmless_outputs
from sheet11.course.text import beginning

NO_FIGURE = "a figure"  # shown in place of a figure in the grader's executions

BINDING = re.compile(
    r"^[^\S\n]*(?:(?:def|class)\s+(?P<defined>\w+)|(?:from\b.*?)?\bimport\b(?P<imported>.*)"
    r"|(?P<assigned>\w+)\b[^=(\n]*=[^=])",
    re.MULTILINE,
)

Files = tuple[tuple[str, bytes], ...]  # by path

Run = Callable[[Sources, str | None], Batch]  # runs cells in a new process

# free sandboxes, by setup and by whether they are the grader's
_waiting: dict[tuple["Setup", bool], list[Sandbox]] | None = None


class Setup(NamedTuple):
    """Contents and limits of a sandbox."""

    package: Files  # to be imported
    beside: Files  # files beside the notebooks
    modules: tuple[str, ...]  # imported once for all
    isolated: bool
    hidden: tuple[str, ...]
    limits: Limits


class Executed(NamedTuple):
    """An executed notebook."""

    outputs: Mapping[str, list[dict[str, Any]]]  # by cell
    succeeded: Collection[str]  # cells that raised nothing
    left_out: Mapping[str, str]  # answers and added cells that ended the process, with the reason


@contextlib.contextmanager
def runner(setup: Setup) -> Iterator[Run]:
    """Yield a function that runs cells in a sandbox; a sandbox whose cells did not all finish is replaced.

    The sandbox is kept for the next student, because importing everything again takes as long as a notebook. Each
    execution is a separate fork that leaves nothing behind but counters: of processes, of files ever made. What has
    seen hidden tests or the sheet's own answers could tell something by these, so the grader's executions, those
    without figures, have sandboxes of their own.
    """
    own: dict[bool, Sandbox] = {}

    def run(cells: Sources, instead_of_figures: str | None) -> Batch:
        is_graders = instead_of_figures is not None
        free = (_waiting or {}).get((setup, is_graders))
        sandbox = (
            own.get(is_graders)
            or (free.pop() if free else None)
            or Sandbox(
                unpacked(setup.package),
                setup.modules,
                isolated=setup.isolated,
                hidden=[Path(path) for path in setup.hidden],
                beside=unpacked(setup.beside) if setup.beside else None,
            )
        )
        own[is_graders] = sandbox
        batch = sandbox.run(cells, setup.limits, instead_of_figures)
        if batch.ended or not sandbox.is_reusable:
            own.pop(is_graders).close()
        return harmless_outputs(batch)

    waiting = None
    try:
        yield run
        waiting = _waiting
    finally:
        for is_graders, sandbox in own.items():
            if waiting is None:
                sandbox.close()
            else:
                waiting.setdefault((setup, is_graders), []).append(sandbox)


@contextlib.contextmanager
def sandboxes_shared() -> Iterator[None]:
    """Keep sandboxes of this process for further students until the block ends."""
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
    for_grader: bool = False,
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> Executed:
    """Execute a version of a notebook; repeat it without each cell that ends the process.

    An answer that is left out is replaced by the blank cell, in the grader's executions by the sheet's own answer.

    Args:
        run: from `runner`.
        restored: the student's notebook.
        sources: from `version`.
        for_grader: True for the grader's executions, which draw no figures.
        left_out: cells that are known to end the process, with the reason.

    Raises:
        SolutionError: the process ends, and no cell of the student is to blame.
    """
    instead = {cell.name: "" for cell in restored.cells if cell.kind == OWN}
    for cell in restored.sheet_notebook.cells:
        if cell.kind == ANSWER:
            instead[cell.name] = cell.whole if for_grader else cell.source

    def attempt(left_out: Collection[str]) -> tuple[Sources, Batch, str | None]:
        cells = [(name, instead[name] if name in left_out else text) for name, text in sources]
        batch = run(cells, NO_FIGURE if for_grader else None)
        died = "died" if len(batch.outputs) < len(cells) else None
        return cells, batch, batch.ended or died

    known = len(left_out)
    left_out = dict(left_out)
    died_before = False
    while True:
        cells, batch, why = attempt(left_out)
        if not why:
            break
        if why == "died" and not died_before:  # something else may have killed it: try once more
            died_before = True
            continue
        died_before = False
        until = cells[: len(batch.outputs) + 1]
        blamed = _to_blame(until, instead)
        if blamed is None:
            where = f"{restored.sheet_notebook.stem}: its cell {beginning(until[-1][1])!r}"
            raise SolutionError(f"{where} ends the process ({why})")
        left_out[blamed] = why
    # a limit may be noticed late, while the next cell runs, which is then blamed first: acquit it if possible
    for name in [*left_out][known:-1]:
        fewer = {other: why for other, why in left_out.items() if other != name}
        _, again, why = attempt(fewer)
        if not why:
            batch, left_out = again, fewer
    return Executed(batch.outputs, batch.succeeded, left_out)


def binds(source: str, names: Collection[str]) -> bool:
    """Return whether a cell defines, assigns or imports one of these names."""
    bound = (match[match.lastgroup or 0] for match in BINDING.finditer(source))
    return not set(names).isdisjoint(re.findall(r"\w+", " ".join(bound)))


def _to_blame(cells: Sources, instead: Mapping[str, str]) -> str | None:
    """Return the student's cell to blame for the end of the process during the last of these cells.

    It is that cell itself, else the last cell before it that binds a name it uses, else the last cell before it.
    """
    suspects = [each for each in cells if instead.get(each[0], each[1]) != each[1]]
    if suspects and suspects[-1] != cells[-1]:
        used = set(re.findall(r"\w+", cells[-1][1]))
        suspects = [each for each in suspects if binds(each[1], used)] or suspects
    return suspects[-1][0] if suspects else None


@functools.cache
def unpacked(files: Files) -> Path:
    """Return a folder with these files, which is removed when this process ends."""
    folder = Path(tempfile.mkdtemp(dir=folder_of_this_process()))
    for name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for path in (folder, *folder.rglob("*")):  # readable for the sandbox's user
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder
