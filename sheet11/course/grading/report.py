"""What a grading leaves in its folder: each student's notebooks, page and result, and how it can be repeated.

A student's folder, `students/NAME`, holds the sheet's notebooks with the student's answers, executed; `index.html` with
points and remarks; and `result.json`, which is written last: where it is, all of a student is.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat

from sheet11.course import VERSION
from sheet11.course.files import write_whole
from sheet11.course.grading.examine import Examination, Findings
from sheet11.course.grading.exercises import Exercise, Task
from sheet11.course.grading.gradebook import Row, harmless
from sheet11.course.grading.scoring import Verdict
from sheet11.course.grading.submissions import Submission
from sheet11.course.notebooks import title_of
from sheet11.course.pages.cells import alternative_text
from sheet11.course.pages.render import feedback_html
from sheet11.course.visible import encodable

Manual = Mapping[str, Mapping[str, float]]  # points that were entered by hand, by student and column


def choose_seed(out: Path, seed: int | None) -> int:
    """The seed of the parameters: what is asked for, else that of the grading that `out` holds, else a new one."""
    if seed is None:
        try:
            seed = int(json.loads((out / "grading.json").read_text())["seed"])
        except (OSError, ValueError, KeyError, TypeError):
            seed = secrets.randbelow(2**32)
    return seed


def write_description(out: Path, seed: int, given: Mapping[str, Any], exercises: Mapping[str, Exercise]) -> None:
    """Write what is needed to grade again in exactly the same way."""
    metadata = {stem: exercise.notebook.metadata for stem, exercise in exercises.items()}
    drawn = {stem: its.get("papermill", {}).get("parameters", {}) for stem, its in metadata.items()}
    content = {"sheet11": VERSION, "seed": seed, "given": dict(given), "parameters": drawn}
    write_whole(out / "grading.json", json.dumps(content, indent=1))


def stored_result(out: Path, examination: Examination) -> dict[str, Any] | None:
    """The result of exactly this examination, if there is one."""
    try:
        stored: dict[str, Any] = json.loads((_folder(out, examination.name) / "result.json").read_text())
        return stored if stored["key"] == examination.key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def rows_of(student: str, tasks: Sequence[Task], verdicts: Mapping[str, Sequence[Any]], manual: Manual) -> list[Row]:
    """A student's rows, with the points that a person has entered."""
    entered, rows = manual.get(harmless(student), {}), []
    for task in tasks:
        verdict, points = Verdict(*verdicts[task.column]), entered.get(task.column)
        # nobody has to enter the 0 of an answer that is missing; but one may have been found elsewhere
        if task.check is None and points is not None and (verdict.points is None or points > 0):
            verdict = Verdict(points, "read", "" if points == task.points else "read by a person")
        rows.append(Row(student, task, verdict))
    return rows


def shown(rows: Sequence[Row]) -> list[list[Any]]:
    """Verdicts as a result stores those that its page shows."""
    return [list(row.verdict) for row in rows]


def write_notebooks(
    out: Path, submission: Submission, findings: Findings | None, exercises: Mapping[str, Exercise]
) -> None:
    """Write the sheet's notebooks with a student's answers and what they showed."""
    for stem, exercise in exercises.items():
        path = _folder(out, submission.student) / f"{stem}.ipynb"
        path.unlink(missing_ok=True)
        if findings and stem in submission.answers:
            whole = findings.whole.get(stem)
            notebook = nbformat.from_dict(json.loads(json.dumps(exercise.notebook)))
            for cell in notebook.cells:
                cell.source = submission.answers[stem].get(cell.id, cell.source)
                if images := submission.attachments.get(stem, {}).get(cell.id):
                    cell.attachments = images
                if cell.cell_type == "code" and whole:
                    cell.outputs = [nbformat.from_dict(output) for output in whole.outputs.get(cell.id, [])]
            # half a character is written out, which is how JSON has it
            write_whole(path, encodable(nbformat.writes(notebook, allow_nan=False)))


def write_result(
    out: Path,
    submission: Submission,
    rows: Sequence[Row],
    result: Mapping[str, Any],
    exercises: Mapping[str, Exercise],
) -> None:
    """Write a student's page of feedback, and then the result with what the page shows."""
    folder = _folder(out, submission.student)
    sections = []
    for stem, exercise in exercises.items():
        path, answers = folder / f"{stem}.ipynb", submission.answers.get(stem, {})
        sections.append(
            {
                "stem": stem,
                "title": title_of(exercise.notebook, stem),
                "has_notebook": path.exists(),
                "answers": [(row, answers.get(row.task.name)) for row in rows if row.task.notebook == stem],
                "figures": _figures(json.loads(path.read_text())) if path.exists() else [],
            }
        )
    write_whole(folder / "index.html", feedback_html(submission.student, rows, sections))
    write_whole(folder / "result.json", json.dumps(dict(result) | {"shown": shown(rows)}))


def _folder(out: Path, student: str) -> Path:
    return out / "students" / student


def _figures(notebook: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures of a notebook file as (base64 of the PNG, what it shows)."""
    displays = [output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", [])]
    joined = [{kind: "".join(data[kind]) for kind in ("image/png", "text/plain") if kind in data} for data in displays]
    return [("".join(d["image/png"].split()), alternative_text({"data": d})) for d in joined if "image/png" in d]
