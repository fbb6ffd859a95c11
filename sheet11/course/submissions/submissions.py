"""What a student has handed in, reduced to the answers: everything else in the files is ignored."""

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.submissions.attachments import put_away
from sheet11.course.submissions.reading import UnreadableError, answer_id, answers_in, read_cells
from sheet11.course.text import visible

LONGEST_KEY = 200  # bytes
MOST_NOTEBOOKS = 200  # of a hand-in that are looked at: the newest

Cells = list[dict[str, Any]]


class Submission(NamedTuple):
    """One student's answers, by notebook and cell."""

    student: str  # as `key_of` makes it
    answers: dict[str, dict[str, str]]
    problems: dict[str, str]  # why something is not there, by notebook, or by NOTEBOOK/CELL
    images: dict[str, dict[str, str]] = {}  # of the answers, as `put_away` has named them
    error: str | None = (
        None  # why what was handed in could not be read, which is not the student's fault
    )


class Handed(NamedTuple):
    """A file of a hand-in, or a folder."""

    path: Path
    name: str  # as the student called it
    number: int = 0  # of Canvas's attachment: newer ones have higher ones
    depth: int = 0  # folders and archives around it


class Chosen(NamedTuple):
    """Which of a hand-in's notebooks count."""

    cells: dict[str, Cells]  # by stem
    problems: dict[str, str]  # why there is none, by stem
    notes: list[str]  # what was decided
    paths: list[Path]  # of the files


def choose_notebooks(files: Iterable[Handed], wanted: Mapping[str, Collection[str]]) -> Chosen:
    """The newest notebook for each stem; what a file is, the ids of its cells say, whatever it is called.

    A file that holds none of them counts for the stem that it is named after.

    Args:
        files: of one hand-in.
        wanted: ids of the answer cells, by the stem of the notebook.

    Raises:
        OSError: a file cannot be read.
    """
    cells: dict[str, Cells] = {}
    paths: dict[str, Path] = {}
    names: dict[str, list[str]] = {stem: [] for stem in wanted}
    unread: dict[str, str] = {}
    for file in sorted(files, key=_age)[-MOST_NOTEBOOKS:]:
        try:
            found = read_cells(file.path)
        except UnreadableError as error:
            unread[file.name] = visible(str(error).replace(file.path.name, file.name))
            continue
        stem = _stem_of(found, wanted) or next(
            (stem for stem in wanted if _is_called(file.name, stem)), None
        )
        if stem:
            if stem in cells and _answers(cells[stem], wanted[stem]) == _answers(
                found, wanted[stem]
            ):
                names[stem].pop()
            names[stem].append(file.name)
            cells[stem], paths[stem] = found, file.path
    several = [(", ".join(of_one[:-1]), of_one[-1]) for of_one in names.values() if len(of_one) > 1]
    notes = [
        visible(f"{others} and {last} differ, and the last one was taken")
        for others, last in several
    ]
    problems = {}
    for stem in wanted:
        if stem not in cells:
            called = next((name for name in unread if _is_called(name, stem)), None)
            problems[stem] = unread.pop(called) if called else f"there is no {stem}.ipynb"
    return Chosen(cells, problems, notes + list(unread.values()), list(paths.values()))


def read_submission(
    student: str, chosen: Chosen, wanted: Mapping[str, Collection[str]]
) -> Submission:
    """The answers in the notebooks that count."""
    submission = Submission(student, {}, dict(chosen.problems), {})
    for stem, ids in wanted.items():
        if stem in chosen.cells:
            found = answers_in(chosen.cells[stem], ids)
            submission.answers[stem] = found.sources
            submission.images[stem] = {
                name: put_away(images) for name, images in found.attachments.items()
            }
            submission.problems.update(
                (f"{stem}/{name}", problem) for name, problem in found.problems.items()
            )
    return submission


def key_of(name: str) -> str:
    """The name of a student's folder as a name for tables, pages and files: legible, short, and different for each.

    A name that is neither is changed, and then ends with a digest of what it was.
    """
    original = os.fsencode(name)
    key = visible(original.decode("utf-8", "backslashreplace"))
    if key == name and len(original) <= LONGEST_KEY and not re.search("~[0-9a-f]{12}$", name):
        return name
    short = key.encode()[: LONGEST_KEY - 13].decode("utf-8", "ignore")
    return f"{short}~{hashlib.sha256(original).hexdigest()[:12]}"


def _age(file: Handed) -> tuple[Any, ...]:
    """Sorts the newest file last: by the numbers in names, then outer folders last, then by the time of the file.

    Canvas puts -1, -2 behind what is handed in again, browsers (1), (2) behind what is downloaded again; JupyterLab's
    -Copy1 is of an earlier state.
    """
    stem = re.sub(r"\.ipynb(\.\w+)?$", "", file.name, flags=re.IGNORECASE)
    again = re.search(r"-(\d{1,4})$", stem) if file.number else None
    downloaded = re.search(r"\((\d{1,4})\)$", stem[: again.start()] if again else stem)
    numbers = [int(match[1]) if match else 0 for match in (again, downloaded)]
    is_copy = bool(re.search(r"-Copy\d+$", stem))
    seconds = os.stat(file.path, follow_symlinks=False).st_mtime
    return (*numbers, not is_copy, -file.depth, file.number, seconds, file.name)


def _stem_of(cells: Cells, wanted: Mapping[str, Collection[str]]) -> str | None:
    """Which notebook these cells are of: the one that has most of their ids."""
    counts = {
        stem: sum(answer_id(cell, ids) is not None for cell in cells)
        for stem, ids in wanted.items()
    }
    best = max(counts, key=lambda stem: counts[stem], default=None)
    return best if best and counts[best] else None


def _answers(cells: Cells, ids: Collection[str]) -> list[Any]:
    return [
        (name, cell.get("source"), cell.get("attachments"))
        for cell in cells
        if (name := answer_id(cell, ids))
    ]


def _is_called(name: str, stem: str) -> bool:
    """Whether a file is called like a notebook, or like a copy of it."""
    return (
        re.fullmatch(rf"{re.escape(stem)}(\W.*)?\.ipynb(\.\w+)?", name, re.DOTALL | re.IGNORECASE)
        is not None
    )
