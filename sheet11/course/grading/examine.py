"""One student's answers, each run with its check in a process of its own, in a sandbox, here or on another machine."""

import ast
import contextlib
import functools
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sheet11.course.engine.warm import ON_DEMAND
from sheet11.course.errors import FolderError, SolutionError
from sheet11.course.files import folder_of_this_process
from sheet11.course.grading.exercises import Exercise, marks
from sheet11.course.notebooks import syntax
from sheet11.course.sandbox.sandbox import Batch, Limits, Sandbox, SandboxError
from sheet11.course.submissions.outputs import harmless_outputs

Cells = list[tuple[str, str]]  # id and source

Place = tuple[Any, ...]  # what is in a sandbox, and what is hidden from it

_waiting: dict[Place, list[Sandbox]] | None = None  # sandboxes for the next student


class Paper(NamedTuple):
    """The code of a notebook as students get it, with parameters."""

    notebook: str
    cells: Cells
    given: Cells  # those before the first answer
    tasks: list[tuple[str, str, str]]  # ids of answer and check, and the hidden tests after it


class Examination(NamedTuple):
    """One student's answers with all that is needed to run them."""

    name: str
    key: str
    answers: dict[str, dict[str, str]]  # by notebook and id
    papers: dict[str, Paper]  # by notebook
    package: tuple[tuple[str, bytes], ...]  # what may be imported: files by path
    limits: Limits
    isolated: bool
    hidden: tuple[str, ...]
    unread: str | None = None  # why there are no answers although there may be some


class Findings(NamedTuple):
    """What came of an examination; None where the answer broke the sandbox."""

    tasks: dict[str, dict[str, Batch | None]]  # by notebook and answer
    whole: dict[str, Batch | None]  # the notebook from top to bottom
    seconds: float
    failed: dict[
        str, str
    ] = {}  # what could not be examined, by NOTEBOOK/ANSWER, and why; that is no answer's doing


class Run(Protocol):
    """Runs cells in a process of their own; None if that broke the sandbox."""

    def __call__(self, cells: Cells, go_on: bool = False) -> Batch | None:
        """Run cells up to the first that fails, or all."""


def paper_of(stem: str, exercise: Exercise) -> Paper:
    """What is run of a notebook."""
    code = [cell for cell in exercise.notebook.cells if cell.cell_type == "code"]
    cells = [(cell.id, cell.source) for cell in code]
    first = next(
        (number for number, cell in enumerate(code) if marks(cell).get("solution")), len(code)
    )
    tasks = [(task.name, task.check, task.hidden) for task in exercise.tasks if task.check]
    return Paper(stem, cells, cells[:first], tasks)


def examine(examination: Examination) -> Findings:
    """Run a student's answers, each with its check, and then the notebooks as a whole.

    Raises:
        NotInstalledError: no sandbox can be made here.
        FolderError: what was handed in could not be read.
    """
    if examination.unread:
        raise FolderError(examination.unread)
    start = time.perf_counter()
    tasks: dict[str, dict[str, Batch | None]] = {}
    whole: dict[str, Batch | None] = {}
    failed: dict[str, str] = {}
    with runner(examination) as run:
        for stem, answers in examination.answers.items():
            paper = examination.papers[stem]
            stubs = dict(paper.cells)
            changed = {
                name
                for name in stubs.keys() & answers.keys()
                if answers[name].split() != stubs[name].split()
            }
            tasks[stem] = {}
            for answer, check, hidden in paper.tasks:
                if answer in changed:
                    try:
                        batch = run_task(run, paper, answer, check, hidden, answers[answer])
                    except SolutionError as error:
                        failed[f"{stem}/{answer}"] = str(error)
                        continue
                    tasks[stem][answer] = batch
                    if (
                        batch is None
                        or batch.ended
                        or check not in batch.outputs
                        and answer not in batch.outputs
                    ):
                        changed.remove(answer)  # it would do the same again
            if changed:
                own = [
                    (name, answers[name] if name in changed else source)
                    for name, source in paper.cells
                ]
                whole[stem] = run(own, go_on=True)
    return Findings(tasks, whole, time.perf_counter() - start, failed)


@contextlib.contextmanager
def runner(examination: Examination) -> Iterator[Run]:
    """What runs cells: one sandbox, or the next one where an answer broke it.

    A sandbox in which nothing has broken, no limit either, serves the next student: importing everything anew takes as
    long as an examination, and each batch runs in a fork of its own, of which nothing is left, either way.
    """
    hidden, imports = [Path(path) for path in examination.hidden], _imports(examination)
    place = (examination.package, examination.isolated, examination.hidden, tuple(imports))
    sandbox, sound = _take(place), True

    def run(cells: Cells, go_on: bool = False) -> Batch | None:
        nonlocal sandbox, sound
        if sandbox is None:
            sandbox = Sandbox(_unpack(examination.package), imports, examination.isolated, hidden)
        try:
            batch = harmless_outputs(sandbox.run(cells, examination.limits, go_on))
        except SandboxError:
            sandbox = None
            return None
        sound = sound and not batch.ended
        return batch

    try:
        yield run
    except BaseException:
        sound = False
        raise
    finally:
        if sandbox and sound and _waiting is not None:
            _waiting.setdefault(place, []).append(sandbox)
        elif sandbox:
            sandbox.close()


@contextlib.contextmanager
def sandboxes_shared() -> Iterator[None]:
    """In here, examinations in this process have sandboxes one after another, which are ended at last."""
    global _waiting
    _waiting = {}
    try:
        yield
    finally:
        waiting, _waiting = _waiting, None
        for sandbox in itertools.chain(*waiting.values()):
            sandbox.close()


def _take(place: Place) -> Sandbox | None:
    """A sandbox that waits, if there is one; another thread may be faster."""
    try:
        return (_waiting or {})[place].pop()
    except LookupError:
        return None


def run_task(
    run: Run, paper: Paper, answer: str, check: str, hidden: str, source: str
) -> Batch | None:
    """Run an answer and its check after the cells that are given, and then the hidden tests.

    What the check records has left the process before the hidden tests enter it, as the cell `hidden_name(check)`. An
    answer could read them then, and nobody is shown what they show. If the process died and nobody knows why,
    all runs once more.

    Raises:
        SolutionError: it goes wrong without the answer, too: a given cell fails, or the check lacks what it imports.
    """
    its_check = dict(paper.cells)[check]
    after = [(hidden_name(check), hidden)] if hidden else []
    cells = [*paper.given, (answer, source), (check, its_check), *after]
    batch = run(cells)
    died = batch is None or _has_died(batch, cells)
    if died or batch and _has_import_error(batch, check):
        imports = [
            node for node in syntax(its_check).body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        alone = [*paper.given, (check, ast.unparse(ast.Module(list(imports), [])))]
        _must_succeed(run(alone), paper, alone)
    if died:
        batch = run(cells)
    if batch is not None:
        _must_succeed(batch, paper, paper.given)
    return batch


def hidden_name(check: str) -> str:
    """The cell of a check's hidden tests."""
    return f"{check} (hidden)"


def failure_of(batch: Batch) -> str:
    """The error that a batch has met, in one line, or the limit that ended it."""
    for many in batch.outputs.values():
        for output in many:
            if output["output_type"] == "error":
                return f"{output['ename']}: {' '.join(output['evalue'].split())}"
    return f"limit of {batch.ended}" if batch.ended else "the process ended"


def _must_succeed(batch: Batch | None, paper: Paper, given: Cells) -> None:
    if batch is None:
        raise SolutionError(f"the process that runs {paper.notebook} ends without any answer in it")
    for name, _ in given:
        if name not in batch.succeeded:
            raise SolutionError(
                f"the given cell {name!r} of {paper.notebook} fails: {failure_of(batch)}"
            )


def _has_died(batch: Batch, cells: Cells) -> bool:
    """Whether the process ended, by no limit, before all cells had run or one had raised an error."""
    errors = (
        output
        for many in batch.outputs.values()
        for output in many
        if output["output_type"] == "error"
    )
    return not batch.ended and len(batch.succeeded) < len(cells) and not any(errors)


def _has_import_error(batch: Batch, cell: str) -> bool:
    kinds = {output.get("ename") for output in batch.outputs.get(cell, [])}
    return bool(kinds & {"ImportError", "ModuleNotFoundError"})


def _imports(examination: Examination) -> list[str]:
    """What the first cells of all notebooks import, so that it is imported once for all answers of all students."""
    found = []
    for paper in examination.papers.values():
        for _, source in paper.given:
            for node in ast.walk(syntax(source)):
                if isinstance(node, ast.Import):
                    found += [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    found += [later for name in found for later in ON_DEMAND.get(name, ())]
    return list(dict.fromkeys(found))


@functools.cache
def _unpack(package: tuple[tuple[str, bytes], ...]) -> Path:
    """A folder with these files, until this process ends."""
    folder = Path(tempfile.mkdtemp(dir=folder_of_this_process()))
    for name, content in package:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for path in (folder, *folder.rglob("*")):
        path.chmod(
            0o755 if path.is_dir() else 0o644
        )  # in a sandbox it may be another user who reads them
    return folder
