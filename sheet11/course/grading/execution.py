"""The executions of a student's notebook in the sandbox: the student's own, and ours, which nobody else sees.

students     the notebook as the student would see it, without hidden tests; its outputs are the feedback
follow_on    behind answers that have failed, the sheet's own are executed; there are still no hidden tests, from which
             an answer could learn what it must record
hidden       the same with hidden tests

A check gives points if it does in the student's execution, or comes after a failed answer and does in the second one;
and in the third one, if it has hidden tests. A notebook whose checks record nothing is written for nbgrader, and must
get the same points from both: no answer is replaced, and follow-on errors cost again.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sheet11.course.book.scores import Score, Status
from sheet11.course.grading.restore import Answers, Restored, our_version, students_version
from sheet11.course.grading.sandboxes import Executed, Run, execute_version
from sheet11.course.grading.scoring import Records, score_check
from sheet11.course.tasks import Task

NO_FIGURE = "a figure"  # what our executions show in its place
EARNS = (Status.CORRECT, Status.PARTIAL)

Expected = Mapping[str, Records]  # what the sheet's own notebook records, by check


class Executions(NamedTuple):
    """What has been executed of one notebook."""

    restored: Restored
    expected: Expected
    students: Executed
    failed: frozenset[Answers] = frozenset()
    follow_on: Executed | None = None
    hidden: Executed | None = None

    def visible_score(self, task: Task) -> tuple[Score, bool]:
        """Return the score of a check without hidden tests, and True if it is a follow-on error that costs nothing."""
        score = score_check(task, self.students, self.expected[task.name])
        if (
            self.follow_on
            and score.status != Status.CORRECT
            and self.comes_after(task, self.failed)
        ):
            followed = score_check(task, self.follow_on, self.expected[task.name])
            if followed.status in EARNS and (followed.points or 0) >= (score.points or 0):
                return followed, True
        return score, False

    def hidden_score(self, task: Task) -> Score | None:
        """Return the score of a check with its hidden tests; None if it has none, or has failed without them."""
        if self.hidden and self.restored.paper.has_hidden(task) and self.earns(task):
            return score_check(task, self.hidden)
        return None

    def score(self, task: Task) -> Score:
        """Return the score of a check."""
        return self.hidden_score(task) or self.visible_score(task)[0]

    def earns(self, task: Task) -> bool:
        """Tell whether a check gives points without its hidden tests."""
        return self.visible_score(task)[0].status in EARNS

    def short(self) -> list[Task]:
        """Return the checks that do not give all of their points."""
        checked = self.restored.paper.checked
        return [task for task in checked if self.score(task).status != Status.CORRECT]

    def comes_after(self, task: Task, failed: Collection[Answers]) -> bool:
        """Tell whether a check comes after some of the answers, other than its own."""
        paper = self.restored.paper
        place = paper.place((*task.answers, task.name)[0])
        return any(paper.place(answers[0]) < place for answers in failed)


def execute(restored: Restored, expected: Expected, run: Run) -> Executions:
    """Execute a student's notebook, and for us what its points need.

    While an answer fails a hidden test, and a later check that may use it has not all of its points, our executions are
    repeated with the sheet's own behind that answer, too.

    Raises:
        SolutionError: the process ends by no cell of the student.
    """
    students = execute_version(run, restored, lambda out: students_version(restored, out))
    found = Executions(restored, expected, students)
    if not any(expected.values()):
        return _with_ours(found, run)
    new = {task.answers for task in found.short() if task.answers}
    new |= {  # a person reads these
        task.answers
        for task in restored.paper.tasks
        if task.by_hand and task.cell_type == "code" and task.name not in students.succeeded
    }
    while True:
        found = _with_ours(found._replace(failed=found.failed | new), run)
        short = found.short()
        new = {task.answers for task in short if task.answers} - found.failed
        if not any(found.comes_after(task, new) for task in short):
            return found


def _with_ours(found: Executions, run: Run) -> Executions:
    restored = found.restored

    def ours(tasks: list[Task], hidden: bool) -> Executed | None:
        if not tasks:
            return None
        until = {task.name for task in tasks}
        return execute_version(
            run,
            restored,
            lambda out: our_version(restored, until, found.failed, hidden, out),
            instead_of_figures=NO_FIGURE,
            left_out=found.students.left_out,
        )

    found = found._replace(follow_on=None, hidden=None)
    perhaps = [
        task
        for task in found.short()
        if found.comes_after(task, found.failed) and not restored.is_unanswered(task)
    ]
    found = found._replace(follow_on=ours(perhaps, hidden=False))
    paper = restored.paper
    earning = [task for task in paper.checked if paper.has_hidden(task) and found.earns(task)]
    return found._replace(hidden=ours(earning, hidden=True))
