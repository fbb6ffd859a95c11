"""Who has handed in what: the ways in which Moodle, Canvas, nbgrader, GitHub Classroom and people lay out a class."""

import contextlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sheet11.course.submissions.archives import is_nobodys, is_notebook
from sheet11.course.submissions.people import Identity
from sheet11.course.submissions.submissions import Handed

# Anna Müller_1234567_assignsubmission_file, also with the file's name behind it; of a group its name and number, and of
# those in none `Default group` without one; as mod_assign's downloader has it
MOODLE = re.compile(
    r"(?P<name>.*?)(?:_(?P<id>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?",
    re.DOTALL,
)
# mülleranna_LATE_123_456_01.ipynb, LATE_anon_x9y_456_01.ipynb, müllerannna_123_text.html; as content_zipper.rb has it
CANVAS = re.compile(
    r"(?:(?!LATE_)(?P<name>.+?)_)?(?:(?P<late>LATE)_)?(?P<id>\d+|anon_[A-Za-z0-9]+)_"
    r"(?:(?P<attachment>\d+)_(?P<file>.+)|(?:text|link)\.html)",
    re.DOTALL,
)


class HandIn(NamedTuple):
    """What one student, or one group, has handed in."""

    key: str  # different for each
    who: Identity
    label: str  # the name under which the platform takes something back
    late: bool
    sources: tuple[Handed, ...]  # folders and files


def find_hand_ins(
    root: Path, title: str, hidden: Iterable[Path] = ()
) -> tuple[list[HandIn], list[str]]:
    """The hand-ins in a folder, by key, and the names of notebooks that are nobody's.

    Args:
        root: a class as a platform gives it, unpacked.
        title: what the folder was called when it was packed.
        hidden: folders that are nobody's.

    Raises:
        OSError: the folder cannot be read.
    """
    root = _inner(root, title)
    outside = {path.resolve() for each in hidden for path in (each, *each.resolve().parents)}
    entries = [path for path in _entries(root) if path.resolve() not in outside]
    prefix = _prefix_of_clones([path.name for path in entries if _is_clone(path)], root.name)
    found: dict[str, HandIn] = {}
    loose = []
    for path in entries:
        if hand_in := _recognised(path, prefix):
            before = found.get(hand_in.key, hand_in._replace(sources=()))
            late, label = before.late or hand_in.late, before.label or hand_in.label
            found[hand_in.key] = hand_in._replace(
                sources=before.sources + hand_in.sources, late=late, label=label
            )
        elif is_notebook(path.name):
            loose.append(path.name)
    return [found[key] for key in sorted(found)], loose


def _recognised(path: Path, prefix: str) -> HandIn | None:
    """What a file or a folder of a class is, None if it is nobody's."""
    name = path.name
    if match := MOODLE.fullmatch(name):
        who = Identity(id=match["id"] or "", name=_composed(match["name"]))
        key = "_".join(filter(None, (match["name"], match["id"])))
        return HandIn(
            key, who, f"{key}_assignsubmission_file", False, (Handed(path, match["file"] or name),)
        )
    if path.is_dir():
        who = (
            Identity(login=name.removeprefix(prefix))
            if _is_clone(path)
            else Identity(name=_composed(name))
        )
        return HandIn(who.login or name, who, "", False, (Handed(path, name),))
    if match := CANVAS.fullmatch(name):
        who = Identity(id=match["id"], name=_composed(match["name"] or ""))
        source = Handed(path, match["file"] or name, int(match["attachment"] or 0))
        label = name if source.number else ""
        return HandIn(
            "_".join(filter(None, (match["name"], match["id"]))),
            who,
            label,
            bool(match["late"]),
            (source,),
        )
    if path.suffix.lower() == ".zip":
        return HandIn(
            path.stem, Identity(name=_composed(path.stem)), "", False, (Handed(path, name),)
        )
    return None


def _inner(root: Path, title: str) -> Path:
    """The folder that holds the class: nbgrader's, or the one that a platform or a person has packed."""
    if (root / "submitted").is_dir():
        return root / "submitted"
    entries = _entries(root)
    if len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink():
        with contextlib.suppress(PermissionError):
            inside = _entries(entries[0])
            packed = entries[0].name == title and any(path.is_dir() for path in inside)
            flat = [path for path in inside if path.is_file() and CANVAS.fullmatch(path.name)]
            if packed or flat or any(MOODLE.fullmatch(path.name) for path in inside):
                return entries[0]
    return root


def _entries(folder: Path) -> list[Path]:
    return sorted(Path(entry) for entry in os.scandir(folder) if not is_nobodys((entry.name,)))


def _is_clone(path: Path) -> bool:
    return os.path.exists(path / ".git")  # and False where that must not be looked at


def _prefix_of_clones(names: list[str], folder: str) -> str:
    """What GitHub Classroom puts in front of everybody's login: the assignment."""
    own = f"{folder.removesuffix('-submissions')}-"
    if names and all(name.startswith(own) for name in names):
        return own
    common = os.path.commonprefix(names) if len(names) > 1 else ""
    return common[: common.rfind("-") + 1]


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def files_of(source: Handed, most: int, deepest: int) -> Iterator[Path]:
    """The files of a source that nobody's programs have left behind, those that are not too many nor too deep.

    Raises:
        OSError: a folder cannot be read.
    """
    if not source.path.is_dir():
        yield source.path
        return

    def fail(error: OSError) -> None:
        raise error

    folder = str(source.path)
    for where, folders, files in os.walk(folder, onerror=fail):
        deep = where.count(os.sep) - folder.count(os.sep) >= deepest
        folders[:] = [] if deep else sorted(name for name in folders if not is_nobodys((name,)))
        for name in sorted(files):
            if most and not is_nobodys((name,)):
                most -= 1
                yield Path(where, name)
