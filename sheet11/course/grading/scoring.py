"""What a check gives in one execution: points as nbgrader counts them, if its records are as they must be."""

import builtins
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheet11.course.book.scores import Score, Status
from sheet11.course.grading.sandboxes import Executed
from sheet11.course.tasks import Task
from sheet11.lab.records import read_records

Records = dict[str, Any]
Output = Mapping[str, Any]
Complex = NDArray[np.complex128]


def score_check(task: Task, executed: Executed, expected: Records | None = None) -> Score:
    """Return the points that a check gives in an execution, with a remark for those that it does not give.

    Args:
        task: of the check.
        executed: the notebook.
        expected: what the check records in the sheet's own notebook; None compares no records.
    """
    if ended := next((name for name in task.answers if name in executed.left_out), None):
        return Score(0, Status.ERROR, f"{ended} ended the process ({executed.left_out[ended]})")
    outputs = executed.outputs.get(task.name, [])
    if (error := error_in(outputs)) or task.name not in executed.succeeded:
        kind, text = named(error)
        if error and kind == "AssertionError":
            said = (
                f"the check says: {text}" if text else f"the check fails at: {failing_line(error)}"
            )
            return Score(0, Status.WRONG, said)
        said = f"its check raised {kind}: {text}" if text else f"its check raised {kind}"
        return Score(0, Status.ERROR, said)
    for output in outputs:
        if output["output_type"] == "stream" and output["name"] == "stderr":
            text = one_line(output["text"])
            return Score(0, Status.WRONG, f"its check wrote to standard error: {text}")
    if expected is not None:
        try:
            recorded = judged(task, records_of(outputs))
            reason = first_difference(expected, recorded, task.tolerance)
        except Exception as error:  # a record can be forged to provoke any
            reason = one_line(str(error))
        if reason:
            return Score(0, Status.WRONG, reason)
    return _partial(task, outputs)


def error_in(outputs: Sequence[Output]) -> Output | None:
    """The first error that a cell has shown."""
    return next((output for output in outputs if output["output_type"] == "error"), None)


def named(error: Output | None) -> tuple[str, str]:
    """The kind of an error and its message in one line."""
    if error is None:
        return "an error that it does not show", ""
    return error["ename"], one_line(error["evalue"])


def failing_line(error: Output) -> str:
    """The line of a cell at which an error was raised."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))
    found = re.search(r"Cell In\[\d+\], line \d+\n *(.*)", text)
    return one_line(found[1]) if found else "a line of it"


def one_line(text: str, most: int = 300) -> str:
    """A text in one line, not too long."""
    return re.sub(r"(<ipython-input-[^>]*>|\b\d+\.py), ", "", " ".join(text.split()))[:most]


def _partial(task: Task, outputs: Sequence[Output]) -> Score:
    """The points of a check that fails in nothing: all, or as many as its last value says.

    As in nbgrader, what is no number, or is negative, stands for all.
    """
    shown = (output for output in outputs if output["output_type"] == "execute_result")
    text = next((output["data"].get("text/plain", "") for output in shown), "")
    try:
        points = float(text)
    except ValueError:
        points = task.points
    if not 0 <= points < task.points:
        return Score(task.points, Status.CORRECT)
    status = Status.PARTIAL if points else Status.WRONG
    return Score(points, status, f"the check gives {points:g} of {task.points:g} points")


def records_of(outputs: Sequence[Output]) -> Records:
    """What a check has recorded.

    Raises:
        ValueError: a record is damaged.
    """
    return read_records({"cells": [{"outputs": outputs}]})  # type: ignore[arg-type]


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
