"""`sheet11 grade`: restore, execute, judge, store.

A student's notebook is the sheet's with the student's answers. It is executed in a sandbox, from top to bottom, with
parameters that nobody has seen; and what its checks record is compared, out of its reach, with what the sheet's own
notebook records.
"""

import functools
import json
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.book.gradebook import Table
from sheet11.course.book.marks import Answer
from sheet11.course.book.marks import Task as Asked
from sheet11.course.book.rubric import begin_rubrics, read_rubrics
from sheet11.course.book.scores import Score, Status
from sheet11.course.book.store import Result, Store
from sheet11.course.check import problems_of
from sheet11.course.errors import FolderError, SolutionError, reason
from sheet11.course.grading.drawings import Drawing, Drawings, References, sound_references
from sheet11.course.grading.execution import EARNS, Expected, execute
from sheet11.course.grading.judge import UNANSWERED, hidden_failures, judge
from sheet11.course.grading.papers import ANSWER, Cell, Paper
from sheet11.course.grading.reference import hint_for
from sheet11.course.grading.report import (
    HIDDEN_TESTS,
    are_whole,
    choose_seed,
    write_description,
    write_hidden_tests,
    write_notebooks,
)
from sheet11.course.grading.restore import Handed, restore
from sheet11.course.grading.sandboxes import runner, sandboxes_shared
from sheet11.course.hand_back.publish import publish
from sheet11.course.jobs import finish_all
from sheet11.course.notebooks import read_notebook
from sheet11.course.sandbox.sandbox import Limits
from sheet11.course.sheet import Sheet
from sheet11.course.submissions.attachments import taken_out
from sheet11.course.submissions.intake import Wanted, not_understood, take_in, what_was_handed_in
from sheet11.course.submissions.matching import asked_in
from sheet11.course.submissions.people import keep_people
from sheet11.course.submissions.roster import NO_ROSTER, Roster
from sheet11.course.submissions.submissions import HandedCell, Submission
from sheet11.course.tasks import Task
from sheet11.course.text import digest_of


class Job(NamedTuple):
    """One submission with all that is needed to grade it, here or on another machine."""

    name: str
    key: str
    number: int  # of the drawing
    notebooks: dict[str, list[Handed]]
    drawing: Drawing
    expected: dict[str, Expected] = {}
    error: str | None = None  # why the submission could not be read


class Found(NamedTuple):
    """What was found about one submission."""

    scores: dict[str, Score]  # of checks, by column
    shown: dict[str, list[tuple[Cell, list[dict[str, Any]]]]]  # cells and outputs, by notebook
    hidden: list[list[str]]  # hidden tests that fail
    failed: dict[str, str]  # why a notebook could not be graded
    seconds: float = 0.0


class Done(NamedTuple):
    """What came of a job."""

    job: Job
    found: Found
    error: str | None
    seconds: float


class Graded(NamedTuple):
    """What came of a class."""

    table: Table
    strange: list[str]  # what was not understood of what was handed in


def grade_submission(job: Job) -> Found:
    """Restore, execute and judge a student's notebooks.

    Raises:
        FolderError: they could not be read.
        NotInstalledError: no sandbox can be made here.
    """
    if job.error:
        raise FolderError(job.error)
    start = time.perf_counter()
    found = Found(scores={}, shown={}, hidden=[], failed={})
    limits = job.drawing.place.limits
    with runner(job.drawing.place) as run:
        for stem, handed in job.notebooks.items():
            paper, expected = job.drawing.papers[stem], job.expected[stem]
            restored = restore(paper, handed)
            try:
                executed = execute(restored, expected, run)
            except SolutionError as error:
                found.failed[stem] = str(error)
                continue
            hint = functools.partial(hint_for, paper=paper, expected=expected, run=run)
            found.scores.update(judge(executed, limits, hint))
            found.hidden.extend(hidden_failures(executed))
            outputs = executed.students.outputs
            found.shown[stem] = [(cell, outputs.get(cell.name, [])) for cell in restored.cells]
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
) -> Graded:
    """Grade a class and write everything to `out`; what is there already, unchanged, is not executed again.

    Args:
        sheet: what was to be done.
        folder: what a platform gives, or a folder with notebooks for each student.
        out: folder for the results.
        executor: where notebooks are executed.
        given: parameters by name; the others are drawn.
        seed: of the drawings; None is that of the grading that `out` holds, or a new one.
        limits: for every cell and every notebook.
        isolated: False executes without a sandbox.
        again: students to be graded again in any case.
        roster: who is in the class.
        deadline: of what nbgrader has stamped with a time.

    Returns:
        The table of all points, and what was not understood.

    Raises:
        FolderError: there are no submissions, or none of a student who is to be graded again.
        ParameterError: no notebook has one of the parameters.
        SheetError: the sheet sets no tasks, or its usual mistakes are unusable.
        SolutionError: the sheet cannot be graded; its arguments are the problems.
        StoreError: the marks of an earlier grading cannot be read.
        OSError: `out` cannot be written to.
    """
    if problems := problems_of(sheet):
        raise SolutionError(*problems)
    with Store(out) as store:
        seed = choose_seed(store, seed)
        drawings = Drawings(sheet, given, seed, limits, isolated, hidden=[folder, out])
        papers = drawings[0].papers
        asked = {stem: asked_in(stem, each.edition) for stem, each in drawings.sources.items()}
        intake = take_in(folder, Wanted(asked, roster, deadline, sheet.assignment), out)
        submissions = {submission.student: submission for submission in intake.submissions}
        if unknown := sorted(set(again) - submissions.keys()):
            raise FolderError(f"{folder} holds no folder {unknown[0]!r}")
        print(what_was_handed_in(intake, len(papers)), flush=True)
        jobs = [_job(submission, drawings) for submission in intake.submissions]
        before = store.results()
        todo = [job for job in jobs if job.name in again or not _is_done(out, job, before)]

        store.set_about(
            title=sheet.title, seed=seed
        )  # if this is killed, the next one has the seed
        store.replace_tasks(_asked(papers))
        store.keep_only(submissions)
        with sandboxes_shared():
            sound = sound_references(drawings, executor, {job.number for job in todo})
            todo = [_with_reference(job, drawings, sound) for job in todo]
            for done in finish_all(grade_submission, todo, executor, _done, "student"):
                _keep(store, out, done, submissions[done.job.name])

        used = {name: result.drawing for name, result in store.results().items()}
        write_description(out, drawings, used)
        write_hidden_tests(out, store)
        keep_people(store, intake.people)
        begin_rubrics(store, _rubrics(sheet))
        return Graded(publish(out, store), not_understood(intake))


def _job(submission: Submission, drawings: Drawings) -> Job:
    cells = {stem: [*map(list, cells)] for stem, cells in submission.notebooks.items()}
    number = drawings.number_of(submission.student, cells)
    drawing = drawings[number]
    identity = [drawing.digest, submission.student, cells, submission.problems, submission.error]
    return Job(
        name=submission.student,
        key=digest_of(json.dumps(identity, sort_keys=True)),
        number=number,
        notebooks={
            stem: [_handed(cell, drawing.papers[stem]) for cell in cells]
            for stem, cells in submission.notebooks.items()
        },
        drawing=drawing,
        error=submission.error,
    )


def _handed(cell: HandedCell, paper: Paper) -> Handed:
    return Handed(
        name=None if cell.place is None else paper.places[cell.place],
        code=cell.cell_type == "code",
        source=cell.source,
        images=cell.images,
    )


def _is_done(out: Path, job: Job, before: Mapping[str, Result]) -> bool:
    """Tell whether the result of exactly this job is there, and its notebooks are whole."""
    result = before.get(job.name)
    return (
        result is not None
        and (result.key, result.error) == (job.key, None)
        and are_whole(out, job.name, job.notebooks)
    )


def _with_reference(
    job: Job, drawings: Drawings, sound: Mapping[int, tuple[int, References]]
) -> Job:
    number, found = sound[job.number]
    expected = {stem: reference.expected for stem, reference in found.items()}
    return job._replace(number=number, drawing=drawings[number], expected=expected)


def _done(job: Job, result: Found | Exception) -> Done:
    if isinstance(result, Found):
        return Done(job, result, next(iter(result.failed.values()), None), result.seconds)
    # a worker died, or can make no sandbox; errors of students' cells are in their notebooks
    why = reason(result)
    failed = dict.fromkeys(job.drawing.papers, why)
    return Done(job, Found(scores={}, shown={}, hidden=[], failed=failed), why, 0.0)


def _keep(store: Store, out: Path, done: Done, submission: Submission) -> None:
    """Store one student's scores; whatever goes wrong with them, the others' go on."""
    student, papers = done.job.name, done.job.drawing.papers
    try:
        write_notebooks(out, student, done.found.shown, papers)
    except Exception as error:
        failed = dict.fromkeys(papers, reason(error))
        done = done._replace(error=reason(error), found=done.found._replace(failed=failed))
    answers = [
        _answer(task, paper, submission, done.found)
        for paper in papers.values()
        for task in paper.tasks
    ]
    result = Result(done.job.key, done.error, round(done.seconds, 3), done.job.number)
    with store.writing():
        store.keep(student, result, answers)
        store.set_about(**{f"{HIDDEN_TESTS} {student}": done.found.hidden})


def _answer(task: Task, paper: Paper, submission: Submission, found: Found) -> Answer:
    """What a student has handed in for a task, with its score."""
    answers = submission.answers.get(paper.stem, {})
    cells = submission.notebooks.get(paper.stem, [])
    sources = [answers[name] for name in task.answers if name in answers]
    sources += [cells[number].source for number in submission.elsewhere.get(task.column, [])]
    digest = submission.images.get(paper.stem, {}).get(task.name)
    images = taken_out(digest) if digest else {}
    score = _score(task, paper, submission, found)
    return Answer(submission.student, task.column, "\n\n".join(sources), images, *score)


def _score(task: Task, paper: Paper, submission: Submission, found: Found) -> Score:
    problems = submission.problems
    if why := found.failed.get(paper.stem):
        return Score(None, Status.FAILED, f"not graded: {why}")
    names = [f"{paper.stem}/{name}" for name in (*task.answers, task.name)]
    if why := next((problems[name] for name in (paper.stem, *names) if name in problems), None):
        return Score(0, Status.NOT_ANSWERED, why)
    score = _by_hand(task, paper, submission) if task.by_hand else found.scores[task.column]
    remark = submission.remarks.get(task.column)
    if remark and score.status not in EARNS:
        return Score(None, Status.TO_READ, remark)
    return score


def _by_hand(task: Task, paper: Paper, submission: Submission) -> Score:
    handed_out = paper.cell(task.name)
    answer = submission.answers.get(paper.stem, {}).get(task.name, "")
    is_empty = answer.split() in ([], handed_out.source.split())
    if handed_out.kind == ANSWER and is_empty and task.name not in submission.images[paper.stem]:
        return UNANSWERED
    return Score(None, Status.TO_READ)


def _asked(papers: Mapping[str, Paper]) -> Iterator[Asked]:
    """All tasks, with the sheet's own answers."""
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
                heading=paper.heading,
            )


def _rubrics(sheet: Sheet) -> dict[str, list[tuple[float, str]]]:
    found = {}
    for stem, path in sheet.notebooks.items():
        found.update(read_rubrics(stem, read_notebook(path)))
    return found
