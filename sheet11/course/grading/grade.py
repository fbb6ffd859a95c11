"""`sheet11 grade`: restore, execute, judge, store.

The sheet's notebook with the student's answers is executed in a sandbox, from top to bottom, with parameters that
nobody has seen. Outside the sandbox, the records of its checks are compared with those of the sheet's own notebook.
"""

import functools
import itertools
import json
import secrets
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.book.gradebook import Table
from sheet11.course.book.marks import Answer
from sheet11.course.book.marks import Task as StoredTask
from sheet11.course.book.rubric import begin_rubrics
from sheet11.course.book.scores import Score, Status
from sheet11.course.book.store import Result, Store, student_folder
from sheet11.course.errors import FolderError, reason
from sheet11.course.files import write_private
from sheet11.course.grading.draws import Draws, expected_of
from sheet11.course.grading.execution import EARNS, Expected, execute
from sheet11.course.grading.judge import UNANSWERED, hidden_failures, judge
from sheet11.course.grading.reference import hint_for
from sheet11.course.grading.report import (
    HIDDEN_TESTS,
    executed_notebook,
    write_hidden_tests,
)
from sheet11.course.grading.restore import restore
from sheet11.course.grading.sandboxes import Setup, runner, sandboxes_shared
from sheet11.course.grading.sheet_notebooks import ANSWER, SheetNotebook
from sheet11.course.hand_back.changes import CHANGES, keep_points, write_changes
from sheet11.course.hand_back.publish import publish
from sheet11.course.jobs import finish_all
from sheet11.course.notebooks import title_of
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.sheet import Sheet
from sheet11.course.submissions.adjustments import by_student, read_adjustments, student_called
from sheet11.course.submissions.attachments import Attachments
from sheet11.course.submissions.intake import Wanted, summary_of, take_in
from sheet11.course.submissions.matching import blank_of
from sheet11.course.submissions.people import keep_people, kept_people
from sheet11.course.submissions.roster import NO_ROSTER, Roster
from sheet11.course.submissions.submissions import Submission, work_for
from sheet11.course.tasks import Task
from sheet11.course.text import digest_of


class Job(NamedTuple):
    """One submission with everything needed to grade it, here or on another machine."""

    name: str
    key: str
    draw: int
    submission: Submission
    setup: Setup
    notebooks: Mapping[str, SheetNotebook]
    expected: Mapping[str, Expected] = {}


class Graded(NamedTuple):
    """The result of grading one submission."""

    job: Job
    scores: dict[str, Score] = {}  # of checks, by column
    notebooks: dict[str, str] = {}  # as executed
    hidden: list[list[str]] = []  # hidden tests that fail
    seconds: float = 0.0
    error: str | None = None  # why it could not be graded


def grade_submission(job: Job) -> Graded:
    """Restore, execute and judge a student's notebooks.

    Raises:
        FolderError: they could not be read.
        NotInstalledError: no sandbox can be made here.
        SolutionError: the process ends by no cell of the student.
    """
    if job.submission.error:
        raise FolderError(job.submission.error)
    start = time.perf_counter()
    graded = Graded(job, {}, {}, [])
    with runner(job.setup) as run:
        for stem, cells in job.submission.notebooks.items():
            notebook, expected = job.notebooks[stem], job.expected[stem]
            restored = restore(notebook, cells)
            executed = execute(restored, expected, run)
            hint = functools.partial(hint_for, notebook=notebook, expected=expected, run=run)
            graded.scores.update(judge(executed, job.setup.limits, hint))
            graded.hidden.extend(hidden_failures(executed))
            graded.notebooks[stem] = executed_notebook(restored, executed.students.outputs)
    return graded._replace(seconds=time.perf_counter() - start)


def grade(
    sheet: Sheet,
    folder: Path,
    out: Path,
    executor: Executor,
    *,
    given: Mapping[str, Any],
    seed: int | None,
    limits: Limits,
    isolated: bool = True,
    again: Collection[str] = (),
    roster: Roster = NO_ROSTER,
    deadline: datetime | None = None,
    adjustments: Path | None = None,
    late_penalty: float | None = None,
) -> tuple[Table, list[str]]:
    """Grade a class and write everything to `out`; results that are there and still valid are kept.

    Args:
        sheet: the sheet to grade.
        folder: a platform's download, or a folder with notebooks for each student.
        out: folder for the results.
        executor: runs the jobs.
        given: parameters by name; the others are drawn.
        seed: seed of the draws; None is that of the earlier grading in `out`, or a new one.
        limits: limits of every cell and every notebook.
        isolated: False to execute without a sandbox.
        again: ids, logins or names of students to grade again in any case.
        roster: the people in the class.
        deadline: compared with nbgrader's timestamps.
        adjustments: a table for `read_adjustments`; None keeps those of the earlier grading.
        late_penalty: share of the points that each day late takes; None keeps that of the earlier grading.

    Returns:
        The table of all points, and a line for each hand-in or file that was not recognised.

    Raises:
        FolderError: there are no submissions, or none from a student in `again`.
        ParameterError, SheetError: as for `Draws`.
        SolutionError: the sheet cannot be graded; its arguments are the problems.
        StoreError: the marks of an earlier grading cannot be read.
        OSError: `out` cannot be written to.
    """
    with Store(out) as store:
        if seed is None:
            seed = int(store.about().get("seed", secrets.randbelow(2**32)))
        draws = Draws(sheet, given, seed, limits, isolated, hidden=[folder, out])
        notebooks = draws.drawn[0]
        blanks = {stem: blank_of(stem, notebook.edition) for stem, notebook in notebooks.items()}
        tasks = list(_stored_tasks(notebooks))
        earlier = store.about().get("adjusted", {}).values()
        rows = list(itertools.chain.from_iterable(earlier))
        if adjustments:
            rows = read_adjustments(adjustments, [task.name for task in tasks])
        wanted = Wanted(blanks, roster, deadline, rows, sheet.folder.name, store.results())
        intake = take_in(folder, wanted, out)
        new = {person.student: person for person in intake.people}
        forced = {student_called(name, new): name for name in again}
        if None in forced:
            raise FolderError(f"{folder} holds no hand-in of {forced[None]!r}, or more than one")
        kept = kept_people(store)
        there = {person.who for person in intake.people}
        # somebody without a hand-in may be there now, with another name
        people = {
            name: each for name, each in kept.items() if each.notebooks or each.who not in there
        }
        people |= new
        known = {who.shown for person in kept.values() for who in person.members}
        absent = [name for name in intake.absent if name not in known]
        adjusted = by_student(rows, people, roster)
        print(summary_of(intake._replace(absent=absent), len(notebooks)), flush=True)
        jobs = [_job(submission, draws) for submission in intake.submissions]
        before = store.results()
        todo = [
            job
            for job in jobs
            if job.name in forced or not _is_done(out, job, before.get(job.name))
        ]

        # stored first, so that a grading that is killed continues with the same seed
        store.set_about(title=sheet.title, seed=seed, given=dict(given), sheet11=version("sheet11"))
        store.set_about(parameters=list(map(draws.parameters, range(len(draws.drawn)))))
        keep_points(store)
        store.begin(tasks)
        with sandboxes_shared():
            expected = expected_of(draws, {job.draw for job in todo}, executor)
            todo = [job._replace(expected=expected[job.draw]) for job in todo]
            for graded in finish_all(grade_submission, todo, executor, _failed, "student"):
                _keep(store, out, graded)

        write_hidden_tests(out, store)
        keep_people(store, people.values())
        store.set_about(adjusted=adjusted)
        if late_penalty is not None:
            store.set_about(late_penalty=late_penalty)
        for stem, notebook in notebooks.items():
            begin_rubrics(store, stem, notebook.whole)
        table = publish(out, store)
        if changes := write_changes(out, store, table):
            print(f"changed since the last grading, see {out / CHANGES}:", *changes, sep="\n  ")
        return table, intake.unrecognised


def _job(submission: Submission, draws: Draws) -> Job:
    handed_in = json.dumps(submission, sort_keys=True)
    number = draws.number_of(submission.student, handed_in)
    return Job(
        name=submission.student,
        key=digest_of(draws.key(number) + handed_in),
        draw=number,
        submission=submission,
        setup=draws.setup,
        notebooks=draws.drawn[number],
    )


def _is_done(out: Path, job: Job, result: Result | None) -> bool:
    """Return whether the result of this job is stored and its notebooks are complete: a machine can lose power."""
    if result is None or (result.key, result.error) != (job.key, None):
        return False
    paths = [_path(out, job, stem) for stem in job.submission.notebooks]
    return all(path.exists() and path.read_bytes().endswith(b"}") for path in paths)


def _path(out: Path, job: Job, stem: str) -> Path:
    return student_folder(out, job.name) / f"{stem}.ipynb"


def _failed(job: Job, error: Exception) -> Graded:
    # the worker or the sandbox has failed; errors of students' cells are in their notebooks
    return Graded(job, error=reason(error))


def _keep(store: Store, out: Path, graded: Graded) -> None:
    """Store one student's scores; an error affects only this student."""
    job = graded.job
    try:
        for stem in job.notebooks:
            _path(out, job, stem).unlink(missing_ok=True)
            if stem in graded.notebooks:
                write_private(_path(out, job, stem), graded.notebooks[stem])
    except OSError as error:
        graded = graded._replace(error=reason(error))
    answers = []
    for notebook in job.notebooks.values():
        for task in notebook.tasks:
            source, images = work_for(job.submission, task)
            score = _score(task, notebook, source, images, graded)
            answers.append(Answer(job.name, task.column, source, images, *score))
    result = Result(job.key, graded.error, round(graded.seconds, 3), job.draw)
    with store.writing():
        store.keep(job.name, result, answers)
        store.set_about(**{f"{HIDDEN_TESTS} {job.name}": graded.hidden})


def _score(
    task: Task, notebook: SheetNotebook, source: str, images: Attachments, graded: Graded
) -> Score:
    submission = graded.job.submission
    if graded.error:
        return Score(None, Status.FAILED, f"not graded: {graded.error}")
    places = [f"{notebook.stem}/{name}" for name in (*task.answers, task.name)]
    for name in (notebook.stem, *places):
        if name in submission.problems:
            return Score(0, Status.NOT_ANSWERED, submission.problems[name])
    score = graded.scores.get(task.column, Score(None, Status.TO_READ))
    handed_out = notebook.cell(task.name)
    is_empty = not images and source.split() in ([], handed_out.source.split())
    if task.by_hand and handed_out.kind == ANSWER and is_empty:
        score = UNANSWERED
    remark = submission.remarks.get(task.column)
    return Score(None, Status.TO_READ, remark) if remark and score.status not in EARNS else score


def _stored_tasks(notebooks: Mapping[str, SheetNotebook]) -> Iterator[StoredTask]:
    """Yield all tasks, with the sheet's own answers."""
    for notebook in notebooks.values():
        for task in notebook.tasks:
            names = task.answers or (task.name,)
            yield StoredTask(
                name=task.column,
                title=task.title,
                wanted=task.wanted,
                points=task.points,
                by_hand=task.by_hand,
                solution="\n\n".join(notebook.cell(name).whole for name in names),
                heading=title_of(notebook.whole, notebook.stem),
            )
