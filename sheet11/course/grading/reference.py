"""The sheet's own notebook, executed as a student's is: what checks must record, and what usual mistakes record."""

from typing import NamedTuple

from sheet11.course.book.scores import Status
from sheet11.course.grading.execution import Expected
from sheet11.course.grading.mistakes import Mistake
from sheet11.course.grading.papers import CHECK, Paper
from sheet11.course.grading.restore import solved, version
from sheet11.course.grading.sandboxes import Executed, Run, execute_version
from sheet11.course.grading.scoring import (
    Records,
    error_in,
    first_difference,
    one_line,
    raised,
    recorded_by,
    score_check,
)
from sheet11.course.tasks import Task
from sheet11.course.text import beginning

_recorded: dict[tuple[str, str, str], Records] = {}  # by paper, check and answer


class Reference(NamedTuple):
    """What the sheet's own notebook does."""

    expected: Expected
    problems: list[str]  # why it does not earn all points
    same: bool  # True if checks show the same with and without hidden tests


def refer(paper: Paper, run: Run, once: bool = False) -> Reference:
    """Execute the sheet's own notebook with hidden tests, and without them unless once is known to be enough.

    Raises:
        SolutionError: its process dies.
    """
    own = solved(paper)
    whole = execute_version(run, own, version(own, hidden=True), ours=True)
    visible = whole if once else execute_version(run, own, version(own), ours=True)
    expected: dict[str, Records] = {}
    problems = []
    for task in paper.checked:
        try:
            expected[task.name] = recorded_by(task, visible.outputs[task.name])
        except Exception as error:  # a judge is the author's, and can raise anything
            expected[task.name] = {}
            problems.append(f"{task.column}: {one_line(str(error))}")
    problems += (
        _problems(paper, visible) or _problems(paper, whole) or _changes(paper, whole, expected)
    )
    same = all(whole.outputs[task.name] == visible.outputs[task.name] for task in paper.checked)
    return Reference(expected, problems, same)


def hint_for(
    task: Task, recorded: Records, paper: Paper, expected: Expected, run: Run
) -> str | None:
    """Return the hint for whoever has recorded what a usual mistake does."""
    for name in task.answers:
        for mistake in paper.mistakes.get(name, ()):
            found = mistaken(task, name, mistake, paper, run)
            if not found or first_difference(expected[task.name], found, task.tolerance) is None:
                continue  # it fails, or cannot be told from what is right
            if first_difference(found, recorded, task.tolerance) is None:
                return mistake.hint
    return None


def mistaken(task: Task, name: str, mistake: Mistake, paper: Paper, run: Run) -> Records:
    """Return what a check records after a usual mistake in an answer; nothing if it fails."""
    key = (paper.stem + repr(paper.cells), task.name, mistake.answer)
    if key not in _recorded:
        wrong = solved(paper, {name: mistake.answer})
        executed = execute_version(run, wrong, version(wrong, until=[task.name]), ours=True)
        is_right = score_check(task, executed).status == Status.CORRECT
        _recorded[key] = recorded_by(task, executed.outputs[task.name]) if is_right else {}
    return _recorded[key]


def _problems(paper: Paper, executed: Executed) -> list[str]:
    """Return what costs the sheet's own notebook points: the first other cell that raises an error, and the checks."""
    values = ", ".join(f"{name}={value!r}" for name, value in paper.parameters.items())
    problems = []
    for task in paper.checked:
        score = score_check(task, executed)
        if (score.points or 0) < task.points:
            problems.append(
                f"{task.column}: with {values or 'no parameters'} the sheet's own answer gets"
                f" {score.points:g} of {task.points:g} points, {score.remark}; mend its solution or its check"
            )
    for cell in paper.cells if problems else ():
        error = error_in(executed.outputs.get(cell.name, []))
        if error and cell.kind != CHECK:
            doing = f"{paper.stem}: its cell {beginning(cell.source)!r}"
            return [raised(doing, error), *problems]
    return problems


def _changes(paper: Paper, again: Executed, expected: Expected) -> list[str]:
    """Return which checks record something else in a second execution, where no student could be right."""
    return [
        f"{task.column}: {score.remark} when the sheet's own notebook is executed again;"
        " give what is random a seed"
        for task in paper.checked
        if expected[task.name]
        and (score := score_check(task, again, expected[task.name])).status != Status.CORRECT
    ]
