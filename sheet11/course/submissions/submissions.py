"""A student's hand-in: which of its files count, and their cells."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.submissions.attachments import Attachments, put_away, taken_out, with_images
from sheet11.course.submissions.images import Room
from sheet11.course.submissions.matching import Asked, Matched, match
from sheet11.course.submissions.reading import Cell, UnreadableError, read_cells
from sheet11.course.tasks import Task, grade_id
from sheet11.course.text import digest_of, visible

LONGEST_KEY = 200  # bytes
LONGEST = 100_000  # characters of a cell, images aside
MOST_NOTEBOOKS = 200  # of a hand-in that are looked at: the newest
MOST_IMAGES = 30  # of a notebook
MOST_PIXELS = 300_000_000  # of them together, before they are made smaller


class HandedCell(NamedTuple):
    """A cell of a student's notebook."""

    name: str | None  # grade_id of the sheet's cell that it is
    place: (
        int | None
    )  # of that cell in the student edition, also if it has no grade_id; None was added
    cell_type: str
    source: str
    images: str  # of a text, as `put_away` has named them; empty without any


class Submission(NamedTuple):
    """The work of one student, by notebook."""

    student: str  # as `key_of` makes it
    answers: dict[str, dict[str, str]]  # sources by grade_id
    problems: dict[str, str]  # why something is not there, by notebook, or by NOTEBOOK/CELL
    images: dict[str, dict[str, str]] = {}  # of the answers, as `put_away` has named them
    error: str | None = (
        None  # why what was handed in could not be read, which is not the student's fault
    )
    notebooks: dict[str, list[HandedCell]] = {}  # with the cells that the student has added
    remarks: dict[str, str] = {}  # by NOTEBOOK/TASK: why a person should look at it
    elsewhere: dict[
        str, list[int]
    ] = {}  # by NOTEBOOK/TASK: numbers of cells that may be part of the answer


class Handed(NamedTuple):
    """A file of a hand-in, or a folder."""

    path: Path
    name: str  # as the student called it
    number: int = 0  # of Canvas's attachment: newer ones have higher ones
    depth: int = 0  # folders and archives around it


class Chosen(NamedTuple):
    """Which of a hand-in's notebooks count."""

    cells: dict[str, list[Cell]]  # by stem
    problems: dict[str, str]  # why there is none, by stem
    notes: list[str]  # what was decided
    paths: list[Path]  # of the files


def choose_notebooks(files: Iterable[Handed], wanted: Mapping[str, Asked]) -> Chosen:
    """The newest notebook for each stem; what a file is, the names of its cells say, whatever it is called.

    Of notebooks whose cells have the same names the file's name decides. A file that holds no cell of the sheet counts
    for the stem that it is named after, if no other does.

    Args:
        files: of one hand-in.
        wanted: what is asked for, by the stem of the notebook.

    Raises:
        OSError: a file cannot be read.
    """
    found: dict[str, list[tuple[Handed, list[Cell]]]] = {stem: [] for stem in wanted}
    unread: dict[str, str] = {}
    for file in sorted(files, key=_age)[-MOST_NOTEBOOKS:]:
        try:
            cells = read_cells(file.path)
        except UnreadableError as error:
            unread[file.name] = visible(str(error).replace(file.path.name, file.name))
        else:
            if stem := _stem_of(file.name, cells, wanted):
                found[stem].append((file, cells))
    chosen = Chosen({}, {}, [], [])
    for stem, several in found.items():
        known = [each for each in several if _names(each[1], wanted[stem])]
        several = known or several
        if not several:
            called = next((name for name in unread if _is_called(name, stem)), None)
            chosen.problems[stem] = unread.pop(called) if called else f"there is no {stem}.ipynb"
            continue
        file, cells = several[-1]
        chosen.cells[stem] = cells
        chosen.paths.append(file.path)
        if differing := [other.name for other, held in several if held != cells]:
            names = ", ".join(differing)
            chosen.notes.append(f"{names} and {file.name} differ, and the last one was taken")
    return chosen._replace(notes=[*map(visible, chosen.notes), *unread.values()])


def read_submission(student: str, chosen: Chosen, wanted: Mapping[str, Asked]) -> Submission:
    """Return the notebooks that count, their answers, and what a person should look at."""
    submission = Submission(student, {}, dict(chosen.problems), {}, None, {}, {}, {})
    for stem, cells in chosen.cells.items():
        matched = match(cells, wanted[stem])
        handed, problems = _handed(matched, wanted[stem])
        submission.notebooks[stem] = handed
        submission.answers[stem] = {}
        submission.images[stem] = {}
        for cell in handed:
            if cell.name in wanted[stem].answers and cell.name not in problems:
                submission.answers[stem][cell.name] = cell.source
                if cell.images:
                    submission.images[stem][cell.name] = cell.images
        for name, problem in problems.items():
            submission.problems[f"{stem}/{name}"] = problem
        submission.remarks.update(matched.remarks)
        submission.elsewhere.update(matched.elsewhere)
    return submission


def _handed(matched: Matched, asked: Asked) -> tuple[list[HandedCell], dict[str, str]]:
    """Return the cells with their images, and why a cell is empty here, by its name or number.

    Where there is no room for all images, those of answers come first.
    """
    room = Room(MOST_IMAGES, MOST_PIXELS)
    problems: dict[str, str] = {}
    handed: dict[int, HandedCell] = {}
    for number, cell in sorted(
        enumerate(matched.cells), key=lambda each: each[1].name not in asked.answers
    ):
        place = matched.places.get(number)
        name = None if place is None else grade_id(asked.cells[place])
        source, images = cell.source, Attachments()
        if cell.cell_type != "code":
            source, images = with_images(source, cell.attachments, room)
        if len(source) > LONGEST:
            problems[name or str(number)] = f"the answer has more than {LONGEST} characters"
            source, images = "", {}
        kept = put_away(images) if images else ""
        handed[number] = HandedCell(name, place, cell.cell_type, source, kept)
    return [handed[number] for number in sorted(handed)], problems


def handed_for(submission: Submission, task: Task) -> tuple[str, Attachments]:
    """Return the work for a task, with its images: its answers, then cells elsewhere that may be part of them."""
    cells = submission.notebooks.get(task.notebook, [])
    parts = [cell for name in task.answers for cell in cells if cell.name == name]
    parts += [cells[number] for number in submission.elsewhere.get(task.column, [])]
    sources = []
    images: Attachments = {}
    for number, cell in enumerate(parts, start=1):
        source = cell.source
        for name, image in (taken_out(cell.images) if cell.images else {}).items():
            new = f"{number}-{name}" if name in images else name
            images[new] = image
            source = re.sub(rf"attachment:{re.escape(name)}(?![\w.-])", f"attachment:{new}", source)
        sources.append(source)
    return "\n\n".join(sources), images


def key_of(name: str) -> str:
    """The name of a student's folder as a name for tables, pages and files: legible, short, and different for each.

    A name that is neither is changed, and then ends with a digest of what it was.
    """
    original = os.fsencode(name)
    key = visible(original.decode("utf-8", "backslashreplace"))
    if key == name and len(original) <= LONGEST_KEY and not re.search("~[0-9a-f]{12}$", name):
        return name
    short = key.encode()[: LONGEST_KEY - 13].decode("utf-8", "ignore")
    return f"{short}~{digest_of(original)[:12]}"


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


def _stem_of(name: str, cells: Sequence[Cell], wanted: Mapping[str, Asked]) -> str | None:
    """Return the notebook that a file is: the one that has most names of its cells, of several the one it is called."""
    counts = {stem: len(_names(cells, asked)) for stem, asked in wanted.items()}
    most = max(counts.values(), default=0)
    best = [stem for stem in wanted if counts[stem] == most]
    called = next((stem for stem in best if _is_called(name, stem)), None)
    return called or (best[0] if most else None)


def _names(cells: Sequence[Cell], asked: Asked) -> set[str]:
    """Return the names of a sheet's marked cells, or the editor's ids of them, that a notebook has."""
    ids = {asked.cells[place].get("id", "") for place in asked.names.values()} - {""}
    return {cell.name for cell in cells} & asked.names.keys() | {cell.id for cell in cells} & ids


def _is_called(name: str, stem: str) -> bool:
    """Tell whether a file is called like a notebook, or like a copy of it."""
    return (
        re.fullmatch(rf"{re.escape(stem)}(\W.*)?\.ipynb(\.\w+)?", name, re.DOTALL | re.IGNORECASE)
        is not None
    )
