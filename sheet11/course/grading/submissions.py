"""What students have handed in, reduced to the answers: everything else in their files is ignored."""

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from sheet11.course.errors import FolderError, reason
from sheet11.course.grading.reading import Attachments, UnreadableError, read_answers
from sheet11.course.visible import visible

MOST_FILES = 2000
DEEPEST = 20  # folders within a student's
LONGEST_KEY = 200  # bytes


class Submission(NamedTuple):
    """One student's answers, by notebook and cell."""

    student: str  # as `key_of` makes it
    answers: dict[str, dict[str, str]]
    problems: dict[str, str]  # why something is not there, by notebook, or by NOTEBOOK/CELL
    attachments: dict[str, dict[str, Attachments]] = {}  # the images of the answers
    error: str | None = None  # why what was handed in could not be read, which is not the student's fault


def read_submissions(folder: Path, wanted: Mapping[str, Collection[str]]) -> list[Submission]:
    """One submission for each folder in `folder`, sorted by name.

    Symbolic links are not followed: they could lead to another student's answers. What cannot be read is the `error`
    of that submission.

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
    return [_try(folder / name, wanted) for name in tqdm(found, "read", unit="student", disable=None)]


def read_submission(folder: Path, wanted: Mapping[str, Collection[str]]) -> Submission:
    """The answers in one student's folder.

    Raises:
        OSError: something in it cannot be read.
    """
    submission = Submission(key_of(folder.name), {}, {}, {})
    linked = folder.is_symlink()
    files = [] if linked else list(_notebooks(str(folder)))
    for stem, ids in wanted.items():
        try:
            if linked:
                raise UnreadableError("the folder is a symbolic link, which is not followed")
            found = read_answers(_choose(files, stem), ids)
        except UnreadableError as error:
            submission.problems[stem] = visible(str(error))
        else:
            submission.answers[stem], submission.attachments[stem] = found.sources, found.attachments
            submission.problems.update((f"{stem}/{name}", problem) for name, problem in found.problems.items())
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


def _try(folder: Path, wanted: Mapping[str, Collection[str]]) -> Submission:
    try:
        return read_submission(folder, wanted)
    except Exception as error:  # whatever it is, it is about this student alone
        return Submission(key_of(folder.name), {}, {}, {}, f"what was handed in cannot be read: {reason(error)}")


def _notebooks(folder: str) -> Iterator[Path]:
    """The notebooks in a folder, those that are not too many nor too deep."""
    left = MOST_FILES

    def fail(error: OSError) -> None:
        raise error

    for where, folders, files in os.walk(folder, onerror=fail):
        deep = where.count(os.sep) - folder.count(os.sep) >= DEEPEST
        folders[:] = [] if deep else sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(".ipynb") and not name.startswith(".") and left:
                left -= 1
                yield Path(where, name)


def _choose(files: list[Path], stem: str) -> Path:
    """The file of exactly this name, or else the only one that looks like a copy of it."""
    exact = [path for path in files if path.name == f"{stem}.ipynb"]
    copies = [path for path in files if re.fullmatch(rf"{re.escape(stem)}\W.*\.ipynb", path.name)]
    candidates = exact or copies
    if not candidates:
        raise UnreadableError(f"there is no {stem}.ipynb")
    nearest = [path for path in candidates if len(path.parts) == min(len(path.parts) for path in candidates)]
    if len(nearest) > 1:
        raise UnreadableError(f"{' and '.join(path.name for path in nearest[:3])} could both be {stem}.ipynb")
    return nearest[0]
