"""`sheet11 grade`: restore, execute, judge, store.

The sheet's notebook with the student's answers is executed in a sandbox, from top to bottom, with parameters that
nobody has seen. Outside the sandbox, the records of its checks are compared with those of the sheet's own notebook.
"""

import functools
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
from sheet11.course.book.marks import Task as Asked
from sheet11.course.book.rubric import begin_rubrics
from sheet11.course.book.scores import Score, Status
from sheet11.course.book.store import Result, Store, student_folder
from sheet11.course.errors import FolderError, reason
from sheet11.course.files import write_private
from sheet11.course.grading.drawings import Drawings, expected_of
from sheet11.course.grading.execution import EARNS, Expected, execute
from sheet11.course.grading.judge import UNANSWERED, hidden_failures, judge
from sheet11.course.grading.papers import ANSWER, Paper
from sheet11.course.grading.reference import hint_for
from sheet11.course.grading.report import (
    HIDDEN_TESTS,
    executed_notebook,
    write_hidden_tests,
)
from sheet11.course.grading.restore import restore
from sheet11.course.grading.sandboxes import Place, runner, sandboxes_shared
from sheet11.course.hand_back.publish import publish
from sheet11.course.jobs import finish_all
from sheet11.course.notebooks import title_of
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.sheet import Sheet
from sheet11.course.submissions.attachments import Attachments
from sheet11.course.submissions.intake import Wanted, take_in, what_was_handed_in
from sheet11.course.submissions.matching import asked_in
from sheet11.course.submissions.people import keep_people
from sheet11.course.submissions.roster import NO_ROSTER, Roster
from sheet11.course.submissions.submissions import Submission, handed_for
from sheet11.course.tasks import Task
from sheet11.course.text import digest_of


class Job(NamedTuple):
    """One submission with everything needed to grade it, here or on another machine."""

    name: str
    key: str
    drawing: int
    submission: Submission
    place: Place
    papers: Mapping[str, Paper]
    expected: Mapping[str, Expected] = {}


class Found(NamedTuple):
    """The result of grading one submission."""

    job: Job
    scores: dict[str, Score] = {}  # of checks, by column
    notebooks: dict[str, str] = {}  # as executed
    hidden: list[list[str]] = []  # hidden tests that fail
    seconds: float = 0.0
    error: str | None = None  # why it could not be graded


def grade_submission(job: Job) -> Found:
    """Restore, execute and judge a student's notebooks.

    Raises:
        FolderError: they could not be read.
        NotInstalledError: no sandbox can be made here.
        SolutionError: the process ends by no cell of the student.
    """
    if job.submission.error:
        raise FolderError(job.submission.error)
    start = time.perf_counter()
    found = Found(job, {}, {}, [])
    with runner(job.place) as run:
        for stem, cells in job.submission.notebooks.items():
            paper, expected = job.papers[stem], job.expected[stem]
            restored = restore(paper, cells)
            executed = execute(restored, expected, run)
            hint = functools.partial(hint_for, paper=paper, expected=expected, run=run)
            found.scores.update(judge(executed, job.place.limits, hint))
            found.hidden.extend(hidden_failures(executed))
            found.notebooks[stem] = executed_notebook(restored, executed.students.outputs)
    return found._replace(seconds=time.perf_counter() - start)


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
        again: students to grade again in any case.
        roster: the people in the class.
        deadline: compared with nbgrader's timestamps.

    Returns:
        The table of all points, and a line for each hand-in or file that was not recognised.

    Raises:
        FolderError: there are no submissions, or none from a student in `again`.
        ParameterError, SheetError: as for `Drawings`.
        SolutionError: the sheet cannot be graded; its arguments are the problems.
        StoreError: the marks of an earlier grading cannot be read.
        OSError: `out` cannot be written to.
    """
    with Store(out) as store:
        if seed is None:
            seed = int(store.about().get("seed", secrets.randbelow(2**32)))
        drawings = Drawings(sheet, given, seed, limits, isolated, hidden=[folder, out])
        papers = drawings.drawn[0]
        asked = {stem: asked_in(stem, paper.edition) for stem, paper in papers.items()}
        intake = take_in(folder, Wanted(asked, roster, deadline, sheet.folder.name), out)
        students = {submission.student for submission in intake.submissions}
        if unknown := sorted(set(again) - students):
            raise FolderError(f"{folder} holds no hand-in of {unknown[0]!r}")
        print(what_was_handed_in(intake, len(papers)), flush=True)
        jobs = [_job(submission, drawings) for submission in intake.submissions]
        before = store.results()
        todo = [
            job for job in jobs if job.name in again or not _is_done(out, job, before.get(job.name))
        ]

        # stored first, so that a grading that is killed continues with the same seed
        store.set_about(title=sheet.title, seed=seed, given=dict(given), sheet11=version("sheet11"))
        store.set_about(parameters=list(map(drawings.parameters, range(len(drawings.drawn)))))
        store.begin(_asked(papers), students)
        with sandboxes_shared():
            expected = expected_of(drawings, {job.drawing for job in todo}, executor)
            todo = [job._replace(expected=expected[job.drawing]) for job in todo]
            for found in finish_all(grade_submission, todo, executor, _failed, "student"):
                _keep(store, out, found)

        write_hidden_tests(out, store)
        keep_people(store, intake.people)
        for stem, paper in papers.items():
            begin_rubrics(store, stem, paper.whole)
        return publish(out, store), intake.strange


def _job(submission: Submission, drawings: Drawings) -> Job:
    handed_in = json.dumps(submission, sort_keys=True)
    number = drawings.number_of(submission.student, handed_in)
    return Job(
        name=submission.student,
        key=digest_of(drawings.key(number) + handed_in),
        drawing=number,
        submission=submission,
        place=drawings.place,
        papers=drawings.drawn[number],
    )


def _is_done(out: Path, job: Job, result: Result | None) -> bool:
    """Return whether the result of this job is stored and its notebooks are complete: a machine can lose power."""
    if result is None or (result.key, result.error) != (job.key, None):
        return False
    paths = [_path(out, job, stem) for stem in job.submission.notebooks]
    return all(path.exists() and path.read_bytes().endswith(b"}") for path in paths)


def _path(out: Path, job: Job, stem: str) -> Path:
    return student_folder(out, job.name) / f"{stem}.ipynb"


def _failed(job: Job, error: Exception) -> Found:
    # the worker or the sandbox has failed; errors of students' cells are in their notebooks
    return Found(job, error=reason(error))


def _keep(store: Store, out: Path, found: Found) -> None:
    """Store one student's scores; an error affects only this student."""
    job = found.job
    try:
        for stem in job.papers:
            _path(out, job, stem).unlink(missing_ok=True)
            if stem in found.notebooks:
                write_private(_path(out, job, stem), found.notebooks[stem])
    except OSError as error:
        found = found._replace(error=reason(error))
    answers = []
    for paper in job.papers.values():
        for task in paper.tasks:
            source, images = handed_for(job.submission, task)
            score = _score(task, paper, source, images, found)
            answers.append(Answer(job.name, task.column, source, images, *score))
    result = Result(job.key, found.error, round(found.seconds, 3), job.drawing)
    with store.writing():
        store.keep(job.name, result, answers)
        store.set_about(**{f"{HIDDEN_TESTS} {job.name}": found.hidden})


def _score(task: Task, paper: Paper, source: str, images: Attachments, found: Found) -> Score:
    submission = found.job.submission
    if found.error:
        return Score(None, Status.FAILED, f"not graded: {found.error}")
    for name in (paper.stem, *(f"{paper.stem}/{each}" for each in (*task.answers, task.name))):
        if name in submission.problems:
            return Score(0, Status.NOT_ANSWERED, submission.problems[name])
    score = found.scores.get(task.column, Score(None, Status.TO_READ))
    handed_out = paper.cell(task.name)
    is_empty = not images and source.split() in ([], handed_out.source.split())
    if task.by_hand and handed_out.kind == ANSWER and is_empty:
        score = UNANSWERED
    remark = submission.remarks.get(task.column)
    return Score(None, Status.TO_READ, remark) if remark and score.status not in EARNS else score


def _asked(papers: Mapping[str, Paper]) -> Iterator[Asked]:
    """Yield all tasks, with the sheet's own answers."""
    for paper in papers.values():
        for task in paper.tasks:
            names = task.answers or (task.name,)
            yield Asked(
                name=task.column,
                title=task.title,
                wanted=task.wanted,
                points=task.points,
                by_hand=task.by_hand,
                solution="\n\n".join(paper.cell(name).whole for name in names),
                heading=title_of(paper.whole, paper.stem),
            )
