"""What a check gives in one execution: points as nbgrader counts them, if its records are as they must be."""

import builtins
import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sheet11.course.book.scores import Score, Status
from sheet11.course.grading.sandboxes import Executed
from sheet11.course.tasks import Task
from sheet11.lab.records import read_records

Records = dict[str, Any]
Output = Mapping[str, Any]


def score_check(task: Task, executed: Executed, expected: Records | None = None) -> Score:
    """Return the points that a check gives in an execution, with a remark for those that it does not give.

    Args:
        task: of the check.
        executed: the notebook.
        expected: what the check records in the sheet's own notebook; None compares no records.
    """
    for name in task.answers:
        if why := executed.left_out.get(name):
            return Score(0, Status.ERROR, f"{name} ended the process ({why})")
    outputs = executed.outputs.get(task.name, [])
    if error := error_in(outputs):
        if error["ename"] != "AssertionError":
            return Score(0, Status.ERROR, raised("its check", error))
        said = one_line(error["evalue"])
        remark = f"the check says: {said}" if said else f"the check fails at: {failing_line(error)}"
        return Score(0, Status.WRONG, remark)
    if task.name not in executed.succeeded:
        return Score(0, Status.ERROR, "its check raised an error that it does not show")
    for output in outputs:
        if output.get("name") == "stderr":
            text = one_line(output["text"])
            return Score(0, Status.WRONG, f"its check wrote to standard error: {text}")
    if expected is not None:
        try:
            reason = first_difference(expected, recorded_by(task, outputs), task.tolerance)
        except Exception as error:  # a record can be forged to provoke any
            reason = one_line(str(error))
        if reason:
            return Score(0, Status.WRONG, reason)
    return _partial(task, outputs)


def error_in(outputs: Sequence[Output]) -> Output | None:
    """Return the first error that a cell has shown."""
    return next((output for output in outputs if output["output_type"] == "error"), None)


def raised(doing: str, error: Output) -> str:
    """Return a remark on an error: `its check raised ValueError: too large`."""
    return f"{doing} raised {error['ename']}: {one_line(error['evalue'])}".removesuffix(": ")


def failing_line(error: Output) -> str:
    """Return the line of a cell at which an error was raised."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))
    found = re.search(r"Cell In\[\d+\], line \d+\n *(.*)", text)
    return one_line(found[1]) if found else "a line of it"


def one_line(text: str, most: int = 300) -> str:
    """Return a text in one line, not too long."""
    return re.sub(r"(<ipython-input-[^>]*>|\b\d+\.py), ", "", " ".join(text.split()))[:most]


def _partial(task: Task, outputs: Sequence[Output]) -> Score:
    """Return the points of a check that fails in nothing: all, or as many as its last value says.

    As in nbgrader, what is no number, or is negative, stands for all.
    """
    points = task.points
    for output in outputs:
        if output["output_type"] == "execute_result":
            with contextlib.suppress(ValueError):
                points = float(output["data"].get("text/plain", ""))
    if not 0 <= points < task.points:
        return Score(task.points, Status.CORRECT)
    status = Status.PARTIAL if points else Status.WRONG
    return Score(points, status, f"the check gives {points:g} of {task.points:g} points")


def recorded_by(task: Task, outputs: Sequence[Output]) -> Records:
    """Return what is compared: what was recorded, or, where many answers are right, what the sheet's judge makes of it.

    The judge is an expression of the notebook's author in the names of the records and `np`.

    Raises:
        Exception: a record is damaged, or whatever the judge raises about what somebody has recorded.
    """
    records = read_records({"cells": [{"outputs": outputs}]})  # type: ignore[arg-type]
    if not task.judge:
        return records
    return {"the judgement": eval(task.judge, {**records, "np": np, "__builtins__": builtins})}


def first_difference(expected: Records, recorded: Records, tolerance: float) -> str | None:
    """Return how records differ from those that were expected, without giving these away; None if they do not.

    Args:
        expected: records of the sheet's own notebook.
        recorded: a student's records.
        tolerance: of numbers, relative to the largest one that was expected.
    """
    for name, value in expected.items():
        if name not in recorded:
            return f"{name} was not recorded"
        if reason := _difference(value, recorded[name], tolerance):
            return f"{name} {reason}"
    return None


def _difference(expected: Any, got: Any, tolerance: float) -> str | None:
    wanted, found = np.asarray(expected), np.asarray(got)
    if wanted.shape != found.shape:
        return f"has shape {found.shape} instead of {wanted.shape}"
    if isinstance(expected, bool) or {wanted.dtype.kind, found.dtype.kind} - set("biufc"):
        same = wanted.dtype.kind == found.dtype.kind and np.array_equal(wanted, found)
        return None if same else "is not what was expected"
    scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0) or 1
    near, nearly = (
        np.isclose(found, wanted, rtol=0, atol=scale * most) for most in (tolerance, 1e-3)
    )
    if near.all():
        return None
    size = ", by little" if nearly.all() else ""  # numbers would add up to the solution
    if not wanted.shape:
        return f"is not what was expected{size}"
    return f"differs in {'some' if near.any() else 'all'} entries{size}"
