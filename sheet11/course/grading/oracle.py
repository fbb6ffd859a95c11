"""What answers must record: what the sheet's own solutions do under the same parameters; and what usual mistakes do.

Both run as a student's answers do, after the same given cells and with the same package, but in no sandbox.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from sheet11.course.errors import SolutionError
from sheet11.course.grading.examine import (
    Examination,
    Run,
    failure_of,
    hidden_name,
    run_task,
    runner,
)
from sheet11.course.grading.exercises import Exercise, Task
from sheet11.course.grading.mistakes import Mistake
from sheet11.course.grading.scoring import Records, first_difference, judged, records_of


class Mistaken(NamedTuple):
    """What a usual mistake records, or why it cannot be recognised."""

    mistake: Mistake
    records: Records
    problem: str | None


class Oracle:
    """Knows what every answer must record, and finds out what a mistaken one does when it is first asked."""

    def __init__(
        self, exercises: Mapping[str, Exercise], examination: Examination, run: Run
    ) -> None:
        self.exercises, self.papers, self._run = exercises, examination.papers, run
        self._mistaken: dict[str, list[Mistaken]] = {}
        self._expected = {
            task.column: self._solve(task)
            for stem in examination.answers
            for task in exercises[stem].tasks
            if task.check
        }

    def expected(self, task: Task) -> Records:
        """What the sheet's own solution records."""
        return self._expected[task.column]

    def mistaken(self, task: Task) -> list[Mistaken]:
        """What the usual mistakes record."""
        if task.column not in self._mistaken:
            mistakes = self.exercises[task.notebook].mistakes.get(task.name, [])
            self._mistaken[task.column] = [self._try(task, mistake) for mistake in mistakes]
        return self._mistaken[task.column]

    def hint(self, task: Task, recorded: Records) -> str | None:
        """The hint for whoever has recorded what a usual mistake does."""
        for mistake, records, problem in self.mistaken(task):
            if problem is None and first_difference(records, recorded, task.tolerance) is None:
                return mistake.hint
        return None

    def _solve(self, task: Task) -> Records:
        records, problem = self._records(
            task, self.exercises[task.notebook].solutions[task.name], bool(task.hidden)
        )
        if problem is not None:
            raise SolutionError(
                f"the sheet's own solution of {task.column} fails with these parameters: {problem}"
            )
        return records

    def _try(self, task: Task, mistake: Mistake) -> Mistaken:
        records, problem = self._records(task, mistake.answer)
        if (
            problem is None
            and first_difference(self.expected(task), records, task.tolerance) is None
        ):
            problem = "it records what the right answer does"
        return Mistaken(mistake, records, problem)

    def _records(self, task: Task, answer: str, hidden: bool = False) -> tuple[Records, str | None]:
        """What an answer records, and what went wrong if something did; the hidden tests, too, if that is asked."""
        assert task.check
        batch = run_task(
            self._run, self.papers[task.notebook], task.name, task.check, task.hidden, answer
        )
        if batch is None:
            return {}, "the process that ran it has broken"
        if batch.ended or not {task.name, task.check} <= batch.succeeded:
            return {}, failure_of(batch)
        if hidden and hidden_name(task.check) not in batch.succeeded:
            return {}, f"in a hidden test, {failure_of(batch)}"
        return judged(task, records_of(batch, task.check)), None


@contextlib.contextmanager
def consult(
    examination: Examination,
) -> Iterator[Callable[[Mapping[str, Exercise], Examination], Oracle]]:
    """Makes oracles, for exercises and for the notebooks in an examination, whose answers are left aside.

    It raises a `SolutionError` where the sheet's own solution, or a cell that is given, fails with these parameters.

    Args:
        examination: has the package and the limits.
    """
    with runner(examination._replace(isolated=False, hidden=())) as run:
        yield lambda exercises, wanted: Oracle(exercises, wanted, run)
