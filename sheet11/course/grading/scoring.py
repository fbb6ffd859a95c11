"""Points: whether what a student's answer recorded is what the sheet's own records."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from sheet11.course.grading.exercises import Task
from sheet11.course.grading.isolation.sandbox import Batch, Limits
from sheet11.lab.records import read_records

Records = dict[str, Any]

OPEN = "to be read"
AGAIN = "to be read again"  # the answer has changed since
FAILED = "failed"  # the grading did, not the answer


class Verdict(NamedTuple):
    """Points for a task, None if a person must give them; and why not all of them."""

    points: float | None
    status: str  # correct, wrong, error, ended, not answered, missing, failed; to be read (again), read, overridden
    message: str

    @property
    def to_read(self) -> bool:
        """Whether a person has yet to read the answer."""
        return self.status in (OPEN, AGAIN)


def score(
    task: Task,
    answer: str | None,
    stub: str,
    batch: Batch | None,
    expected: Records,
    limits: Limits,
    hint: Callable[[Task, Records], str | None] = lambda task, recorded: None,
) -> Verdict:
    """Points for a task: all of them if the answer recorded what is expected, to within the tolerance, else none.

    Args:
        task: an answer in code.
        answer: the student's, None if the cell is missing.
        stub: the cell as students get it.
        batch: what came of running it, None if the sandbox broke.
        expected: what the sheet's own solution records.
        limits: under which both ran.
        hint: finds what to say of records that are wrong in a known way.
    """
    if answer is None:
        return Verdict(0, "missing", "the cell for this answer is not in the notebook")
    if answer.split() == stub.split():
        return Verdict(0, "not answered", "not answered")
    if batch is None:
        return Verdict(0, "ended", "the answer broke the sandbox that it ran in")
    if batch.ended:
        return Verdict(0, "ended", f"the answer {_BROKEN[batch.ended].format(**_readable(limits))}")
    assert task.check
    for where, doing in ((task.name, "the answer"), (task.check, "its check")):
        if error := next((o for o in batch.outputs.get(where, []) if o["output_type"] == "error"), None):
            return _failure(error, doing)
        if where not in batch.succeeded:
            return Verdict(0, "ended", f"the process ended while {doing} ran")
    try:
        recorded = records_of(batch, task.check)
        reason = first_difference(expected, recorded, task.tolerance)
        return Verdict(0, "wrong", hint(task, recorded) or reason) if reason else Verdict(task.points, "correct", "")
    except Exception as error:  # a record can be forged to provoke any
        return Verdict(0, "wrong", f"{error}"[:200])


def records_of(batch: Batch, check: str) -> Records:
    """What a check recorded.

    Raises:
        ValueError: a record is damaged.
    """
    return read_records({"cells": [{"outputs": batch.outputs[check]}]})  # type: ignore[arg-type]


def first_difference(expected: Records, recorded: Records, tolerance: float) -> str | None:
    """How what was recorded differs from what was expected, in words that do not give it away; None if it does not."""
    found = (
        difference(name, value, recorded.get(name), name in recorded, tolerance) for name, value in expected.items()
    )
    return next((reason for reason in found if reason), None)


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
    "time": "did not end within {seconds} s of processor time, or thrice that by the clock",
    "memory": "used more than {memory} of memory",
    "processes": "started more than {processes} processes and threads",
    "files": "made more than {files} files",
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
