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
CLONE = ".git"
DEEPEST = 20  # levels of folders and archives in a student's

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
    clones = [path.name for path in entries if os.path.exists(path / CLONE)]
    prefix = _prefix_of_clones(clones, root.name)
    has_assignment = any((path / assignment).is_dir() for path in entries)
    inside = assignment if has_assignment else ""  # of each student's folder
    found: HandIns = defaultdict(list)
    loose = []
    for path in entries:
        name = unicodedata.normalize("NFC", path.name)
        source = Handed(path / inside, name)
        who = None
        if out and out.resolve().is_relative_to(path.resolve()):
            continue
        if path.is_symlink():
            loose.append(f"the link {path.name}")
        elif path.name in clones:
            who = Identity(login=name.removeprefix(prefix))
        elif match := _named_by_platform(name):
            fields = match.groupdict("")
            who = Identity(fields["id"], name=fields["name"])
            source = source._replace(
                name=fields["file"] or name,
                number=int(fields.get("attachment") or 0),
                is_late=bool(fields.get("late")),
            )
        elif path.is_dir():
            who = Identity(name=name)
        elif path.suffix.lower() == ".zip":
            who = Identity(name=Path(name).stem)
        elif is_notebook(name):
            loose.append(path.name)
        if who:
            found[who].append(source)
    return found, loose


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
    entries = _entries(root)
    if len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink():
        inside = _entries(entries[0])
        is_packed = entries[0].name == title and any(path.is_dir() for path in inside)
        if is_packed or any(_named_by_platform(path.name) for path in inside):
            return entries[0]
    return root


def _named_by_platform(name: str) -> re.Match[str] | None:
    return MOODLE.fullmatch(name) or CANVAS.fullmatch(name)


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder, without hidden files and those of macOS."""
    names = sorted(os.listdir(folder))
    return [folder / name for name in names if name != "__MACOSX" and name[0] != "."]


def _prefix_of_clones(names: list[str], folder: str) -> str:
    """Return the assignment, which GitHub Classroom puts before every login."""
    own = f"{folder.removesuffix('-submissions')}-"
    common = os.path.commonprefix(names)
    return own if common.startswith(own) else common[: common.rfind("-") + 1]
