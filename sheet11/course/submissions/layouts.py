"""The hand-ins of a class, as Moodle, Canvas, nbgrader, GitHub Classroom and people lay them out."""

import contextlib
import os
import re
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from sheet11.course.submissions.archives import CLONE, is_left_behind, is_notebook
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
    """The files of one student, or of one group."""

    key: str  # different for each
    who: Identity
    sources: tuple[Handed, ...]  # folders and files
    label: str = ""  # the name under which the platform takes something back
    late: bool = False


def find_hand_ins(
    root: Path, title: str, hidden: Collection[Path] = ()
) -> tuple[list[HandIn], list[str]]:
    """Find the hand-ins in a folder, by key, and the names of notebooks that belong to no student.

    Args:
        root: a class as a platform gives it, unpacked.
        title: name of the folder when it was packed.
        hidden: folders without hand-ins.

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
        hand_in = _recognised(path, prefix)
        if hand_in and hand_in.key in found:
            found[hand_in.key] = _joined(found[hand_in.key], hand_in)
        elif hand_in:
            found[hand_in.key] = hand_in
        elif is_notebook(path.name):
            loose.append(path.name)
    return [found[key] for key in sorted(found)], loose


def files_of(source: Handed, most: int, deepest: int) -> Iterator[Path]:
    """Yield the files of a source, without those that programs leave behind, too many or too deep.

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
        depth = where.count(os.sep) - folder.count(os.sep)
        folders[:] = sorted(
            name for name in folders if not is_left_behind(name) and depth < deepest
        )
        for name in sorted(name for name in files if not is_left_behind(name))[:most]:
            most -= 1
            yield Path(where, name)


def _recognised(path: Path, prefix: str) -> HandIn | None:
    """Recognise a file or a folder of a class; None if it is no hand-in."""
    name = path.name
    of_moodle = MOODLE.fullmatch(name)
    if path.is_dir() and not of_moodle:
        is_clone = _is_clone(path)
        key = name.removeprefix(prefix) if is_clone else name
        who = Identity(login=key) if is_clone else Identity(name=_composed(key))
        return HandIn(key, who, (Handed(path, name),))
    if match := of_moodle or CANVAS.fullmatch(name):
        fields = match.groupdict("")
        key = "_".join(filter(None, (fields["name"], fields["id"])))
        who = Identity(id=fields["id"], name=_composed(fields["name"]))
        number = int(fields.get("attachment") or 0)
        source = Handed(path, fields["file"] or name, number)
        of_canvas = name if number else ""
        label = f"{key}_assignsubmission_file" if of_moodle else of_canvas
        return HandIn(key, who, (source,), label, late=bool(fields.get("late")))
    if path.suffix.lower() == ".zip":
        return HandIn(path.stem, Identity(name=_composed(path.stem)), (Handed(path, name),))
    return None


def _joined(one: HandIn, other: HandIn) -> HandIn:
    """Two files of one student."""
    return other._replace(
        sources=one.sources + other.sources,
        label=one.label or other.label,
        late=one.late or other.late,
    )


def _inner(root: Path, title: str) -> Path:
    """The folder that holds the class: nbgrader's, or the one that a platform or a person has packed."""
    if (root / "submitted").is_dir():
        return root / "submitted"
    entries = _entries(root)
    if len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink():
        with contextlib.suppress(PermissionError):
            inside = _entries(entries[0])
            is_packed = entries[0].name == title and any(path.is_dir() for path in inside)
            is_flat = any(path.is_file() and CANVAS.fullmatch(path.name) for path in inside)
            if is_packed or is_flat or any(MOODLE.fullmatch(path.name) for path in inside):
                return entries[0]
    return root


def _entries(folder: Path) -> list[Path]:
    return sorted(Path(entry) for entry in os.scandir(folder) if not is_left_behind(entry.name))


def _is_clone(path: Path) -> bool:
    return os.path.exists(path / CLONE)  # and False where that must not be looked at


def _prefix_of_clones(names: list[str], folder: str) -> str:
    """The assignment, which GitHub Classroom puts before everybody's login."""
    own = f"{folder.removesuffix('-submissions')}-"
    if names and all(name.startswith(own) for name in names):
        return own
    common = os.path.commonprefix(names) if len(names) > 1 else ""
    return common[: common.rfind("-") + 1]


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
