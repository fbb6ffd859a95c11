"""A student's submission: the files of a hand-in that count, and their cells."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.submissions.attachments import (
    Attachments,
    store_images,
    stored_images,
    with_images,
)
from sheet11.course.submissions.images import ImageBudget
from sheet11.course.submissions.matching import BlankNotebook, Matched, match
from sheet11.course.submissions.people import listed
from sheet11.course.submissions.reading import Cell, UnreadableError, read_cells
from sheet11.course.tasks import Task, grade_id
from sheet11.course.text import digest_of, visible

LONGEST_KEY = 200  # bytes
LONGEST = 100_000  # characters of a cell, images aside
MOST_NOTEBOOKS = 200  # of a hand-in that are read: the newest
MOST_IMAGES = 30  # of a notebook
MOST_PIXELS = 300_000_000  # of all images of a notebook together, before they are scaled down
NUMBERS = r"(?i)(-Copy\d+)?(?:\((\d{1,4})\))?(?:-(\d{1,4}))?\.ipynb(\.\w+)?$"


class HandedCell(NamedTuple):
    """A cell of a student's notebook."""

    name: str | None  # grade_id of the matching cell of the sheet
    place: (
        int | None
    )  # index of that cell in the student edition; None if the student added the cell
    cell_type: str
    source: str
    images: str  # digest from `store_images`; empty without images


class Submission(NamedTuple):
    """Work of one student, by notebook."""

    student: str  # from `key_of`
    problems: dict[str, str] = {}  # why something is missing, by notebook, or by NOTEBOOK/CELL
    error: str | None = None  # why it could not be read, which is not the student's fault
    notebooks: dict[str, list[HandedCell]] = {}  # including cells that the student has added
    remarks: dict[str, str] = {}  # by NOTEBOOK/TASK: why a person should look at it
    elsewhere: dict[str, list[int]] = {}  # by NOTEBOOK/TASK: cells that may be part of the answer


class Handed(NamedTuple):
    """A file or folder of a hand-in."""

    path: Path
    name: str  # the student's name for it
    number: int = 0  # Canvas's number of the attachment, which grows with time
    depth: int = 0  # number of folders and archives around it
    late: str = ""  # "late" if the platform says so


class Candidate(NamedTuple):
    """A notebook that may count for its stem."""

    file: Handed
    cells: list[Cell]
    problem: str  # why it cannot be read
    is_of_sheet: bool  # whether it holds cells of the sheet


def read_submission(
    student: str, files: Iterable[Handed], wanted: Mapping[str, BlankNotebook]
) -> tuple[Submission, list[Path], list[str]]:
    """Return the newest notebook for each stem, recognised by the grade_ids of its cells, whatever its name.

    If several stems have cells with these grade_ids, the file's name decides, then the cells' ids. A file without cells
    of the sheet counts for the stem in its name if no other file does.

    Args:
        student: the student who handed them in.
        files: notebooks of one hand-in.
        wanted: the handed-out notebooks, by stem.

    Returns:
        The submission, the paths of its notebooks, and notes on what was decided.

    Raises:
        OSError: a file cannot be read.
    """
    by_stem: dict[str, list[Candidate]] = defaultdict(list)
    submission = Submission(student, {}, None, {}, {}, {})
    paths = []
    notes = []
    for file in sorted(files, key=_age)[-MOST_NOTEBOOKS:]:
        cells = []
        problem = ""
        try:
            cells = read_cells(file.path)
        except UnreadableError as error:
            problem = visible(str(error))
        ranks = [(_rank(file, cells, stem, blank), stem) for stem, blank in wanted.items()]
        (names, is_called, ids), best = max(ranks)
        if names or is_called or ids:
            by_stem[best].append(Candidate(file, cells, problem, names + ids > 0))
        elif problem:
            notes.append(problem)
    for stem, blank in wanted.items():
        candidates = sorted(by_stem[stem], key=lambda each: each.is_of_sheet)
        problem = candidates[-1].problem if candidates else f"there is no {stem}.ipynb"
        if problem:
            submission.problems[stem] = problem
            continue
        *others, last = candidates
        if differing := [each.file.name for each in others if each.cells != last.cells]:
            notes.append(
                f"{listed(differing)} and {last.file.name} differ, and the last one was taken"
            )
        paths.append(last.file.path)
        _take(submission, stem, match(last.cells, blank), blank)
    return submission, paths, notes


def _take(submission: Submission, stem: str, matched: Matched, blank: BlankNotebook) -> None:
    """Add a notebook to a submission."""
    submission.remarks.update(matched.remarks)
    submission.elsewhere.update(matched.elsewhere)
    handed = submission.notebooks[stem] = []
    budget = ImageBudget(MOST_IMAGES, MOST_PIXELS)
    for number, cell in enumerate(matched.cells):
        place = matched.places.get(number)
        name = None if place is None else grade_id(blank.cells[place])
        source = cell.source
        kept = ""
        if cell.cell_type != "code":
            source, images = with_images(source, cell.attachments, budget)
            kept = store_images(images)
        if len(source) > LONGEST:
            submission.problems[f"{stem}/{name}"] = f"the answer has more than {LONGEST} characters"
            source = kept = ""
        handed.append(HandedCell(name, place, cell.cell_type, source, kept))


def work_for(submission: Submission, task: Task) -> tuple[str, Attachments]:
    """Return a student's answers to a task, followed by other cells that may be part of them, and the images."""
    cells = submission.notebooks.get(task.notebook, [])
    parts = [cell for name in task.answers for cell in cells if cell.name == name]
    parts += [cells[number] for number in submission.elsewhere.get(task.column, [])]
    images: Attachments = {}
    for cell in parts:
        images |= stored_images(cell.images)
    return "\n\n".join(cell.source for cell in parts), images


def key_of(name: str) -> str:
    """Turn the name of a student's folder into a name for tables, pages and files: visible, short and unique.

    A name with invisible characters, or too long, is changed and gets a digest of the original at its end.
    """
    original = os.fsencode(name)
    key = visible(original.decode("utf-8", "backslashreplace"))
    if key == name and len(original) <= LONGEST_KEY and not re.search("~[0-9a-f]{12}$", name):
        return name
    short = key.encode()[: LONGEST_KEY - 13].decode("utf-8", "ignore")
    return f"{short}~{digest_of(original)[:12]}"


def _rank(
    file: Handed, cells: list[Cell], stem: str, blank: BlankNotebook
) -> tuple[int, bool, int]:
    """Return how well a file matches a notebook: by the grade_ids of its cells, then its name, then the cells' ids."""
    ids = {cell.get("id") for cell in blank.cells}
    called = rf"(?is){re.escape(stem)}(\W.*)?\.ipynb(\.\w+)?"
    return (
        sum(cell.name in blank.names for cell in cells),
        re.fullmatch(called, file.name) is not None,
        sum(cell.id in ids for cell in cells),
    )


def _age(file: Handed) -> tuple[Any, ...]:
    """Return a key that sorts the newest file last: by numbers in its name, then outer folders last, then by file time.

    Canvas appends -1, -2 to files that are handed in again, browsers (1), (2) to files that are downloaded again;
    JupyterLab's -Copy1 is an earlier state.
    """
    copy, downloaded, again, _ = re.findall(NUMBERS, file.name)[0]
    return (
        int(again or 0) if file.number else 0,
        int(downloaded or 0),
        not copy,
        -file.depth,
        file.number,
        file.path.lstat().st_mtime,
        file.name,
    )
