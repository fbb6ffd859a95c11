"""Find hand-ins in the layouts of Moodle, Canvas, nbgrader, GitHub Classroom and plain folders."""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from sheet11.course.submissions.archives import is_notebook
from sheet11.course.submissions.people import Identity
from sheet11.course.submissions.submissions import Handed

LAYOUTS = (
    # Anna Müller_1234567_assignsubmission_file, optionally with a file name after it; a group has its name and number,
    # students without a group have `Default group` without a number; see mod_assign's downloader
    r"(?P<name>.*?)(?:_(?P<id>\d+))?_assignsubmission_[a-z]+(?:_(?P<file>[^/]*))?/?",
    # mülleranna_LATE_123_456_01.ipynb, LATE_anon_x9y_456_01.ipynb, mülleranna_123_text.html; see content_zipper.rb
    r"(?:(?!LATE_)(?P<name>.+?)_)?(?:(?P<late>LATE)_)?(?P<id>\d+|anon_[A-Za-z0-9]+)_"
    r"(?:(?P<number>\d+)_(?P<file>[^/]+)|(?:text|link)\.html)",
    # a folder or a zip file for each student
    r"(?P<name>.*)(?:/|\.zip)",
)
CLONE = ".git"
DEEPEST = 20  # levels of folders and archives in a hand-in

HandIns = dict[Identity, list[Handed]]  # the files and folders of each student or group


def find_hand_ins(
    root: Path, title: str, assignment: str = "", out: Path | None = None
) -> tuple[HandIns, list[str]]:
    """Return the hand-ins in a folder, and the names of links and notebooks that belong to no student.

    Args:
        root: unpacked download of a class.
        title: name of the download, without its suffix.
        assignment: nbgrader's subfolder in each student's folder.
        out: folder of results, skipped if it is inside.

    Raises:
        OSError: the folder cannot be read.
    """
    root = _inner(root, title)
    entries = _entries(root)
    # GitHub Classroom puts the assignment before every login
    clones = [path.name for path in entries if os.path.exists(path / CLONE)]
    prefix = re.sub("[^-]*$", "", os.path.commonprefix(clones))
    if not any(os.path.isdir(path / assignment) for path in entries):
        assignment = ""
    hand_ins: HandIns = defaultdict(list)
    numbered: dict[str, Identity] = {}
    loose = []
    for path in entries:
        if out and out.resolve().is_relative_to(path.resolve()):
            continue
        if fields := _fields(path):
            number = fields.get("id", "")
            who = Identity(number, name=fields["name"].removeprefix(prefix))
            if number:  # stays when the name is corrected
                who = numbered.setdefault(number, who)
            source = Handed(
                path / assignment,
                name=fields.get("file") or path.name,
                number=int(fields.get("number") or 0),
                late=fields.get("late", "").lower(),
            )
            hand_ins[who].append(source)
        elif is_notebook(path.name) or path.is_symlink():
            loose.append(path.name)
    return hand_ins, loose


def files_of(source: Handed) -> Iterator[Handed]:
    """Yield the files of a source, down to `DEEPEST`, without hidden ones; links are not followed.

    Raises:
        OSError: a folder cannot be read.
    """
    if source.path.is_file() or source.path.is_symlink():
        yield source
    elif source.path.is_dir() and source.depth <= DEEPEST:
        for path in _entries(source.path):
            inside = source._replace(path=path, name=path.name, depth=source.depth + 1)
            yield from files_of(inside)


def _inner(root: Path, title: str) -> Path:
    """Return the folder that holds the hand-ins: nbgrader's `submitted`, a packed top folder, or the root."""
    if (root / "submitted").is_dir():
        return root / "submitted"
    match _entries(root):
        case [inner] if inner.is_dir():
            inside = _entries(inner)
            is_packed = inner.name == title and any(path.is_dir() for path in inside)
            if is_packed or any("id" in _fields(path) for path in inside):
                return inner
    return root


def _fields(path: Path) -> dict[str, str]:
    """Return the fields in the name of a file or folder; empty for links and names in none of the layouts."""
    if path.is_symlink():
        return {}
    name = unicodedata.normalize("NFC", path.name) + "/" * path.is_dir()
    for layout in LAYOUTS:
        if match := re.fullmatch(f"(?is){layout}", name):
            return match.groupdict("")
    return {}


def _entries(folder: Path) -> list[Path]:
    """Return the entries of a folder, except hidden files and those of macOS."""
    return [
        path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "__MACOSX"))
    ]
