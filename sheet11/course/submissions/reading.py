"""One notebook file that somebody else has written: opened once, measured, parsed, and reduced to answers."""

import contextlib
import json
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sheet11.course.submissions.attachments import Attachments, joined, with_images
from sheet11.course.submissions.images import Room
from sheet11.course.text import encodable

LARGEST = 50 << 20  # bytes of a notebook
MOST_VALUES = 2_000_000  # in its JSON: each takes up to some hundred bytes of memory
LONGEST = 100_000  # characters of an answer, images aside
MOST_IMAGES = 30  # of a notebook's answers
MOST_PIXELS = 300_000_000  # of them together, before they are made smaller


class UnreadableError(ValueError):
    """A student's notebook is missing, or is none; says why."""


class Answers(NamedTuple):
    """The answers in a notebook by cell, with their images, and why an answer is not among them."""

    sources: dict[str, str]
    attachments: dict[str, Attachments]
    problems: dict[str, str]


def read_cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook file in any version of the format, as they stand there: nothing in them is checked.

    Raises:
        UnreadableError: there is no notebook in the file.
        OSError: the file cannot be read.
    """
    with opened(path) as file:
        content = file.read(min(os.fstat(file.fileno()).st_size, LARGEST) + 1)
    if len(content) > LARGEST:
        raise UnreadableError(f"{path.name} has more than {LARGEST >> 20} MB")
    if sum(map(content.count, (b"[", b"{", b",", b":"))) > MOST_VALUES:
        raise UnreadableError(f"{path.name} has more than {MOST_VALUES} values")
    try:
        notebook = json.loads(content)
        sheets = (
            notebook["worksheets"] if "worksheets" in notebook else [notebook]
        )  # before version 4
        cells = [cell for sheet in sheets for cell in sheet["cells"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UnreadableError(f"{path.name} is no Jupyter notebook") from error
    if not all(isinstance(cell, dict) for cell in cells):
        raise UnreadableError(f"{path.name} is no Jupyter notebook")
    return cells


def answers_in(cells: Collection[dict[str, Any]], ids: Collection[str]) -> Answers:
    """The answers among a notebook's cells, by the ids of their cells; of several copies of one the last one counts."""
    found = {}
    for cell in cells:
        if (name := answer_id(cell, ids)) and (
            source := joined(cell.get("source", cell.get("input")))
        ) is not None:
            found[name] = (source, cell)
    answers, room = Answers({}, {}, {}), Room(MOST_IMAGES, MOST_PIXELS)
    for name, (source, cell) in found.items():
        if cell.get("cell_type") != "code":
            source, images = with_images(source, cell.get("attachments"), room)
            if images:
                answers.attachments[name] = images
        if len(source) > LONGEST:
            answers.attachments.pop(name, None)
            answers.problems[name] = f"the answer has more than {LONGEST} characters"
        else:
            answers.sources[name] = encodable(source)
    return answers


def answer_id(cell: dict[str, Any], ids: Collection[str]) -> str | None:
    """Which of the answers a cell holds, by nbgrader's `grade_id`, or by its own id where the marks are lost."""
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    candidates = [marks.get("grade_id") if isinstance(marks, dict) else None, cell.get("id")]
    return next((name for name in candidates if isinstance(name, str) and name in ids), None)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file; what the name stands for is looked at once it is open.

    Raises:
        UnreadableError: it is none.
        OSError: it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if os.path.islink(path) or (os.path.exists(path) and not os.path.isfile(path)):
            raise UnreadableError(f"{path.name} is no regular file") from error
        raise
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableError(f"{path.name} is no regular file")
        yield file
