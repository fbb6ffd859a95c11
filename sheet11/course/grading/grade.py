"""`sheet11 grade`: sanitise, execute and score what students have handed in, each apart from the others.

Of a submission only the answers are taken, and set into the student edition of the kit's own notebooks. Every answer is
run with its check, in a process of its own, in a sandbox for each student, with parameters that nobody has seen. What
it recorded comes back and is compared, out of its reach, with what the kit's own solution records.
"""

import ast
import atexit
import base64
import functools
import hashlib
import io
import json
import random
import secrets
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from sheet11.course.errors import NotebookError
from sheet11.course.files import write_whole
from sheet11.course.grading.gradebook import Row, Table, harmless, read_manual_points, write_tables
from sheet11.course.grading.sandbox import Batch, Limits, Sandbox, SandboxError
from sheet11.course.grading.scoring import FAILED, OPEN, Task, Verdict, score, tasks_of
from sheet11.course.grading.submissions import Submission, read_submissions
from sheet11.course.jobs import finish_all
from sheet11.course.kernel import PRELOAD
from sheet11.course.notebooks import check_parameters, parameters_of, read_notebook, title_of, with_parameters
from sheet11.course.pages.cells import alternative_text
from sheet11.course.pages.render import feedback_html, grades_html
from sheet11.course.release import without_answers, write_package
from sheet11.course.sheet import PACKAGE, find_sheet
from sheet11.lab.records import MIME_TYPE

LONGEST_TEXT = 20_000  # characters of an output that are kept
LARGEST_IMAGE = 4 << 20  # bytes


class Sheet(NamedTuple):
    """A notebook to be graded: the student edition with parameters, and the kit's own answers."""

    notebook: NotebookNode
    tasks: list[Task]
    answers: dict[str, str]  # by id: the kit's own


class Job(NamedTuple):
    """One student's answers with all that is needed to run them, here or elsewhere."""

    name: str
    key: str
    cells: dict[str, list[tuple[str, str]]]  # code cells of every notebook, as (id, source)
    first: dict[str, int]  # how many of them come before the first answer
    tasks: dict[str, list[tuple[str, str]]]  # ids of answer and check
    answers: dict[str, dict[str, str]]
    limits: Limits
    package: str | None  # None is the student edition
    isolated: bool
    hidden: tuple[str, ...]


class Ran(NamedTuple):
    """What came of a job."""

    tasks: dict[str, dict[str, Batch | None]]  # by notebook and answer; None if the sandbox broke
    whole: dict[str, Batch | None]  # the notebook from top to bottom
    seconds: float


class Graded(NamedTuple):
    """What came of grading a student."""

    job: Job
    ran: Ran | None
    error: str | None
    seconds: float


def prepare(parameters: Mapping[str, Any], seed: int) -> dict[str, Sheet]:
    """The kit's notebooks with parameters from the ranges in their metadata, drawn by `seed` where none are given.

    Raises:
        NotebookError: no notebook has one of the parameters.
    """
    sheets, known = {}, set()
    generator = random.Random(seed)
    for stem, path in find_sheet().notebooks.items():
        notebook = read_notebook(path)
        names = parameters_of(notebook)
        known |= set(names)
        drawn = _draw(notebook.metadata.get("sheet11", {}).get("grading", {}), generator)
        chosen = drawn | {name: value for name, value in parameters.items() if name in names}
        edition = with_parameters(without_answers(notebook), chosen)
        answers = {cell.id: cell.source for cell in notebook.cells if _marks(cell).get("solution")}
        sheets[stem] = Sheet(edition, tasks_of(stem, notebook), answers)
    check_parameters(parameters, known)
    return sheets


def grade(
    submissions: Sequence[Submission],
    sheets: Mapping[str, Sheet],
    executor: Executor,
    out: Path,
    limits: Limits,
    isolated: bool = True,
    hidden: Sequence[Path] = (),
    again: Sequence[str] = (),
) -> Table:
    """Grade submissions and write everything to `out`; those that are there already, unchanged, are not run again.

    Args:
        submissions: from `read_submissions`.
        sheets: from `prepare`.
        executor: where answers are run.
        out: folder for the results.
        limits: for every answer.
        isolated: False runs answers without a sandbox.
        hidden: paths that no sandbox may show.
        again: students to be graded again in any case.

    Returns:
        The table of all points.

    Raises:
        NotebookError: the kit's own solution fails with these parameters, or points that were entered by hand are no
            points.
        OSError: `out` cannot be written to.
    """
    tasks = [task for sheet in sheets.values() for task in sheet.tasks]
    manual = read_manual_points(out, tasks)
    template = _job("", sheets, {}, limits, isolated, tuple(str(path.resolve()) for path in hidden))
    jobs = [
        template._replace(name=student, answers=answers, key=_key(template, student, answers))
        for student, answers, _ in submissions
    ]
    todo = [job for job in jobs if job.name in again or (_stored(out, job) or {"error": True})["error"]]
    by_name = {submission.student: submission for submission in submissions}
    wanted = {stem: sheet for stem, sheet in sheets.items() if any(stem in job.answers for job in todo)}
    oracle = _oracle(template, wanted)
    for graded in finish_all(perform, todo, executor, _outcome, "student"):
        submission = by_name[graded.job.name]
        verdicts = _verdicts(graded, submission, sheets, oracle, limits)
        _write_notebooks(out, graded, submission, sheets)
        rows = _rows(submission.student, tasks, verdicts, manual)
        result = {"key": graded.job.key, "error": graded.error, "verdicts": verdicts}
        _write_result(out, submission, sheets, rows, result)  # the last: where it is, all of a student is
    table = Table(tasks, [])
    for job in jobs:
        result = _stored(out, job)
        rows = _rows(job.name, tasks, result["verdicts"], manual)
        if result["shown"] != _shown(rows):  # points were entered
            _write_result(out, by_name[job.name], sheets, rows, result)
        table.rows.extend(rows)
    write_tables(out, table, manual)
    write_whole(out / "index.html", grades_html(tasks, table.by_student()))
    return table


def perform(job: Job) -> Ran:
    """Run a student's answers, each with its check in a process of its own, and then the notebooks as a whole."""
    start = time.perf_counter()
    package = Path(job.package) if job.package else _student_package()
    hidden = [Path(path) for path in job.hidden]
    sandbox: Sandbox | None = None
    tasks: dict[str, dict[str, Batch | None]] = {}
    whole: dict[str, Batch | None] = {}

    def run(cells: list[tuple[str, str]], go_on: bool = False) -> Batch | None:
        nonlocal sandbox
        if sandbox is None:
            sandbox = Sandbox(package, _modules(job), job.isolated, hidden)
        try:
            return clean(sandbox.run(cells, job.limits, go_on))
        except SandboxError:
            sandbox = None
            return None

    try:
        for stem, answers in job.answers.items():
            cells = job.cells[stem]
            stubs = dict(cells)
            tasks[stem] = {}
            unfinished = set()
            for answer, check in job.tasks[stem]:
                if answer in answers and answers[answer].split() != stubs[answer].split():
                    own = [(answer, answers[answer]), (check, stubs[check])]
                    batch = tasks[stem][answer] = run([*cells[: job.first[stem]], *own])
                    if batch is None or batch.ended or check not in batch.outputs and answer not in batch.outputs:
                        unfinished.add(answer)  # it would do the same again
            chosen = stubs | {name: answers[name] for name in stubs.keys() & answers.keys() - unfinished}
            if any(chosen[name].split() != stubs[name].split() for name in stubs):
                whole[stem] = run([(name, chosen[name]) for name, _ in cells], go_on=True)
    finally:
        if sandbox is not None:
            sandbox.close()
    return Ran(tasks, whole, time.perf_counter() - start)


def clean(batch: Batch) -> Batch:
    """Outputs without anything that could do harm: text, images that are images, and records."""
    outputs = {cell: [kept for shown in many if (kept := _clean(shown))] for cell, many in batch.outputs.items()}
    return batch._replace(outputs=outputs)


def _clean(shown: dict[str, Any]) -> dict[str, Any] | None:
    if shown["output_type"] == "stream":
        return shown | {
            "name": "stderr" if shown["name"] == "stderr" else "stdout",
            "text": shown["text"][:LONGEST_TEXT],
        }
    if shown["output_type"] == "error":
        trace = [line[:LONGEST_TEXT] for line in shown["traceback"][:20]]
        return shown | {"ename": shown["ename"][:200], "evalue": shown["evalue"][:LONGEST_TEXT], "traceback": trace}
    data = {}
    if isinstance(text := shown["data"].get("text/plain"), str):
        data["text/plain"] = text[:LONGEST_TEXT]
    if isinstance(record := shown["data"].get(MIME_TYPE), dict):
        data[MIME_TYPE] = record
    if isinstance(image := shown["data"].get("image/png"), str) and _is_png(image):
        data["image/png"] = image
    return shown | {"data": data} if data else None


def _is_png(text: str) -> bool:
    from PIL import Image  # comes with matplotlib

    try:
        content = base64.b64decode(text)
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            image.verify()
        return len(content) <= LARGEST_IMAGE and image.width * image.height <= 20_000_000
    except Exception:  # Pillow raises many types for what is no image
        return False


def _draw(grading: Mapping[str, Any], generator: random.Random) -> dict[str, Any]:
    """Parameters from `ranges` (whole numbers, both ends included) and `choices`."""
    drawn = {name: generator.randint(*ends) for name, ends in sorted(grading.get("ranges", {}).items())}
    return drawn | {name: generator.choice(values) for name, values in sorted(grading.get("choices", {}).items())}


def _marks(cell: NotebookNode) -> Mapping[str, Any]:
    return cell.metadata.get("nbgrader", {})


def _job(
    student: str,
    sheets: Mapping[str, Sheet],
    answers: dict[str, dict[str, str]],
    limits: Limits,
    isolated: bool,
    hidden: tuple[str, ...],
) -> Job:
    cells, first, tasks = {}, {}, {}
    for stem, sheet in sheets.items():
        code = [cell for cell in sheet.notebook.cells if cell.cell_type == "code"]
        cells[stem] = [(cell.id, cell.source) for cell in code]
        first[stem] = next((number for number, cell in enumerate(code) if _marks(cell)), len(code))
        tasks[stem] = [(task.name, task.check) for task in sheet.tasks if task.check]
    return Job(student, "", cells, first, tasks, answers, limits, None, isolated, hidden)


def _key(job: Job, student: str, answers: Mapping[str, Mapping[str, str]]) -> str:
    """Two results with the same key come from the same answers, graded in the same way."""
    identity = [version("sheet11"), student, job.cells, job.tasks, job.limits, job.isolated, answers]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _modules(job: Job) -> list[str]:
    """What the first cells of the notebooks import, so that it is imported once for all answers."""
    found = [name for name in PRELOAD if not name.startswith(("ipykernel", "tornado", "IPython"))]
    for stem in job.answers:
        for _, source in job.cells[stem][: job.first[stem]]:
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Import):
                    found += [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return list(dict.fromkeys(found))


@functools.cache
def _student_package() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sheet11-package-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_package(folder / PACKAGE.name)
    return folder


def _oracle(template: Job, sheets: Mapping[str, Sheet]) -> dict[str, dict[str, Batch]]:
    """What the kit's own solution records with the same parameters.

    Raises:
        NotebookError: it fails.
    """
    if not sheets:
        return {}
    answers = {stem: sheet.answers for stem, sheet in sheets.items()}
    job = template._replace(answers=answers, package=str(PACKAGE.parent), isolated=False)
    tasks = {}
    with Sandbox(PACKAGE.parent, _modules(job), isolated=False) as process:
        for stem, sheet in sheets.items():
            cells = job.cells[stem]
            for task in sheet.tasks:
                if task.check is None:
                    continue
                own = [(task.name, sheet.answers[task.name]), (task.check, dict(cells)[task.check])]
                batch = process.run([*cells[: job.first[stem]], *own], template.limits)
                if batch.ended or task.check not in batch.succeeded:
                    error = next((o for many in batch.outputs.values() for o in many if "ename" in o), {})
                    said = f"{error.get('ename', batch.ended)}: {error.get('evalue', '')}"
                    raise NotebookError(f"the kit's own solution of {task.column} fails with these parameters: {said}")
                tasks.setdefault(stem, {})[task.name] = batch
    return tasks


def _outcome(job: Job, result: Ran | Exception) -> Graded:
    if isinstance(result, Exception):  # a worker died, or can make no sandbox; the answers' own errors do not get here
        message = (str(result).splitlines() or [""])[0]
        return Graded(job, None, f"{type(result).__name__}: {message}", 0.0)
    return Graded(job, result, None, result.seconds)


def _verdicts(
    graded: Graded,
    submission: Submission,
    sheets: Mapping[str, Sheet],
    oracle: Mapping[str, Mapping[str, Batch]],
    limits: Limits,
) -> dict[str, Verdict]:
    verdicts = {}
    for stem, sheet in sheets.items():
        stubs = {cell.id: cell.source for cell in sheet.notebook.cells}
        answers = submission.answers.get(stem, {})
        for task in sheet.tasks:
            answer = answers.get(task.name)
            if problem := submission.problems.get(stem):
                verdict = Verdict(0, "missing", problem)
            elif task.check is None:
                missing = answer is None or answer.split() == stubs[task.name].split()
                verdict = Verdict(0, "not answered", "not answered") if missing else Verdict(None, OPEN, "")
            elif graded.ran is None:
                verdict = Verdict(0, FAILED, f"not graded: {graded.error}")
            else:
                batch = graded.ran.tasks[stem].get(task.name)
                verdict = score(task, answer, stubs[task.name], batch, oracle[stem][task.name], limits)
            verdicts[task.column] = verdict
    return verdicts


def _rows(
    student: str,
    tasks: Sequence[Task],
    verdicts: Mapping[str, Sequence[Any]],
    manual: Mapping[str, Mapping[str, float]],
) -> list[Row]:
    """A student's rows, with the points that a person has entered."""
    entered, rows = manual.get(harmless(student), {}), []
    for task in tasks:
        verdict, points = Verdict(*verdicts[task.column]), entered.get(task.column)
        # nobody has to enter the 0 of an answer that is missing; but one may have been found elsewhere
        if task.check is None and points is not None and (verdict.points is None or points > 0):
            verdict = Verdict(points, "read", "" if points == task.points else "read by a person")
        rows.append(Row(student, task, verdict))
    return rows


def _shown(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(row.verdict) for row in rows]


def _folder(out: Path, student: str) -> Path:
    return out / "students" / student


def _stored(out: Path, job: Job) -> dict[str, Any] | None:
    """The result of exactly this job, if there is one."""
    try:
        stored = json.loads((_folder(out, job.name) / "result.json").read_text())
        return stored if stored["key"] == job.key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_notebooks(out: Path, graded: Graded, submission: Submission, sheets: Mapping[str, Sheet]) -> None:
    """The kit's notebooks with a student's answers and what they showed."""
    for stem, sheet in sheets.items():
        path = _folder(out, submission.student) / f"{stem}.ipynb"
        path.unlink(missing_ok=True)
        if stem in submission.answers and graded.ran:
            whole = graded.ran.whole.get(stem)
            notebook = nbformat.from_dict(json.loads(json.dumps(sheet.notebook)))
            for cell in notebook.cells:
                cell.source = submission.answers[stem].get(cell.id, cell.source)
                if cell.cell_type == "code" and whole:
                    cell.outputs = [nbformat.from_dict(output) for output in whole.outputs.get(cell.id, [])]
            write_whole(path, nbformat.writes(notebook))


def _write_result(
    out: Path, submission: Submission, sheets: Mapping[str, Sheet], rows: Sequence[Row], result: Mapping[str, Any]
) -> None:
    """A student's page of feedback, and then the result with what the page shows."""
    folder = _folder(out, submission.student)
    sections = []
    for stem, sheet in sheets.items():
        path, answers = folder / f"{stem}.ipynb", submission.answers.get(stem, {})
        section = {"stem": stem, "title": title_of(sheet.notebook, stem), "has_notebook": path.exists()}
        section["answers"] = [(row, answers.get(row.task.name)) for row in rows if row.task.notebook == stem]
        section["figures"] = _figures(json.loads(path.read_text())) if path.exists() else []
        sections.append(section)
    write_whole(folder / "index.html", feedback_html(submission.student, rows, sections))
    write_whole(folder / "result.json", json.dumps(dict(result) | {"shown": _shown(rows)}))


def _figures(notebook: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures of a notebook file as (base64 of the PNG, what it shows)."""
    shown = [output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", [])]
    joined = [{kind: "".join(data[kind]) for kind in ("image/png", "text/plain") if kind in data} for data in shown]
    return [("".join(d["image/png"].split()), alternative_text({"data": d})) for d in joined if "image/png" in d]


def choose_seed(out: Path, seed: int | None) -> int:
    """The seed of the parameters: what is asked for, else that of the grading that `out` holds, else a new one."""
    path = out / "grading.json"
    if seed is None:
        try:
            seed = int(json.loads(path.read_text())["seed"])
        except (OSError, ValueError, KeyError, TypeError):
            seed = secrets.randbelow(2**32)
    return seed


def describe_grading(out: Path, seed: int, parameters: Mapping[str, Any], sheets: Mapping[str, Sheet]) -> None:
    """Write what is needed to grade again in exactly the same way."""
    drawn = {stem: sheet.notebook.metadata.papermill.parameters for stem, sheet in sheets.items()}
    content = {"sheet11": version("sheet11"), "seed": seed, "given": dict(parameters), "parameters": drawn}
    write_whole(out / "grading.json", json.dumps(content, indent=1))


def gather(folder: Path, sheets: Mapping[str, Sheet]) -> list[Submission]:
    """The submissions in a folder.

    Raises:
        NotebookError: there is no such folder, or it holds no students' folders.
    """
    if not folder.is_dir():
        raise NotebookError(f"there is no folder {str(folder)!r}")
    found = read_submissions(folder, {stem: sheet.answers.keys() for stem, sheet in sheets.items()})
    if not found:
        raise NotebookError(f"{folder} holds no folders; it wants one for each student, with notebooks in it")
    return found
