"""Execute a student's notebook in the sandbox, up to three times.

student's    without hidden tests, as the student would see it; its outputs are the feedback
follow-on    after each answer that has failed, the sheet's own answer is executed; still without hidden tests, which
             would show an answer what it must record
hidden       the same with hidden tests; its outputs are for the grader alone

A check earns points if it passes in the student's execution, or if it comes after a failed answer and passes in the
follow-on execution; if it has hidden tests, it must pass these as well. Notebooks whose checks record nothing were
written for nbgrader and get the points that nbgrader gives: no answer is replaced, and follow-on errors cost points.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sheet11.course.book.scores import Score, Status
from sheet11.course.grading.restore import Answers, Restored, version
from sheet11.course.grading.sandboxes import Executed, Run, execute_version
from sheet11.course.grading.scoring import Records, score_check
from sheet11.course.tasks import Task

FOLLOWED = "this check fails only because of an earlier wrong answer; it gives its points"
EARNS = (Status.CORRECT, Status.PARTIAL)

Expected = Mapping[str, Records]  # what the sheet's own notebook records, by check


class Executions(NamedTuple):
    """The executions of one notebook, and the scores of its checks."""

    restored: Restored
    students: Executed
    visible: dict[str, Score]  # by check, without hidden tests
    hidden: dict[str, Score]  # of checks with hidden tests that earn points without them
    graders: Executed  # with hidden tests, for the grader alone

    @property
    def incomplete(self) -> list[Task]:
        """Checks that do not give full points."""
        scores = self.visible | self.hidden
        checked = self.restored.sheet_notebook.checked
        return [task for task in checked if scores[task.name].status != Status.CORRECT]


def execute(restored: Restored, expected: Expected, run: Run) -> Executions:
    """Execute a student's notebook as often as its points require.

    As long as an answer fails a hidden test and a later check that may use it lacks points, the follow-on and hidden
    executions are repeated with the sheet's own answer after that one, too.

    Raises:
        SolutionError: the process ends, and no cell of the student is to blame.
    """
    notebook = restored.sheet_notebook
    students = execute_version(run, restored, version(restored))
    scores = {
        task.name: score_check(task, students, expected[task.name]) for task in notebook.checked
    }
    executions = Executions(restored, students, scores, {}, students)
    if not any(expected.values()):
        return _with_ours(executions, expected, frozenset(), run)
    # answers without a check are read by a person, but have failed if they raise an error
    wrong = {task.name for task in executions.incomplete} | (
        students.outputs.keys() - students.succeeded
    )
    new = {task.answers for task in notebook.tasks if task.answers and task.name in wrong}
    failed: frozenset[Answers] = frozenset()
    while True:
        failed |= new
        after = _with_ours(executions, expected, failed, run)
        new = {task.answers for task in after.incomplete if task.answers} - failed
        if not any(_comes_after(task, new, restored) for task in after.incomplete):
            return after


def _with_ours(
    executions: Executions, expected: Expected, failed: Collection[Answers], run: Run
) -> Executions:
    """Add the follow-on and hidden executions, given the answers that have failed."""
    restored, visible = executions.restored, dict(executions.visible)

    def execute_for_grader(tasks: list[Task], hidden: bool) -> Executed:
        if not tasks:
            return executions.students
        sources = version(restored, failed, [task.name for task in tasks], hidden)
        return execute_version(run, restored, sources, True, executions.students.left_out)

    perhaps = [
        task
        for task in executions.incomplete
        if _comes_after(task, failed, restored) and not restored.is_unanswered(task)
    ]
    executed = execute_for_grader(perhaps, hidden=False)
    for task in perhaps:
        score = score_check(task, executed, expected[task.name])
        if score.status in EARNS and (score.points or 0) >= (visible[task.name].points or 0):
            visible[task.name] = score._replace(remark=FOLLOWED)
    earning = [
        task
        for task in restored.sheet_notebook.checked
        if restored.sheet_notebook.cell(task.name).hides and visible[task.name].status in EARNS
    ]
    executed = execute_for_grader(earning, hidden=True)
    hidden = {task.name: score_check(task, executed) for task in earning}
    return executions._replace(visible=visible, hidden=hidden, graders=executed)


def _comes_after(task: Task, failed: Collection[Answers], restored: Restored) -> bool:
    """Return whether a check comes after one of these answers, other than its own."""
    notebook = restored.sheet_notebook
    place = notebook.place((*task.answers, task.name)[0])
    return any(notebook.place(answers[0]) < place for answers in failed)
