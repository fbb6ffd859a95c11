"""Points: which tasks a notebook sets, and whether what a student's answer recorded is what the kit's own records."""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from nbformat import NotebookNode

from sheet11.course.errors import NotebookError
from sheet11.course.grading.sandbox import Batch, Limits
from sheet11.lab.records import read_records

OPEN = "to be read"
FAILED = "failed"  # the grading did, not the answer


class Task(NamedTuple):
    """Something that gives points: an answer in code with its check, or a text that a person must read."""

    notebook: str  # the stem
    name: str  # id of the answer cell
    part: str  # heading above it
    wanted: str  # what was asked for
    points: float
    check: str | None  # id of the check's cell; None if a person reads the answer
    tolerance: float  # relative to the largest number of a record

    @property
    def column(self) -> str:
        """Name in tables."""
        by_hand = "" if self.check else f" (by hand / {self.points:g})"
        return f"{self.notebook}/{self.name}{by_hand}"


class Verdict(NamedTuple):
    """Points for a task, None if a person must give them; and why not all of them."""

    points: float | None
    status: str  # correct, wrong, error, ended, not answered, missing, to be read, read, or failed
    message: str


def tasks_of(stem: str, notebook: NotebookNode) -> list[Task]:
    """The tasks that nbgrader's marks set in a notebook, in order.

    Raises:
        NotebookError: a check does not come after an answer.
    """
    tasks, answer, part = [], None, ""
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if heading := re.search(r"^##+ (.*)", cell.source if cell.cell_type == "markdown" else "", re.MULTILINE):
            part = re.sub(r" \(\d+ points?\)$", "", heading[1])
        if not marks:
            continue
        if cell.cell_type == "code" and marks["solution"]:
            answer = cell
        elif marks["grade"] and marks["points"]:
            by_hand = marks["solution"]
            if not by_hand and answer is None:
                raise NotebookError(f"{stem}: the check {marks['grade_id']!r} comes before any answer")
            asked = cell if by_hand else answer
            tasks.append(
                Task(
                    stem,
                    asked.metadata.nbgrader.grade_id,
                    part,
                    "" if by_hand else _docstrings(asked.source),
                    float(marks["points"]),
                    None if by_hand else cell.id,
                    cell.metadata.get("sheet11", {}).get("tolerance", 1e-9),
                )
            )
    return tasks


def score(task: Task, answer: str | None, stub: str, batch: Batch | None, oracle: Batch, limits: Limits) -> Verdict:
    """Points for a task: all of them if the answer recorded what the oracle did, to within the tolerance, else none.

    Args:
        task: an answer in code.
        answer: the student's, None if the cell is missing.
        stub: the cell as students get it.
        batch: what came of running it, None if the sandbox broke.
        oracle: what came of the kit's own solution.
        limits: under which both ran.
    """
    if answer is None:
        return Verdict(0, "missing", "the cell for this answer is not in the notebook")
    if answer.split() == stub.split():
        return Verdict(0, "not answered", "not answered")
    if batch is None:
        return Verdict(0, "ended", "the answer broke the sandbox that it ran in")
    if batch.ended:
        return Verdict(0, "ended", f"the answer {_BROKEN[batch.ended].format(**_readable(limits))}")
    for where, doing in ((task.name, "the answer"), (task.check, "its check")):
        if error := next((o for o in batch.outputs.get(where, []) if o["output_type"] == "error"), None):
            return _failure(error, doing)
        if where not in batch.succeeded:
            return Verdict(0, "ended", f"the process ended while {doing} ran")
    try:
        recorded = read_records({"cells": [{"outputs": batch.outputs[task.check]}]})
    except Exception as error:  # a record can be forged to provoke any
        return Verdict(0, "wrong", f"{error}"[:200])
    expected = read_records({"cells": [{"outputs": oracle.outputs[task.check]}]})
    for name, value in expected.items():
        if reason := difference(name, value, recorded.get(name), name in recorded, task.tolerance):
            return Verdict(0, "wrong", reason)
    return Verdict(task.points, "correct", "")


def difference(name: str, expected: Any, got: Any, there: bool, tolerance: float) -> str | None:
    """How a record differs from what was expected, in words that do not give it away; None if it does not."""
    if not there:
        return f"{name} was not recorded"
    if isinstance(expected, str | bool | None):
        same = type(expected) is type(got) and expected == got
        return None if same else f"{name} is not what was expected"
    wanted, found = np.asarray(expected), np.asarray(got)
    if wanted.shape != found.shape:
        return f"{name} has shape {found.shape} instead of {wanted.shape}"
    if wanted.dtype.kind not in "biufc" or found.dtype.kind not in "biufc":
        same = wanted.dtype.kind == found.dtype.kind and np.array_equal(wanted, found)
        return None if same else f"{name} is not what was expected"
    if wanted.dtype.kind == "b":
        wrong = wanted != found
        size = ""
    else:
        with np.errstate(all="ignore"):
            wanted, found = wanted.astype(complex), found.astype(complex)
            finite = np.isfinite(wanted)
            scale = np.abs(wanted[finite]).max(initial=0) or 1.0
            deviation = np.where(wanted == found, 0, np.abs(found - wanted))
        wrong = ~(deviation <= tolerance * scale)  # NaN is wrong, too
        finite &= np.isfinite(found)
        size = (
            f", by up to {deviation[finite].max(initial=0) / scale:.1g} of its largest number" if finite.all() else ""
        )
    if not wrong.any():
        return None
    if not wanted.shape:
        return f"{name} is not what was expected{size}"
    return f"{name} differs in {np.count_nonzero(wrong)} of {wrong.size} entries{size}"


_BROKEN = {
    "time": "did not end within {seconds} s",
    "memory": "used more than {memory} of memory",
    "processes": "started more than {processes} processes",
    "output": "put out more than {output}",
}


def _readable(limits: Limits) -> dict[str, Any]:
    return limits._asdict() | {name: f"{getattr(limits, name) >> 20} MB" for name in ("memory", "output")}


def _failure(error: Mapping[str, Any], doing: str) -> Verdict:
    kind, text = error["ename"], re.sub(r"<ipython-input-[^>]*>, ", "", " ".join(str(error["evalue"]).split()))[:300]
    if kind == "NotImplementedError":
        return Verdict(0, "not answered", "not answered")
    if kind == "AssertionError" and doing == "its check":
        return Verdict(0, "wrong", f"the check says: {text}")
    return Verdict(0, "error", f"{doing} raised {kind}: {text}" if text else f"{doing} raised {kind}")


def _docstrings(source: str) -> str:
    """The functions that an answer cell asks for, with what they say of themselves."""
    found: Sequence[ast.stmt] = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    asked = [
        f"{node.name}({ast.unparse(node.args)}): {' '.join((ast.get_docstring(node) or '').split())}" for node in found
    ]
    return " ".join(asked)
