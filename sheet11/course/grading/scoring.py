"""Points: whether what a student's answer recorded is what the sheet's own records."""

import builtins
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheet11.course.book.scores import Score, Status
from sheet11.course.grading.examine import hidden_name
from sheet11.course.grading.exercises import Task
from sheet11.course.sandbox.sandbox import Batch, Limits
from sheet11.lab.records import read_records

Records = dict[str, Any]
Complex = NDArray[np.complex128]


def score(
    task: Task,
    answer: str | None,
    stub: str,
    batch: Batch | None,
    expected: Records,
    limits: Limits,
    hint: Callable[[Task, Records], str | None] = lambda task, recorded: None,
) -> Score:
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
        return Score(0, Status.NOT_ANSWERED, "the cell for this answer is not in the notebook")
    if answer.split() == stub.split():
        return Score(0, Status.NOT_ANSWERED, "not answered")
    if batch is None:
        return Score(0, Status.ERROR, "the answer broke the sandbox that it ran in")
    if batch.ended:
        remark = f"the answer {_BROKEN[batch.ended].format(**_readable(limits))}"
        return Score(0, _STATUS.get(batch.ended, Status.ERROR), remark)
    assert task.check
    for where, doing in ((task.name, "the answer"), (task.check, "its check")):
        if error := next(
            (o for o in batch.outputs.get(where, []) if o["output_type"] == "error"), None
        ):
            return _failure(error, doing)
        if where not in batch.succeeded:
            return Score(0, Status.ERROR, f"the process ended while {doing} ran")
    try:
        recorded = judged(task, records_of(batch, task.check))
        reason = first_difference(expected, recorded, task.tolerance)
        if reason:
            return Score(0, Status.WRONG, hint(task, recorded) or reason)
    except Exception as error:  # a record can be forged to provoke any
        return Score(0, Status.WRONG, f"{error}"[:200])
    if task.hidden and hidden_name(task.check) not in batch.succeeded:
        return Score(
            0, Status.WRONG, "what the check records is right, and a test that you do not see fails"
        )
    return Score(task.points, Status.CORRECT, "")


def records_of(batch: Batch, check: str) -> Records:
    """What a check recorded.

    Raises:
        ValueError: a record is damaged.
    """
    return read_records({"cells": [{"outputs": batch.outputs[check]}]})  # type: ignore[arg-type]


def judged(task: Task, records: Records) -> Records:
    """What is compared: what was recorded, or where many answers are right, what the sheet's judge makes of it.

    The judge is an expression of the notebook's author in the names of the records and `np`.

    Raises:
        Exception: whatever the judge raises about what somebody has recorded.
    """
    if not task.judge:
        return records
    return {"the judgement": eval(task.judge, {**records, "np": np, "__builtins__": builtins})}


def first_difference(expected: Records, recorded: Records, tolerance: float) -> str | None:
    """How what was recorded differs from what was expected, in words that do not give it away; None if it does not."""
    found = (
        difference(name, value, recorded.get(name), name in recorded, tolerance)
        for name, value in expected.items()
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
        wrong, size = wanted != found, ""
    else:
        wrong, size = _deviation(wanted.astype(complex), found.astype(complex), tolerance)
    if not wrong.any():
        return None
    if not wanted.shape:
        return f"{name} is not what was expected{size}"
    share = "all" if wrong.all() else "most" if wrong.mean() > 0.5 else "some"
    return f"{name} differs in {share} entries{size}"


def _deviation(wanted: Complex, found: Complex, tolerance: float) -> tuple[NDArray[np.bool_], str]:
    """Which entries are wrong, and in words by how much; numbers would add up to the solution."""
    with np.errstate(all="ignore"):
        finite = np.isfinite(wanted)
        scale = np.abs(wanted[finite]).max(initial=0) or 1.0
        deviation = np.where(wanted == found, 0, np.abs(found - wanted)) / scale
    wrong = ~(deviation <= tolerance)  # NaN is wrong, too
    finite &= np.isfinite(found)
    if not finite.all():
        return wrong, ""
    largest = deviation.max(initial=0)
    return wrong, ", by little" if largest < 1e-3 else ", clearly" if largest < 1 else ", widely"


_STATUS = {"time": Status.TIMEOUT, "memory": Status.MEMORY}
_BROKEN = {
    "time": "did not end within {seconds} s of processor time, or thrice that by the clock",
    "memory": "used more than {memory} of memory",
    "processes": "started more than {processes} processes and threads",
    "files": "made more than {files} files",
    "output": "put out more than {output}",
}


def _readable(limits: Limits) -> dict[str, Any]:
    return limits._asdict() | {
        name: f"{getattr(limits, name) >> 20} MB" for name in ("memory", "output")
    }


def _failure(error: Mapping[str, Any], doing: str) -> Score:
    kind, text = (
        error["ename"],
        re.sub(r"<ipython-input-[^>]*>, ", "", " ".join(str(error["evalue"]).split()))[:300],
    )
    if kind == "NotImplementedError":
        return Score(0, Status.NOT_ANSWERED, "not answered")
    if kind == "AssertionError" and doing == "its check":
        return Score(0, Status.WRONG, f"the check says: {text}")
    return Score(
        0, Status.ERROR, f"{doing} raised {kind}: {text}" if text else f"{doing} raised {kind}"
    )
