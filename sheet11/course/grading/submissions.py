"""What students have handed in, reduced to the answers: everything else in their files is ignored."""

import os
import re
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import nbformat
from tqdm import tqdm

from sheet11.course.errors import FolderError

LARGEST = 50 << 20  # bytes of a notebook that is read
LONGEST = 100_000  # characters of an answer
MOST_FILES = 2000


class Submission(NamedTuple):
    """The answers of one student, by notebook and cell; what is not there is explained in `problems`, by notebook."""

    student: str
    answers: dict[str, dict[str, str]]
    problems: dict[str, str]


def read_submissions(folder: Path, wanted: Mapping[str, Collection[str]]) -> list[Submission]:
    """One submission for each folder in `folder`, sorted by name.

    Symbolic links are not followed: they could lead to another student's answers.

    Args:
        folder: holds a folder for each student.
        wanted: ids of the answer cells, by the stem of the notebook.

    Raises:
        FolderError: there is no such folder, or it holds none.
        OSError: the folder cannot be read.
    """
    if not folder.is_dir():
        raise FolderError(f"there is no folder {str(folder)!r}")
    found = sorted(entry.name for entry in os.scandir(folder) if not entry.name.startswith(".") and entry.is_dir())
    if not found:
        raise FolderError(f"{folder} holds no folders; it wants one for each student, with notebooks in it")
    return [read_submission(folder / name, wanted) for name in tqdm(found, "read", unit="student", disable=None)]


def read_submission(folder: Path, wanted: Mapping[str, Collection[str]]) -> Submission:
    """The answers in one student's folder."""
    answers, problems = {}, {}
    files = [] if folder.is_symlink() else _notebooks(folder)
    for stem, ids in wanted.items():
        try:
            if folder.is_symlink():
                raise _Unreadable("the folder is a symbolic link, which is not followed")
            answers[stem] = _answers(_choose(files, stem), ids)
        except _Unreadable as error:
            problems[stem] = str(error)
    return Submission(folder.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), answers, problems)


class _Unreadable(ValueError):
    """A notebook is missing or cannot be read; says why."""


def _notebooks(folder: Path) -> list[Path]:
    found: list[Path] = []
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(where, name) for name in sorted(files) if name.endswith(".ipynb") and not name.startswith(".")]
        if len(found) > MOST_FILES:
            break
    return found


def _choose(files: list[Path], stem: str) -> Path:
    """The file of exactly this name, or else the only one that looks like a copy of it."""
    exact = [path for path in files if path.name == f"{stem}.ipynb"]
    copies = [path for path in files if re.fullmatch(rf"{re.escape(stem)}\W.*\.ipynb", path.name)]
    candidates = exact or copies
    if not candidates:
        raise _Unreadable(f"there is no {stem}.ipynb")
    nearest = [path for path in candidates if len(path.parts) == min(len(path.parts) for path in candidates)]
    if len(nearest) > 1:
        raise _Unreadable(f"{' and '.join(path.name for path in nearest[:3])} could both be {stem}.ipynb")
    return nearest[0]


def _answers(path: Path, ids: Collection[str]) -> dict[str, str]:
    if path.is_symlink() or not path.is_file():
        raise _Unreadable(f"{path.name} is no regular file")
    if path.stat().st_size > LARGEST:
        raise _Unreadable(f"{path.name} has more than {LARGEST >> 20} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of missing cell ids and the like, which do not matter here
            notebook = nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)
        cells = [(cell.metadata.get("nbgrader", {}), cell.get("id"), str(cell.source)) for cell in notebook.cells]
    except Exception as error:  # nbformat raises many types for what is no notebook
        raise _Unreadable(f"{path.name} is no Jupyter notebook") from error
    answers: dict[str, str] = {}
    for marks, name, source in cells:
        marked = marks.get("grade_id") if isinstance(marks, dict) else None
        if (answer := marked if marked in ids else name) in ids:
            if len(source) > LONGEST:
                raise _Unreadable(f"{path.name} has an answer of more than {LONGEST} characters")
            answers[str(answer)] = source  # the last one, if the cell was copied
    return answers
