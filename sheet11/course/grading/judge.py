"""Scores of a student's tasks, with remarks that teach; nothing in them is from our executions but the points."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sheet11.course.book.scores import Score, Status
from sheet11.course.grading.execution import EARNS, Executions
from sheet11.course.grading.papers import GIVEN, OWN
from sheet11.course.grading.restore import VALUES
from sheet11.course.grading.sandboxes import binds
from sheet11.course.grading.scoring import (
    Records,
    error_in,
    raised,
    recorded_by,
)
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.tasks import Task
from sheet11.course.text import beginning

Hint = Callable[[Task, Records], str | None]  # for whoever has recorded what a usual mistake does

FOLLOWED = "an earlier answer fails, and this check only by that one; it gives its points"
UNSEEN = "what the check shows is right, and a test that you do not see fails"
MISSING = "the cell for this answer is not in the notebook"
UNANSWERED = Score(0, Status.NOT_ANSWERED, "not answered")
ENDED = {
    "time": "did not end within {0.seconds} s of processor time, or thrice that by the clock",
    "memory": "used more than {1} MB of memory",
    "processes": "started more than {0.processes} processes and threads",
    "files": "wrote more than {0.files} files",
    "output": "put out too much",
}
STATUS = {"time": Status.TIMEOUT, "memory": Status.MEMORY}  # others are errors


def judge(found: Executions, limits: Limits, hint: Hint) -> dict[str, Score]:
    """Return the score of every check of a notebook, by its column.

    Args:
        found: what was executed.
        limits: under which it was.
        hint: finds what to say of records that are wrong in a known way.
    """
    return {task.column: _judge(task, found, limits, hint) for task in found.restored.paper.checked}


def hidden_failures(found: Executions) -> list[list[str]]:
    """Return the hidden tests that fail: task, message, and the failing statement with the values of its names."""
    rows = []
    for task in found.restored.paper.checked:
        score = found.hidden_score(task)
        if score and score.status not in EARNS and found.hidden:
            printed = found.hidden.outputs.get(task.name + VALUES, [])
            text = "".join(output.get("text", "") for output in printed)
            rows.append([task.column, score.remark, text.strip()])
    return rows


def _judge(task: Task, found: Executions, limits: Limits, hint: Hint) -> Score:
    visible, is_follow_on = found.visible_score(task)
    if visible.status not in EARNS:
        return _explained(task, found, visible, limits, hint)
    score = found.score(task)
    if score.status not in EARNS:
        return Score(0, Status.WRONG, UNSEEN)
    return score._replace(remark=FOLLOWED) if is_follow_on else score


def _explained(task: Task, found: Executions, score: Score, limits: Limits, hint: Hint) -> Score:
    """Return why a check gives nothing, by what the student's execution shows."""
    executed, handed = found.students, found.restored.answers
    if found.restored.is_unanswered(task):
        return (
            UNANSWERED if handed.keys() & set(task.answers) else UNANSWERED._replace(remark=MISSING)
        )
    for name in task.answers:
        if why := executed.left_out.get(name):
            text = ENDED.get(why, "or what uses it, ended the process")
            said = text.format(limits, limits.memory >> 20)
            return Score(0, STATUS.get(why, Status.ERROR), f"the answer {said}")
        if error := error_in(executed.outputs.get(name, [])):
            return _of_error(
                error, Score(0, Status.ERROR, raised("the answer", error)), task, found
            )
    outputs = executed.outputs.get(task.name, [])
    if error := error_in(outputs):
        return _of_error(error, score, task, found)
    try:
        return score._replace(remark=hint(task, recorded_by(task, outputs)) or score.remark)
    except Exception:  # a forged record; the remark says so
        return score


def _of_error(error: Mapping[str, Any], score: Score, task: Task, found: Executions) -> Score:
    if error["ename"] == "NotImplementedError":
        answers = (cell for cell in found.restored.cells if cell.name in task.answers)
        if any("NotImplementedError" in answer.source for answer in answers):
            return UNANSWERED
        return Score(0, Status.ERROR, "it needs an answer that is missing")
    if error["ename"] == "NameError" and (where := _where(error["evalue"], found)):
        return score._replace(remark=f"{score.remark}; {where}")
    return score


def _where(said: str, found: Executions) -> str | None:
    """Return where a name is bound that was not there."""
    restored = found.restored
    name = re.match(r"name '(\w+)' is not defined", said)
    if not name:
        return None
    for cell in (*restored.undone, *reversed(restored.cells)):
        if cell.code and cell.kind != GIVEN and binds(cell.source, name[1]):
            why = "which fails or is executed later"
            if cell in restored.undone:
                why = "which is locked: changes of it do not count"
            place = f"the cell {beginning(cell.source)!r}"
            if cell.kind == OWN:
                place = cell.name.replace(f"{OWN}-", "your cell ")
            return f"{name[1]!r} stands in {place}, {why}"
    return None
