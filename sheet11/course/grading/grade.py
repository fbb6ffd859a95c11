"""`sheet11 grade`: draw, take in, examine, score, report; each stage apart from the others.

Of a submission only the answers are taken, and set into the student edition of the sheet's own notebooks. Every answer
is run with its check, in a process of its own, in a sandbox, with parameters that nobody has seen. What it recorded
comes back and is compared, out of its reach, with what the sheet's own solution records.
"""

import functools
import hashlib
import json
import platform
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.book import store as stored
from sheet11.course.book.gradebook import Table
from sheet11.course.book.marks import Answer, Asked
from sheet11.course.book.rubric import begin_rubrics
from sheet11.course.book.scores import Score, Status
from sheet11.course.book.store import Store
from sheet11.course.errors import FolderError, reason
from sheet11.course.grading.draws import Drawn, by_number, number_of, sound_oracle
from sheet11.course.grading.examine import (
    Examination,
    Findings,
    examine,
    paper_of,
    sandboxes_shared,
)
from sheet11.course.grading.exercises import Exercise, Task, draw_exercises, marks
from sheet11.course.grading.oracle import Oracle, consult
from sheet11.course.grading.report import (
    Result,
    choose_seed,
    stored_result,
    write_description,
    write_notebooks,
    write_result,
)
from sheet11.course.grading.scoring import score
from sheet11.course.hand_back.publish import publish
from sheet11.course.jobs import finish_all
from sheet11.course.notebooks import read_notebook, title_of
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.sheet import Sheet, kit_digest
from sheet11.course.submissions.attachments import taken_out
from sheet11.course.submissions.intake import Wanted, not_understood, take_in, what_was_handed_in
from sheet11.course.submissions.matching import asked_in
from sheet11.course.submissions.people import keep_people
from sheet11.course.submissions.roster import NO_ROSTER, Roster
from sheet11.course.submissions.submissions import Submission

RESULTS_DEPEND_ON = ("numpy", "torch", "ipython")  # and on Python


class Examined(NamedTuple):
    """What came of an examination."""

    examination: Examination
    findings: Findings | None
    error: str | None
    seconds: float


class Graded(NamedTuple):
    """What came of a class."""

    table: Table
    strange: list[str]  # what was not understood of what was handed in


def grade(
    sheet: Sheet,
    folder: Path,
    out: Path,
    executor: Executor,
    given: Mapping[str, Any],
    seed: int | None,
    limits: Limits,
    isolated: bool = True,
    again: Collection[str] = (),
    roster: Roster = NO_ROSTER,
    deadline: datetime | None = None,
) -> Graded:
    """Grade a class and write everything to `out`; what is there already, unchanged, is not run again.

    Args:
        sheet: what was to be done.
        folder: what a platform gives, or a folder with notebooks for each student.
        out: folder for the results.
        executor: where answers are run.
        given: parameters by name; the others are drawn.
        seed: of the drawing; None is that of the grading that `out` holds, or a new one.
        limits: for every answer.
        isolated: False runs answers without a sandbox.
        again: students to be graded again in any case.
        roster: who is in the class.
        deadline: of what nbgrader has stamped with a time.

    Returns:
        The table of all points, and what was not understood.

    Raises:
        FolderError: there are no submissions, or none of a student who is to be graded again.
        ParameterError: no notebook has one of the parameters.
        SheetError: the sheet sets no tasks, or its usual mistakes are unusable.
        SolutionError: the sheet's own solution fails with these parameters.
        StoreError: the marks of an earlier grading cannot be read.
        OSError: `out` cannot be written to.
    """
    with Store(out):  # if marks cannot be read, it is said before hours of work
        seed = choose_seed(out, seed)
    drawn = functools.cache(
        lambda number: _drawing(sheet, given, seed, number, limits, isolated, [folder, out])
    )
    exercises = drawn(0).exercises
    tasks = [task for exercise in exercises.values() for task in exercise.tasks]
    asked = {stem: asked_in(stem, exercise.notebook) for stem, exercise in exercises.items()}
    intake = take_in(folder, Wanted(asked, roster, deadline, sheet.assignment), out)
    submissions = intake.submissions
    by_name = {submission.student: submission for submission in submissions}
    if unknown := sorted(set(again) - by_name.keys()):
        raise FolderError(f"{folder} holds no folder {unknown[0]!r}")
    print(what_was_handed_in(intake, len(asked)), flush=True)
    numbers = {submission.student: number_of(seed, submission) for submission in submissions}
    examinations = [sit(drawn(numbers[each.student]), each) for each in submissions]
    columns = [task.column for task in tasks]
    results = {each.name: stored_result(out, each, columns) for each in examinations}
    todo = [each for each in examinations if each.name in again or _is_to_do(results[each.name])]

    def describe() -> None:
        used = numbers | {name: result.drawing for name, result in results.items() if result}
        of_number = {number: drawn(number).exercises for number in set(used.values())}
        write_description(out, seed, given, used, of_number, sheet.title)

    describe()  # if this is killed, the next one has the seed
    with sandboxes_shared(), consult(drawn(0).blank) as oracle_of:
        oracles = {
            number: sound_oracle(oracle_of, drawn, number, together)
            for number, together in by_number(todo, numbers)
        }
        todo = [each._replace(papers=oracles[numbers[each.name]][1].papers) for each in todo]
        for examined in finish_all(examine, todo, executor, _examined, "student"):
            name = examined.examination.name
            results[name] = _keep(out, examined, by_name[name], *oracles[numbers[name]], limits)
    describe()

    with Store(out) as store:
        keep_people(store, intake.people)
        store.set_about(title=sheet.title)
        store.replace_tasks(asked_of(exercises))
        for submission in submissions:
            if result := results[submission.student]:
                kept = stored.Result(result.key, result.error, result.seconds, result.drawing)
                store.keep(submission.student, kept, _handed_in(submission, tasks, result))
        store.keep_only(by_name)
        begin_rubrics(
            store,
            {name: items for each in exercises.values() for name, items in each.rubrics.items()},
        )
        return Graded(publish(out, store), not_understood(intake))


def _drawing(
    sheet: Sheet,
    given: Mapping[str, Any],
    seed: int,
    number: int,
    limits: Limits,
    isolated: bool,
    hidden: Collection[Path],
) -> Drawn:
    """One of the drawings that a seed stands for."""
    exercises = draw_exercises(sheet, given, seed + (number << 32))
    blank = blank_examination(sheet, exercises, limits, isolated, hidden)
    return Drawn(exercises, blank, circumstances(sheet, exercises, blank))


def _keep(
    out: Path,
    examined: Examined,
    submission: Submission,
    drawing: int,
    oracle: Oracle,
    limits: Limits,
) -> Result:
    """Score and write one student's work; whatever goes wrong with it, the others' goes on."""
    key, seconds, exercises = examined.examination.key, round(examined.seconds, 3), oracle.exercises
    try:
        scores = _scores(examined, submission, exercises, oracle, limits)
        result = Result(key, examined.error, scores, seconds, drawing)
        write_notebooks(out, submission, examined.findings, exercises)
        write_result(out, submission.student, result)
    except Exception as error:
        tasks = [task for exercise in exercises.values() for task in exercise.tasks]
        failed = Score(None, Status.FAILED, f"not graded: {reason(error)}")
        result = Result(
            key, failed.remark, {task.column: failed for task in tasks}, seconds, drawing
        )
    return result


def asked_of(exercises: Mapping[str, Exercise]) -> Iterator[Asked]:
    """All tasks, with the sheet's own answers."""
    for stem, exercise in exercises.items():
        heading = title_of(exercise.notebook, stem)
        for task in exercise.tasks:
            own = exercise.solutions[task.name]
            yield Asked(
                task.column, task.title, task.wanted, task.points, task.check is None, own, heading
            )


def _handed_in(submission: Submission, tasks: Sequence[Task], result: Result) -> Iterator[Answer]:
    """What a student has handed in for every task, with what the grading found."""
    for task in tasks:
        source = submission.answers.get(task.notebook, {}).get(task.name, "")
        digest = submission.images.get(task.notebook, {}).get(task.name)
        images = taken_out(digest) if digest else {}
        yield Answer(submission.student, task.column, source, images, *result.scores[task.column])


def blank_examination(
    sheet: Sheet,
    exercises: Mapping[str, Exercise],
    limits: Limits,
    isolated: bool,
    hidden: Collection[Path] = (),
) -> Examination:
    """An examination that nobody sits yet, from which the sheet's solutions are hidden, and more."""
    papers = {stem: paper_of(stem, exercise) for stem, exercise in exercises.items()}
    package = tuple(sorted(sheet.students_package().items()))
    unseen = {sheet.beside("."), sheet.folder / (sheet.package or "."), *hidden}
    paths = tuple(sorted(str(path.resolve()) for path in unseen))
    return Examination("", "", {}, papers, package, limits, isolated, paths)


def circumstances(sheet: Sheet, exercises: Mapping[str, Exercise], blank: Examination) -> str:
    """A digest of all that a result depends on but for what the student has handed in."""
    programs = [platform.python_version(), *(version(name) for name in RESULTS_DEPEND_ON)]
    rules = [
        (exercise.tasks, exercise.solutions, exercise.mistakes) for exercise in exercises.values()
    ]
    notebooks = [read_notebook(path) for path in sheet.notebooks.values()]
    marked = [
        cell.source for notebook in notebooks for cell in notebook.cells if marks(cell)
    ]  # with hidden tests
    same = [
        kit_digest(),
        programs,
        sheet.package_digest(),
        blank.papers,
        blank.limits,
        blank.isolated,
        rules,
        marked,
    ]
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()


def sit(drawn: Drawn, submission: Submission) -> Examination:
    """A student's examination; two with the same key have the same result."""
    key = hashlib.sha256(json.dumps([drawn.same, *submission], sort_keys=True).encode()).hexdigest()
    return drawn.blank._replace(
        name=submission.student, key=key, answers=submission.answers, unread=submission.error
    )


def _is_to_do(result: Result | None) -> bool:
    return result is None or result.error is not None


def _examined(examination: Examination, result: Findings | Exception) -> Examined:
    if isinstance(result, Findings):
        return Examined(
            examination, result, next(iter(result.failed.values()), None), result.seconds
        )
    # a worker died, or can make no sandbox; the answers' own errors do not get here
    return Examined(examination, None, reason(result), 0.0)


def _scores(
    examined: Examined,
    submission: Submission,
    exercises: Mapping[str, Exercise],
    oracle: Oracle,
    limits: Limits,
) -> dict[str, Score]:
    """What each task brings, by its column."""
    scores = {}
    for stem, exercise in exercises.items():
        stubs = {cell.id: cell.source for cell in exercise.notebook.cells}
        answers = submission.answers.get(stem, {})
        for task in exercise.tasks:
            answer, images = answers.get(task.name), submission.images.get(stem, {}).get(task.name)
            if submission.error:
                found = Score(None, Status.FAILED, f"not graded: {submission.error}")
            elif problem := submission.problems.get(stem) or submission.problems.get(
                f"{stem}/{task.name}"
            ):
                found = Score(0, Status.NOT_ANSWERED, problem)
            elif task.check is None:
                missing = answer is None or (
                    answer.split() == stubs[task.name].split() and not images
                )
                found = (
                    Score(0, Status.NOT_ANSWERED, "not answered")
                    if missing
                    else Score(None, Status.TO_READ, "")
                )
            elif examined.findings is None or task.column in examined.findings.failed:
                why = examined.findings.failed[task.column] if examined.findings else examined.error
                found = Score(None, Status.FAILED, f"not graded: {why}")
            else:
                batch = examined.findings.tasks[stem].get(task.name)
                stub, expected = stubs[task.name], oracle.expected(task)
                found = score(task, answer, stub, batch, expected, limits, oracle.hint)
            scores[task.column] = found
    return scores
