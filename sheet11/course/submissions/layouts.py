"""Find hand-ins in the layouts of Moodle, Canvas, nbgrader, GitHub Classroom and plain folders."""

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sheet11.course.submissions.archives import CLONE, is_left_behind, is_notebook
from sheet11.course.submissions.people import Identity
from sheet11.course.submissions.submissions import Handed

# Anna Müller_1234567_assignsubmission_file, optionally with a file name after it; a group has its name and number,
# students without a group have `Default group` without a number; see mod_assign's downloader
MOODLE = re.compile(
    r"(?P<name>.*?)(?:_(?P<id>\d+))?_assignsubmission_[a-z]+(?:_(?P<file>.*))?", re.DOTALL
)
# mülleranna_LATE_123_456_01.ipynb, LATE_anon_x9y_456_01.ipynb, mülleranna_123_text.html; see content_zipper.rb
CANVAS = re.compile(
    r"(?:(?!LATE_)(?P<name>.+?)_)?(?:(?P<late>LATE)_)?(?P<id>\d+|anon_[A-Za-z0-9]+)_"
    r"(?:(?P<attachment>\d+)_(?P<file>.+)|(?:text|link)\.html)",
    re.DOTALL,
)
MOST_FILES = 2000  # in a folder or an archive
DEEPEST = 20  # levels of folders in a student's


class HandIn(NamedTuple):
    """The files of one student or group."""

    key: str  # unique
    who: Identity
    sources: tuple[Handed, ...]  # folders and files
    label: str = ""  # file name for feedback in Canvas
    late: bool = False


def find_hand_ins(
    root: Path, title: str, out: Path | None = None
) -> tuple[list[HandIn], list[str]]:
    """Return the hand-ins in a folder, sorted by key, and the names of notebooks that belong to no student.

    Args:
        root: unpacked download of a class.
        title: name of the download, without its suffix.
        out: folder of results, skipped if it is inside.

    Raises:
        OSError: the folder cannot be read.
    """
    root = _inner(root, title)
    entries = _entries(root)
    prefix = _prefix_of_clones(
        [path.name for path in entries if os.path.exists(path / CLONE)], root.name
    )
    found: dict[str, HandIn] = {}
    loose = []
    for path in entries:
        if out and out.resolve().is_relative_to(path.resolve()):
            continue
        if hand_in := _recognised(path, prefix):
            if other := found.get(hand_in.key):
                hand_in = other._replace(
                    sources=other.sources + hand_in.sources, late=other.late or hand_in.late
                )
            found[hand_in.key] = hand_in
        elif is_notebook(path.name):
            loose.append(path.name)
    return [found[key] for key in sorted(found)], loose


def files_of(source: Handed) -> Iterator[Handed]:
    """Yield the files of a source, up to `MOST_FILES` and `DEEPEST`, without hidden ones.

    Raises:
        OSError: a folder cannot be read.
    """
    if not source.path.is_dir():
        yield source
        return
    left = MOST_FILES
    for where, folders, files in os.walk(source.path, onerror=_fail):
        depth = len(Path(where).parts) - len(source.path.parts)
        inside = folders if depth < DEEPEST else []
        folders[:] = sorted(name for name in inside if not is_left_behind(name))
        for name in sorted(name for name in files if not is_left_behind(name))[:left]:
            left -= 1
            yield Handed(Path(where, name), name, source.number, source.depth + depth)


def _fail(error: OSError) -> None:
    raise error


def _recognised(path: Path, prefix: str) -> HandIn | None:
    """Return the hand-in in a file or folder of a class; None if it is not one."""
    name = unicodedata.normalize("NFC", path.name)
    is_folder = path.is_dir()
    match = MOODLE.fullmatch(name) or (None if is_folder else CANVAS.fullmatch(name))
    if match:
        fields = match.groupdict("")
        number = int(fields.get("attachment") or 0)
        return HandIn(
            key="_".join(filter(None, (fields["name"], fields["id"]))),
            who=Identity(id=fields["id"], name=fields["name"]),
            sources=(Handed(path, fields["file"] or name, number),),
            label=path.name if number else "",
            late=bool(fields.get("late")),
        )
    sources = (Handed(path, name),)
    if is_folder and os.path.exists(path / CLONE):
        login = name.removeprefix(prefix)
        return HandIn(login, Identity(login=login), sources)
    if is_folder or path.suffix.lower() == ".zip":
        key = name if is_folder else Path(name).stem
        return HandIn(key, Identity(name=key), sources)
    return None


def _inner(root: Path, title: str) -> Path:
    """Return the folder that holds the hand-ins: nbgrader's `submitted`, a packed top folder, or the root."""
    if (root / "submitted").is_dir():
        return root / "submitted"
    entries = _entries(root)
    if len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink():
        inside = _entries(entries[0])
        is_packed = entries[0].name == title and any(path.is_dir() for path in inside)
        patterns = (MOODLE, CANVAS)
        if is_packed or any(each.fullmatch(path.name) for path in inside for each in patterns):
            return entries[0]
    return root


def _entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not is_left_behind(path.name))


def _prefix_of_clones(names: list[str], folder: str) -> str:
    """Return the assignment, which GitHub Classroom puts before every login."""
    own = f"{folder.removesuffix('-submissions')}-"
    if all(name.startswith(own) for name in names):
        return own
    common = os.path.commonprefix(names) if len(names) > 1 else ""
    return common[: common.rfind("-") + 1]
