"""Scores of a student's checks, with remarks that explain lost points and reveal nothing of the hidden tests."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sheet11.course.book.scores import Score, Status
from sheet11.course.grading.execution import EARNS, FOLLOWED, Executions
from sheet11.course.grading.restore import VALUES, Restored
from sheet11.course.grading.sandboxes import binds
from sheet11.course.grading.scoring import Records, error_in, raised, recorded_by
from sheet11.course.grading.sheet_notebooks import GIVEN, OWN
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.tasks import Task
from sheet11.course.text import beginning

Hint = Callable[[Task, Records], str | None]  # the hint for records that a common mistake gives

UNSEEN = "the visible check passes, but a hidden test fails"
UNANSWERED = Score(0, Status.NOT_ANSWERED, "not answered")
MISSING = Score(0, Status.NOT_ANSWERED, "the cell for this answer is not in the notebook")
ENDED = {
    "time": "took more than {0.seconds} s of processor time, or more than three times that in real time",
    "memory": "used more than {1} MB of memory",
    "processes": "started more than {0.processes} processes and threads",
    "files": "wrote more than {0.files} files",
    "output": "produced too much output",
}
STATUS = {"time": Status.TIMEOUT, "memory": Status.MEMORY}  # others are errors


def judge(executions: Executions, limits: Limits, hint: Hint) -> dict[str, Score]:
    """Return the score of every check of a notebook, by its column.

    Args:
        executions: the executions of the notebook.
        limits: limits of the executions.
        hint: returns the hint for records that a common mistake gives, or None.
    """
    scores = {}
    for task in executions.restored.sheet_notebook.checked:
        visible = executions.visible[task.name]
        score = executions.hidden.get(task.name, visible)
        if visible.status not in EARNS:
            score = _explained(task, executions, limits, hint)
        elif score.status not in EARNS:
            score = Score(0, Status.WRONG, UNSEEN)
        elif visible.remark == FOLLOWED:
            score = score._replace(remark=FOLLOWED)
        scores[task.column] = score
    return scores


def hidden_failures(executions: Executions) -> list[list[str]]:
    """Return the hidden tests that fail: task, message, and the failing statement with the values of its names."""
    rows = []
    for name, score in executions.hidden.items():
        if score.status not in EARNS:
            printed = executions.graders.outputs.get(name + VALUES, [])
            text = "".join(output.get("text", "") for output in printed)
            rows.append(
                [f"{executions.restored.sheet_notebook.stem}/{name}", score.remark, text.strip()]
            )
    return rows


def _explained(task: Task, executions: Executions, limits: Limits, hint: Hint) -> Score:
    """Return the score of a failed check, with the reason that the student's execution shows."""
    restored, score = executions.restored, executions.visible[task.name]
    if restored.is_unanswered(task):
        return MISSING if restored.answers.keys().isdisjoint(task.answers) else UNANSWERED
    for name in (*task.answers, task.name):
        if why := executions.students.left_out.get(name):
            text = ENDED.get(why, "ended the process, or a cell that uses it did")
            ending = text.format(limits, limits.memory >> 20)
            return Score(0, STATUS.get(why, Status.ERROR), f"the answer {ending}")
        if error := error_in(executions.students.outputs.get(name, [])):
            if name != task.name:
                score = Score(0, Status.ERROR, raised("the answer", error))
            return _of_error(error, score, task, restored)
    try:
        records = recorded_by(task, executions.students.outputs[task.name])
        return score._replace(remark=hint(task, records) or score.remark)
    except Exception:  # a forged record; the remark says so
        return score


def _of_error(error: Mapping[str, Any], score: Score, task: Task, restored: Restored) -> Score:
    if error["ename"] == "NotImplementedError":
        answers = (cell.source for cell in restored.cells if cell.name in task.answers)
        if "NotImplementedError" in "".join(answers):
            return UNANSWERED
        return Score(0, Status.ERROR, "it needs an answer that is missing")
    name = re.match(r"name '(\w+)' is not defined", error["evalue"])
    if error["ename"] == "NameError" and name:
        return score._replace(remark=score.remark + _where(name[1], restored))
    return score


def _where(name: str, restored: Restored) -> str:
    """Return the end of a remark: the cell that defines a missing name; empty if none does."""
    for cell in (*restored.undone, *reversed(restored.cells)):
        if cell.code and cell.kind != GIVEN and binds(cell.source, [name]):
            place = f"the cell {beginning(cell.source)!r}"
            if cell.kind == OWN:
                place = cell.name.replace(f"{OWN}-", "your cell ")
            why = "which fails or is executed later"
            if cell in restored.undone:
                why = "which is locked: changes to it do not count"
            return f"; {name!r} is defined in {place}, {why}"
    return ""
