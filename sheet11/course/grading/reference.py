"""Executions of the sheet's own notebook: the records that checks must give, and those that common mistakes give."""

from typing import NamedTuple

from sheet11.course.book.scores import Status
from sheet11.course.grading.execution import Expected
from sheet11.course.grading.mistakes import Mistake
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
from sheet11.course.grading.sheet_notebooks import CHECK, SheetNotebook
from sheet11.course.tasks import Task
from sheet11.course.text import beginning

_recorded: dict[tuple[str, str, str], Records] = {}  # by notebook, check and answer


class Reference(NamedTuple):
    """Results of the sheet's own notebook."""

    expected: Expected
    problems: list[str]  # why it does not earn full points
    same: bool  # True if the outputs of checks are the same with and without hidden tests


def execute_reference(notebook: SheetNotebook, run: Run, once: bool = False) -> Reference:
    """Execute the sheet's own notebook with hidden tests and, unless `once`, without them.

    Raises:
        SolutionError: a cell ends the process.
    """
    own = solved(notebook)
    whole = execute_version(run, own, version(own, hidden=True), for_grader=True)
    visible = whole if once else execute_version(run, own, version(own), for_grader=True)
    expected: dict[str, Records] = {}
    problems = []
    for task in notebook.checked:
        try:
            expected[task.name] = recorded_by(task, visible.outputs[task.name])
        except Exception as error:  # a judge is code of the sheet's author, and can raise anything
            expected[task.name] = {}
            problems.append(f"{task.column}: {one_line(str(error))}")
    problems += (
        _problems(notebook, visible)
        or _problems(notebook, whole)
        or _changes(notebook, whole, expected)
    )
    same = all(whole.outputs[task.name] == visible.outputs[task.name] for task in notebook.checked)
    return Reference(expected, problems, same)


def hint_for(
    task: Task, recorded: Records, notebook: SheetNotebook, expected: Expected, run: Run
) -> str | None:
    """Return the hint of the common mistake that gives the same records; None if none does."""
    for name in task.answers:
        for mistake in notebook.mistakes.get(name, ()):
            mistaken = records_of_mistake(task, name, mistake, notebook, run)
            if (
                not mistaken
                or first_difference(expected[task.name], mistaken, task.tolerance) is None
            ):
                continue  # the mistake fails outright, or its records are those of the solution
            if first_difference(mistaken, recorded, task.tolerance) is None:
                return mistake.hint
    return None


def records_of_mistake(
    task: Task, name: str, mistake: Mistake, notebook: SheetNotebook, run: Run
) -> Records:
    """Return the records of a check when an answer contains a common mistake; empty if the check fails."""
    key = (notebook.stem + repr(notebook.cells), task.name, mistake.answer)
    if key not in _recorded:
        wrong = solved(notebook, {name: mistake.answer})
        executed = execute_version(run, wrong, version(wrong, until=[task.name]), for_grader=True)
        is_right = score_check(task, executed).status == Status.CORRECT
        _recorded[key] = recorded_by(task, executed.outputs[task.name]) if is_right else {}
    return _recorded[key]


def _problems(notebook: SheetNotebook, executed: Executed) -> list[str]:
    """Describe why the sheet's own notebook loses points: the first other cell that raises an error, and the checks."""
    values = ", ".join(f"{name}={value!r}" for name, value in notebook.parameters.items())
    problems = []
    for task in notebook.checked:
        score = score_check(task, executed)
        if (score.points or 0) < task.points:
            problems.append(
                f"{task.column}: with {values or 'no parameters'} the sheet's own answer gets"
                f" {score.points:g} of {task.points:g} points, {score.remark}; fix its solution or its check"
            )
    for cell in notebook.cells if problems else ():
        error = error_in(executed.outputs.get(cell.name, []))
        if error and cell.kind != CHECK:
            doing = f"{notebook.stem}: its cell {beginning(cell.source)!r}"
            return [raised(doing, error), *problems]
    return problems


def _changes(notebook: SheetNotebook, again: Executed, expected: Expected) -> list[str]:
    """Describe the checks whose records differ in a second execution, so that no student could be right."""
    return [
        f"{task.column}: {score.remark} when the sheet's own notebook is executed again;"
        " seed the random numbers"
        for task in notebook.checked
        if expected[task.name]
        and (score := score_check(task, again, expected[task.name])).status != Status.CORRECT
    ]
