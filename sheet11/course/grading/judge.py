"""Scores of a student's tasks, with remarks that teach; nothing in them is from our executions but the points."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sheet11.course.book.scores import Score, Status
from sheet11.course.grading.execution import EARNS, Executions
from sheet11.course.grading.papers import GIVEN, OWN, Cell
from sheet11.course.grading.restore import INSPECTED
from sheet11.course.grading.sandboxes import binds
from sheet11.course.grading.scoring import Records, error_in, judged, named, records_of
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.tasks import Task

Hint = Callable[[Task, Records], str | None]  # for whoever has recorded what a usual mistake does

FOLLOWED = "an earlier answer fails, and this check only by that one; it gives its points"
UNSEEN = "what the check shows is right, and a test that you do not see fails"
MISSING = "the cell for this answer is not in the notebook"
UNANSWERED = Score(0, Status.NOT_ANSWERED, "not answered")
ENDED = {
    "time": (
        Status.TIMEOUT,
        "did not end within {0.seconds} s of processor time, or thrice that by the clock",
    ),
    "memory": (Status.MEMORY, "used more than {1} MB of memory"),
    "processes": (Status.ERROR, "started more than {0.processes} processes and threads"),
    "files": (Status.ERROR, "wrote more than {0.files} files"),
    "output": (Status.ERROR, "put out more than {2} MB"),
}
BROKE = (Status.ERROR, "or what uses it, ended the process")


def judge(found: Executions, limits: Limits, hint: Hint) -> dict[str, Score]:
    """Return the score of every check of a notebook, by its column.

    Args:
        found: what was executed.
        limits: under which it was.
        hint: finds what to say of records that are wrong in a known way.
    """
    return {task.column: _judge(task, found, limits, hint) for task in found.restored.paper.checked}


def hidden_failures(found: Executions) -> list[list[str]]:
    """The hidden tests that fail: task, what the test says, and the statement with the values of its names."""
    rows = []
    for task in found.restored.paper.checked:
        score = found.hidden_score(task)
        if score and score.status not in EARNS and found.visible_score(task)[0].status in EARNS:
            outputs = found.hidden.outputs if found.hidden else {}
            shown = outputs.get(task.name + INSPECTED, [])
            text = "".join(output["text"] for output in shown if output["output_type"] == "stream")
            rows.append([task.column, score.remark, text.strip()])
    return rows


def _judge(task: Task, found: Executions, limits: Limits, hint: Hint) -> Score:
    visible, is_follow_on = found.visible_score(task)
    if visible.status not in EARNS:
        return _explained(task, found, visible, limits, hint)
    score = found.score(task)
    if score.status not in EARNS:
        return Score(0, Status.WRONG, UNSEEN)
    if score.status == Status.PARTIAL:
        score = score._replace(remark=f"the check gives {score.points:g} of {task.points:g} points")
    return score._replace(remark=FOLLOWED) if is_follow_on else score


def _explained(task: Task, found: Executions, score: Score, limits: Limits, hint: Hint) -> Score:
    """Why a check gives nothing, by what the student's execution shows."""
    restored, executed = found.restored, found.students
    if restored.is_unanswered(task):
        gone = set(task.answers) <= restored.missing
        return Score(0, Status.NOT_ANSWERED, MISSING) if gone else UNANSWERED
    for name in task.answers:
        if why := executed.left_out.get(name):
            status, text = ENDED.get(why, BROKE)
            said = text.format(limits, limits.memory >> 20, limits.output >> 20)
            return Score(0, status, f"the answer {said}")
    for name in task.answers:
        if error := error_in(executed.outputs[name]):
            return _of_error(error, "the answer", task, found)
    outputs = executed.outputs.get(task.name, [])
    if error := error_in(outputs):
        return _of_error(error, "its check", task, found, score)
    if score.status == Status.WRONG:
        try:
            return score._replace(
                remark=hint(task, judged(task, records_of(outputs))) or score.remark
            )
        except Exception:  # a forged record; the remark says so
            return score
    return score


def _of_error(
    error: Mapping[str, Any], doing: str, task: Task, found: Executions, score: Score | None = None
) -> Score:
    kind, text = named(error)
    if kind == "NotImplementedError":
        sources = {cell.name: cell.source for cell in found.restored.cells}
        if any("NotImplementedError" in sources[name] for name in task.answers):
            return UNANSWERED
        return Score(0, Status.ERROR, f"{doing} needs an answer that is missing")
    score = score or Score(
        0, Status.ERROR, f"{doing} raised {kind}: {text}" if text else f"{doing} raised {kind}"
    )
    where = _where(error, found) if kind == "NameError" else None
    return score._replace(remark=f"{score.remark}; {where}") if where else score


def _where(error: Mapping[str, Any], found: Executions) -> str | None:
    """Where a name is bound that was not there."""
    name = re.match(r"name '(\w+)' is not defined", error["evalue"])
    if name is None:
        return None
    failed = {cell.name for cell in found.restored.cells} - set(found.students.succeeded)
    for cell in (*found.restored.undone, *reversed(found.restored.cells)):
        if cell.code and cell.kind != GIVEN and binds(cell.source, name[1]):
            why = "which fails" if cell.name in failed else "which is executed later"
            if cell in found.restored.undone:
                why = "which is locked: changes of it do not count"
            return f"{name[1]!r} stands in {_called(cell)}, {why}"
    return None


def _called(cell: Cell) -> str:
    """What to call a cell."""
    return (
        f"cell {cell.name.removeprefix(OWN)[1:]}" if cell.kind == OWN else f"the cell {cell.name!r}"
    )
