"""Read an untrusted notebook file within limits."""

import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sheet11.course.engine.client import MOST_VALUES
from sheet11.course.errors import CourseError
from sheet11.course.submissions.attachments import joined
from sheet11.course.text import encodable

LARGEST = 50 << 20  # bytes of a notebook
MOST_CELLS = 2000  # of a notebook


class UnreadableError(CourseError):
    """A notebook or an archive that cannot be read."""


class Cell(NamedTuple):
    """A cell of a student's notebook, in any version of the format."""

    name: str  # grade_id in nbgrader's metadata; empty without one
    id: str  # assigned by the editor; empty without one
    cell_type: str
    source: str
    attachments: Any = None  # of any type


def read_cells(path: Path) -> list[Cell]:
    """Return the cells of a notebook file in any version of the format.

    Raises:
        UnreadableError: the file is not a notebook, or too large.
        OSError: the file cannot be read.
    """
    with opened(path) as file:
        content = b"" if os.path.getsize(path) > LARGEST else file.read()
    try:
        if sum(map(content.count, (b"[", b"{", b",", b":"))) > MOST_VALUES:
            raise ValueError
        notebook = json.loads(content)
        sheets = notebook.get("worksheets", [notebook])  # before version 4
        cells = [_cell(cell) for sheet in sheets for cell in sheet["cells"]]
        if len(cells) > MOST_CELLS:
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"{path.name} is not a Jupyter notebook, or too large") from error
    return cells


def _cell(cell: dict[str, Any]) -> Cell:
    match cell:
        case {"metadata": {"nbgrader": {"grade_id": str() as name}}}:
            pass
        case _:
            name = ""
    return Cell(
        name=name,
        id=joined(cell.get("id")),
        cell_type="code" if cell.get("cell_type") == "code" else "markdown",
        source=encodable(joined(cell.get("source", cell.get("input")))),
        attachments=cell.get("attachments"),
    )


def opened(path: Path) -> BinaryIO:
    """Open a regular file.

    Raises:
        UnreadableError: it is a symbolic link, a pipe, or the like.
        OSError: it cannot be read.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise UnreadableError(f"{path.name} is not a regular file")
    # it may be replaced by a link or a pipe after it was checked
    return open(
        path,
        "rb",
        opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK),
    )
