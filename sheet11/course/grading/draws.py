"""Parameters are drawn a few times, and each hand-in gets one of the drawings, so that numbers cannot travel."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sheet11.course.errors import SolutionError
from sheet11.course.grading.examine import Examination
from sheet11.course.grading.exercises import Exercise
from sheet11.course.grading.oracle import Oracle
from sheet11.course.submissions.submissions import Submission
from sheet11.course.text import visible

DRAWS = 4  # as often the sheet's own solution runs, at most


class Drawn(NamedTuple):
    """What goes with one drawing of the parameters."""

    exercises: dict[str, Exercise]
    blank: Examination
    same: str  # the `circumstances`


def number_of(seed: int, submission: Submission) -> int:
    """Which of the drawn parameters a student gets: others for other answers, so that no number is of use twice."""
    identity = json.dumps([seed, submission.student, submission.answers], sort_keys=True)
    return int(hashlib.sha256(identity.encode()).hexdigest(), 16) % DRAWS


def sound_oracle(
    oracle_of: Callable[[Mapping[str, Exercise], Examination], Oracle],
    drawn: Callable[[int], Drawn],
    number: int,
    together: Sequence[Examination],
) -> tuple[int, Oracle]:
    """The oracle for a drawing, or where the sheet's own solution fails with that one, for the next; and its number.

    Raises:
        SolutionError: it fails with all of them.
    """
    problems: dict[int, SolutionError] = {}
    for other in [*range(number, DRAWS), *range(number)]:
        try:
            oracle = oracle_of(drawn(other).exercises, _wanted(drawn(other), together))
        except SolutionError as error:
            problems[other] = error
        else:
            for failed, problem in problems.items():
                print(
                    visible(f"drawing {failed} of the parameters is not used: {problem}"),
                    flush=True,
                )
            return other, oracle
    raise problems[number]


def by_number(
    todo: Sequence[Examination], numbers: Mapping[str, int]
) -> Iterator[tuple[int, list[Examination]]]:
    """Examinations with the same parameters."""
    for number in sorted({numbers[each.name] for each in todo}):
        yield number, [each for each in todo if numbers[each.name] == number]


def _wanted(drawn: Drawn, together: Sequence[Examination]) -> Examination:
    """An examination in all notebooks that some of these have."""
    stems = [stem for stem in drawn.exercises if any(stem in each.answers for each in together)]
    return drawn.blank._replace(answers={stem: drawn.exercises[stem].solutions for stem in stems})
