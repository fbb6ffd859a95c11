"""What a grading leaves of each student: the notebooks and the result; and how all can be repeated.

A student's folder, `students/NAME`, holds the sheet's notebooks with the student's answers, executed; and
`result.json`, which is written last: where it is, all of a student is.
"""

import json
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import nbformat

from sheet11.course import VERSION
from sheet11.course.book.scores import Score
from sheet11.course.book.store import student_folder
from sheet11.course.files import write_private
from sheet11.course.grading.examine import Examination, Findings
from sheet11.course.grading.exercises import Exercise
from sheet11.course.sandbox.sandbox import Batch
from sheet11.course.submissions.attachments import taken_out
from sheet11.course.submissions.submissions import Submission
from sheet11.course.text import encodable
from sheet11.lab.records import MIME_TYPE

RESULT = "result.json"
DESCRIPTION = "grading.json"
T = TypeVar("T")


class Result(NamedTuple):
    """What the grading found of a student."""

    key: str  # of the examination
    error: str | None  # why it failed
    scores: dict[str, Score]  # by column
    seconds: float = 0.0  # that it took
    drawing: int = 0  # number of the parameters that the answers ran under


def choose_seed(out: Path, seed: int | None) -> int:
    """The seed of the parameters: what is asked for, else that of the grading that `out` holds, else a new one."""
    seed = stored(out / DESCRIPTION, "seed", int) if seed is None else seed
    return secrets.randbelow(2**32) if seed is None else seed


def stored(path: Path, key: str, kind: Callable[[Any], T]) -> T | None:
    """What a file of a grading holds under a key; None if it is not there, or damaged."""
    try:
        return kind(json.loads(path.read_text())[key])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_description(
    out: Path,
    seed: int,
    given: Mapping[str, Any],
    students: Mapping[str, int],
    drawn: Mapping[int, dict[str, Exercise]],
    title: str,
) -> None:
    """Write what is needed to grade again in exactly the same way, and who had which parameters.

    Args:
        out: folder of the grading.
        seed: of the drawing.
        given: parameters that were not drawn.
        students: number of the parameters that each student had.
        drawn: exercises by that number.
        title: of the sheet.
    """
    parameters = {
        number: {
            stem: exercise.notebook.metadata.get("papermill", {}).get("parameters", {})
            for stem, exercise in exercises.items()
        }
        for number, exercises in drawn.items()
    }
    content: dict[str, Any] = {
        "sheet11": VERSION,
        "title": title,
        "seed": seed,
        "given": dict(given),
    }
    content |= {"parameters": parameters, "students": dict(students)}
    write_private(out / DESCRIPTION, json.dumps(content, indent=1))


def stored_result(out: Path, examination: Examination, columns: Collection[str]) -> Result | None:
    """The result of exactly this examination for these columns, if it is there, and all that belongs to it."""
    folder = student_folder(out, examination.name)
    try:
        if not all(_is_whole(folder / f"{stem}.ipynb") for stem in examination.answers):
            return None
        found = json.loads((folder / RESULT).read_text())
        scores = {column: Score(*found["scores"][column]) for column in columns}
        its = found["key"], found["error"], scores, float(found["seconds"]), int(found["drawing"])
        return Result(*its) if found["key"] == examination.key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_whole(path: Path) -> bool:
    """Whether a file of JSON has an end; it was renamed when it was written, but a machine can lose power."""
    with open(path, "rb") as file:
        file.seek(max(path.stat().st_size - 2, 0))
        return b"}" in file.read()


def write_result(out: Path, student: str, result: Result) -> None:
    """Write what the grading found, after everything else of the student."""
    write_private(student_folder(out, student) / RESULT, json.dumps(result._asdict()))


def write_notebooks(
    out: Path, submission: Submission, findings: Findings | None, exercises: Mapping[str, Exercise]
) -> None:
    """Write the sheet's notebooks with a student's answers and what they showed, in the place of an earlier result."""
    (student_folder(out, submission.student) / RESULT).unlink(missing_ok=True)
    for stem, exercise in exercises.items():
        path = student_folder(out, submission.student) / f"{stem}.ipynb"
        path.unlink(missing_ok=True)
        if findings and stem in submission.answers:
            whole = findings.whole.get(stem)
            notebook = nbformat.from_dict(json.loads(json.dumps(exercise.notebook)))
            for cell in notebook.cells:
                cell.source = submission.answers[stem].get(cell.id, cell.source)
                images = submission.images.get(stem, {}).get(cell.id)
                if images and cell.cell_type != "code":
                    cell.attachments = taken_out(images)
                if cell.cell_type == "code" and whole:
                    cell.outputs = [
                        nbformat.from_dict(shown) for shown in _without_records(whole, cell.id)
                    ]
            # half a character is written out, which is how JSON has it
            write_private(path, encodable(nbformat.writes(notebook, allow_nan=False)))


def _without_records(batch: Batch, cell: str) -> Iterator[dict[str, Any]]:
    """What a cell showed but for records, which another student could hand in."""
    for output in batch.outputs.get(cell, []):
        if MIME_TYPE not in output.get("data", {}):
            yield output
