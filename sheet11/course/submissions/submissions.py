"""What a student has handed in: which files count, and what their cells are."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.submissions.attachments import Attachments, put_away, with_images
from sheet11.course.submissions.images import Room
from sheet11.course.submissions.matching import Asked, Matched, match
from sheet11.course.submissions.reading import Cell, UnreadableError, read_cells
from sheet11.course.tasks import grade_id
from sheet11.course.text import visible

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
    """What one student has handed in, by notebook."""

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
    found: dict[str, list[tuple[bool, Handed, list[Cell]]]] = {stem: [] for stem in wanted}
    unread: dict[str, str] = {}
    for file in sorted(files, key=_age)[-MOST_NOTEBOOKS:]:
        try:
            cells = read_cells(file.path)
        except UnreadableError as error:
            unread[file.name] = visible(str(error).replace(file.path.name, file.name))
            continue
        stem, known = _stem_of(file.name, cells, wanted)
        if stem:
            found[stem].append((known, file, cells))
    chosen = Chosen({}, {}, [], [])
    for stem, several in found.items():
        several = [each for each in several if each[0]] or several
        if several:
            _, file, cells = several[-1]
            chosen.cells[stem] = cells
            chosen.paths.append(file.path)
            others = [each.name for _, each, other in several[:-1] if other != cells]
            if others:
                names = ", ".join(others)
                chosen.notes.append(f"{names} and {file.name} differ, and the last one was taken")
        else:
            called = next((name for name in unread if _is_called(name, stem)), None)
            chosen.problems[stem] = unread.pop(called) if called else f"there is no {stem}.ipynb"
    return chosen._replace(notes=[*map(visible, chosen.notes), *unread.values()])


def read_submission(student: str, chosen: Chosen, wanted: Mapping[str, Asked]) -> Submission:
    """The notebooks that count, with their answers and what a person should look at."""
    submission = Submission(student, {}, dict(chosen.problems), {}, None, {}, {}, {})
    for stem in wanted:
        if stem not in chosen.cells:
            continue
        matched = match(chosen.cells[stem], wanted[stem])
        handed, problems = _handed(matched, wanted[stem])
        submission.notebooks[stem] = handed
        submission.problems.update((f"{stem}/{name}", said) for name, said in problems.items())
        answers = {cell.name: cell for cell in handed if cell.name in wanted[stem].answers}
        answers = {name: cell for name, cell in answers.items() if name not in problems}
        submission.answers[stem] = {str(name): cell.source for name, cell in answers.items()}
        submission.images[stem] = {
            str(name): cell.images for name, cell in answers.items() if cell.images
        }
        submission.remarks.update((f"{stem}/{t}", said) for t, said in matched.remarks.items())
        submission.elsewhere.update((f"{stem}/{t}", near) for t, near in matched.elsewhere.items())
    return submission


def _handed(matched: Matched, asked: Asked) -> tuple[list[HandedCell], dict[str, str]]:
    """The cells with their images, and why a cell is empty here, by its name or number.

    Answers come first where there is no room for all images.
    """
    room, problems = Room(MOST_IMAGES, MOST_PIXELS), dict[str, str]()
    handed: dict[int, HandedCell] = {}
    numbers = range(len(matched.cells))
    for number in sorted(numbers, key=lambda n: matched.places[n] not in asked.answers.values()):
        cell, place = matched.cells[number], matched.places[number]
        name = None if place is None else grade_id(asked.cells[place])
        source, images = cell.source, Attachments()
        if cell.cell_type != "code":
            source, images = with_images(source, cell.attachments, room)
        if len(source) > LONGEST:
            problems[name or str(number)] = f"the answer has more than {LONGEST} characters"
            source, images = "", {}
        kept = put_away(images) if images else ""
        handed[number] = HandedCell(name, place, cell.cell_type, source, kept)
    return [handed[number] for number in numbers], problems


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


def _stem_of(
    name: str, cells: Sequence[Cell], wanted: Mapping[str, Asked]
) -> tuple[str | None, bool]:
    """Which notebook a file is: the one that has most of its cells' names, of several the one that it is called.

    Returns:
        The stem, None if it is no notebook of the sheet; and if it has any of its names.
    """
    names = {cell.name for cell in cells} | {cell.id for cell in cells}
    counts = {stem: len(names & asked.known) for stem, asked in wanted.items()}
    most = max(counts.values(), default=0)
    if not most:
        return next((stem for stem in wanted if _is_called(name, stem)), None), False
    best = [stem for stem in wanted if counts[stem] == most]
    return next((stem for stem in best if _is_called(name, stem)), best[0]), True


def _is_called(name: str, stem: str) -> bool:
    """Whether a file is called like a notebook, or like a copy of it."""
    return (
        re.fullmatch(rf"{re.escape(stem)}(\W.*)?\.ipynb(\.\w+)?", name, re.DOTALL | re.IGNORECASE)
        is not None
    )
