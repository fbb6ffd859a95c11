"""Score of a check in one execution: points as nbgrader counts them, provided that its records are right."""

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
    """Return the score of a check in an execution, with the reason for missing points.

    Args:
        task: the check.
        executed: the executed notebook.
        expected: records of the check in the sheet's own notebook; None to compare none.
    """
    for name in task.answers:
        if why := executed.left_out.get(name):
            return Score(0, Status.ERROR, f"{name} ended the process ({why})")
    outputs = executed.outputs.get(task.name, [])
    if error := error_in(outputs):
        if error["ename"] != "AssertionError":
            return Score(0, Status.ERROR, raised("its check", error))
        message = one_line(error["evalue"])
        remark = (
            f"the check says: {message}"
            if message
            else f"the check fails at: {failing_line(error)}"
        )
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
        except Exception as error:  # a forged record can provoke any error
            reason = one_line(str(error))
        if reason:
            return Score(0, Status.WRONG, reason)
    return _partial(task, outputs)


def error_in(outputs: Sequence[Output]) -> Output | None:
    """Return the first error in a cell's outputs."""
    return next((output for output in outputs if output["output_type"] == "error"), None)


def raised(doing: str, error: Output) -> str:
    """Return a remark on an error: `its check raised ValueError: too large`."""
    return f"{doing} raised {error['ename']}: {one_line(error['evalue'])}".removesuffix(": ")


def failing_line(error: Output) -> str:
    """Return the line of the cell that raised an error."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))
    line = re.search(r"Cell In\[\d+\], line \d+\n *(.*)", text)
    return one_line(line[1]) if line else "one of its lines"


def one_line(text: str, most: int = 300) -> str:
    """Return a text in one line, not too long."""
    return re.sub(r"(<ipython-input-[^>]*>|\b\d+\.py), ", "", " ".join(text.split()))[:most]


def _partial(task: Task, outputs: Sequence[Output]) -> Score:
    """Return the score of a check that does not fail: its last value if that is a number, else full points.

    As in nbgrader, a negative number means full points.
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
    """Return the records of a check or, if it has a judge because many answers are right, the judge's verdict on them.

    The judge is an expression in the names of the records and `np`, written by the notebook's author.

    Raises:
        Exception: a record is damaged, or the judge raises an error.
    """
    records = read_records({"cells": [{"outputs": outputs}]})  # type: ignore[arg-type]
    if not task.judge:
        return records
    return {
        "the recorded answer": eval(task.judge, {**records, "np": np, "__builtins__": builtins})
    }


def first_difference(expected: Records, recorded: Records, tolerance: float) -> str | None:
    """Return how records differ from the expected ones, without revealing these; None if they agree.

    Args:
        expected: records of the sheet's own notebook.
        recorded: a student's records.
        tolerance: of numbers, relative to the largest expected one.
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
    size = (
        ", by a small amount" if nearly.all() else ""
    )  # exact deviations would reveal the solution
    if not wanted.shape:
        return f"is not what was expected{size}"
    return f"differs in {'some' if near.any() else 'all'} entries{size}"
