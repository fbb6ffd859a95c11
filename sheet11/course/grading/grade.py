"""`sheet11 grade`: draw, take in, examine, score, report; each stage apart from the others.

Of a submission only the answers are taken, and set into the student edition of the sheet's own notebooks. Every answer
is run with its check, in a process of its own, in a sandbox, with parameters that nobody has seen. What it recorded
comes back and is compared, out of its reach, with what the sheet's own solution records.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course import VERSION
from sheet11.course.errors import CourseError, FolderError
from sheet11.course.files import write_whole
from sheet11.course.grading.examine import Examination, Findings, examine, paper_of, sandboxes_shared
from sheet11.course.grading.exercises import Exercise, draw_exercises
from sheet11.course.grading.gradebook import Table, read_manual_points, write_tables
from sheet11.course.grading.oracle import Oracle, consult
from sheet11.course.grading.report import (
    choose_seed,
    rows_of,
    shown,
    stored_result,
    write_description,
    write_notebooks,
    write_result,
)
from sheet11.course.grading.sandbox import Limits
from sheet11.course.grading.scoring import FAILED, OPEN, Verdict, score
from sheet11.course.grading.submissions import Submission, read_submissions
from sheet11.course.jobs import finish_all
from sheet11.course.pages.render import grades_html
from sheet11.course.sheet import Sheet


class Examined(NamedTuple):
    """What came of an examination."""

    examination: Examination
    findings: Findings | None
    error: str | None
    seconds: float


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
) -> Table:
    """Grade a class and write everything to `out`; what is there already, unchanged, is not run again.

    Args:
        sheet: what was to be done.
        folder: holds a folder with notebooks for each student.
        out: folder for the results.
        executor: where answers are run.
        given: parameters by name; the others are drawn.
        seed: of the drawing; None is that of the grading that `out` holds, or a new one.
        limits: for every answer.
        isolated: False runs answers without a sandbox.
        again: students to be graded again in any case.

    Returns:
        The table of all points.

    Raises:
        FolderError: there are no submissions, or none of a student who is to be graded again.
        ParameterError: no notebook has one of the parameters.
        SheetError: the sheet sets no tasks, or its usual mistakes are unusable.
        SolutionError: the sheet's own solution fails with these parameters.
        PointsError: points that were entered by hand are no points.
        OSError: `out` cannot be written to.
    """
    seed = choose_seed(out, seed)
    exercises = draw_exercises(sheet, given, seed)
    tasks = [task for exercise in exercises.values() for task in exercise.tasks]
    submissions = read_submissions(folder, {stem: exercise.solutions.keys() for stem, exercise in exercises.items()})
    by_name = {submission.student: submission for submission in submissions}
    if unknown := sorted(set(again) - by_name.keys()):
        raise FolderError(f"{folder} holds no folder {unknown[0]!r}")
    write_description(out, seed, given, exercises)
    manual = read_manual_points(out, tasks)

    blank = blank_examination(sheet, exercises, limits, isolated, [folder, out])
    examinations = [_sit(blank, submission, exercises) for submission in submissions]
    todo = [each for each in examinations if each.name in again or _is_to_do(out, each)]
    wanted = {stem: exercises[stem].solutions for stem in exercises if any(stem in each.answers for each in todo)}
    with sandboxes_shared(), consult(exercises, blank._replace(answers=wanted)) as oracle:
        for examined in finish_all(examine, todo, executor, _examined, "student"):
            submission = by_name[examined.examination.name]
            verdicts = _verdicts(examined, submission, exercises, oracle, limits)
            write_notebooks(out, submission, examined.findings, exercises)
            rows = rows_of(submission.student, tasks, verdicts, manual)
            result = {"key": examined.examination.key, "error": examined.error, "verdicts": verdicts}
            write_result(out, submission, rows, result, exercises)

    table = Table(tasks, [])
    for each in examinations:
        stored = stored_result(out, each) or {}
        rows = rows_of(each.name, tasks, stored["verdicts"], manual)
        if stored["shown"] != shown(rows):  # points were entered
            write_result(out, by_name[each.name], rows, stored, exercises)
        table.rows.extend(rows)
    write_tables(out, table, manual)
    write_whole(out / "index.html", grades_html(tasks, table.by_student()))
    return table


def blank_examination(
    sheet: Sheet, exercises: Mapping[str, Exercise], limits: Limits, isolated: bool, hidden: Collection[Path] = ()
) -> Examination:
    """An examination that nobody sits yet, from which the sheet's solutions are hidden, and more."""
    papers = {stem: paper_of(stem, exercise) for stem, exercise in exercises.items()}
    package = tuple(sorted(sheet.students_package().items()))
    unseen = {sheet.beside("."), sheet.folder / (sheet.package or "."), *hidden}
    paths = tuple(sorted(str(path.resolve()) for path in unseen))
    return Examination("", "", {}, papers, package, limits, isolated, paths)


def _sit(blank: Examination, submission: Submission, exercises: Mapping[str, Exercise]) -> Examination:
    """A student's examination; two with the same key have the same result."""
    package = [(name, hashlib.sha256(content).hexdigest()) for name, content in blank.package]
    rules = [(exercise.tasks, exercise.solutions, exercise.mistakes) for exercise in exercises.values()]
    asked = [VERSION, blank.papers, package, blank.limits, blank.isolated, rules]
    identity = json.dumps([asked, *submission], sort_keys=True)
    key = hashlib.sha256(identity.encode()).hexdigest()
    return blank._replace(name=submission.student, key=key, answers=submission.answers, unread=submission.error)


def _is_to_do(out: Path, examination: Examination) -> bool:
    stored = stored_result(out, examination)
    return stored is None or stored["error"] is not None


def _examined(examination: Examination, result: Findings | Exception) -> Examined:
    if isinstance(result, Findings):
        return Examined(examination, result, None, result.seconds)
    # a worker died, or can make no sandbox, or lacks what a given cell wants; the answers' own errors do not get here
    kind = "" if isinstance(result, CourseError) else f"{type(result).__name__}: "
    return Examined(examination, None, kind + (str(result).splitlines() or [""])[0], 0.0)


def _verdicts(
    examined: Examined,
    submission: Submission,
    exercises: Mapping[str, Exercise],
    oracle: Oracle,
    limits: Limits,
) -> dict[str, Verdict]:
    """What each task brings, by its column."""
    verdicts = {}
    for stem, exercise in exercises.items():
        stubs = {cell.id: cell.source for cell in exercise.notebook.cells}
        answers = submission.answers.get(stem, {})
        for task in exercise.tasks:
            answer, images = answers.get(task.name), submission.attachments.get(stem, {}).get(task.name)
            if submission.error:
                verdict = Verdict(None, FAILED, f"not graded: {submission.error}")
            elif problem := submission.problems.get(stem) or submission.problems.get(f"{stem}/{task.name}"):
                verdict = Verdict(0, "missing", problem)
            elif task.check is None:
                missing = answer is None or (answer.split() == stubs[task.name].split() and not images)
                verdict = Verdict(0, "not answered", "not answered") if missing else Verdict(None, OPEN, "")
            elif examined.findings is None:
                verdict = Verdict(None, FAILED, f"not graded: {examined.error}")
            else:
                batch = examined.findings.tasks[stem].get(task.name)
                stub, expected = stubs[task.name], oracle.expected(task)
                verdict = score(task, answer, stub, batch, expected, limits, oracle.hint)
            verdicts[task.column] = verdict
    return verdicts
