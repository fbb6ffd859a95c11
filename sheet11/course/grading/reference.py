"""The sheet's own notebook, executed as a student's is: what checks must record, and what usual mistakes record."""

from typing import NamedTuple

from sheet11.course.book.scores import Status
from sheet11.course.grading.execution import NO_FIGURE, Expected
from sheet11.course.grading.mistakes import Mistake
from sheet11.course.grading.papers import Paper
from sheet11.course.grading.restore import Restored, our_version, solved, students_version
from sheet11.course.grading.sandboxes import Executed, Run, execute_version
from sheet11.course.grading.scoring import (
    Records,
    error_in,
    first_difference,
    judged,
    named,
    one_line,
    records_of,
    score_check,
)
from sheet11.course.tasks import Task

_recorded: dict[tuple[str, str, str], Records | None] = {}  # by paper, check and answer


class Reference(NamedTuple):
    """What the sheet's own notebook does."""

    expected: Expected
    problems: list[str]  # why it does not earn all points


def refer(paper: Paper, run: Run) -> Reference:
    """Execute the sheet's own notebook without hidden tests and with them.

    Raises:
        SolutionError: its process dies.
    """
    own = solved(paper)
    students = execute_version(run, own, lambda out: students_version(own, out), NO_FIGURE)
    expected: dict[str, Records] = {}
    problems = []
    for task in paper.checked:
        try:
            expected[task.name] = _recorded_by(task, students)
        except Exception as error:  # a judge is the author's, and can raise anything
            expected[task.name] = {}
            problems.append(f"{task.column}: {one_line(str(error))}")
    problems += _problems(own, students)
    until = {task.name for task in paper.checked if own.has_hidden(task)}
    if until and not problems:
        hidden = execute_version(
            run, own, lambda out: our_version(own, until, (), True, out), NO_FIGURE
        )
        problems = _problems(own, hidden)
    return Reference(expected, problems)


def hint_for(
    task: Task, recorded: Records, paper: Paper, expected: Expected, run: Run
) -> str | None:
    """The hint for whoever has recorded what a usual mistake does."""
    for name in task.answers:
        for mistake in paper.mistakes.get(name, ()):
            found = mistaken(task, name, mistake, paper, run)
            if not found or first_difference(expected[task.name], found, task.tolerance) is None:
                continue  # it fails, or cannot be told from what is right
            if first_difference(found, recorded, task.tolerance) is None:
                return mistake.hint
    return None


def mistaken(task: Task, name: str, mistake: Mistake, paper: Paper, run: Run) -> Records | None:
    """What a check records after a usual mistake in an answer; None if it fails."""
    key = (repr(paper), task.name, mistake.answer)
    if key not in _recorded:
        cells = students_version(solved(paper))
        until = next(place for place, cell in enumerate(cells) if cell[0] == task.name)
        wrong = [(cell, mistake.answer if cell == name else text) for cell, text in cells]
        batch = run(wrong[: until + 1], NO_FIGURE)
        executed = Executed(batch.outputs, batch.succeeded, {})
        _recorded[key] = None
        if score_check(task, executed).status == Status.CORRECT:
            _recorded[key] = _recorded_by(task, executed)
    return _recorded[key]


def _recorded_by(task: Task, executed: Executed) -> Records:
    return judged(task, records_of(executed.outputs.get(task.name, [])))


def _problems(own: Restored, executed: Executed) -> list[str]:
    """What costs the sheet's own notebook points: the first cell that raises an error, and the checks."""
    tasks = [task for task in own.paper.checked if task.name in executed.outputs]
    problems = []
    for task in tasks:
        score = score_check(task, executed)
        if (score.points or 0) < task.points:
            values = (f"{name}={value!r}" for name, value in own.paper.parameters.items())
            problems.append(
                f"{task.column}: with {', '.join(values) or 'no parameters'} the sheet's own answer gets"
                f" {score.points:g} of {task.points:g} points, {score.remark}; mend its solution or its check"
            )
    checks = {task.name for task in tasks}
    errors = {name: error_in(outputs) for name, outputs in executed.outputs.items()}
    raised = [(name, error) for name, error in errors.items() if error and name not in checks]
    for name, error in raised[:1] if problems else ():
        problems.insert(0, f"{own.paper.stem}: its cell {name!r} raises {': '.join(named(error))}")
    return problems
