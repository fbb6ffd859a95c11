"""Zip files from students and platforms: only what is needed is unpacked, and not more than a limit."""

import os
import re
import stat
import time
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from sheet11.course.submissions.reading import LARGEST, UnreadableError, opened
from sheet11.course.text import digest_of, visible

# a browser saves as 01.ipynb.txt or 01.ipynb.json what a server does not call a notebook
NOTEBOOK = re.compile(r".*\.ipynb(\.txt|\.json)?", re.IGNORECASE | re.DOTALL)
STAMP = "timestamp.txt"  # nbgrader's: when something was handed in
CLONE = ".git"
LEFT_BEHIND = ("__MACOSX", ".ipynb_checkpoints")
BLOCK = 1 << 20
NAME_MAX = 255  # bytes of a file's name
END = b"PK\x05\x06"  # of an archive: its last record, which a comment can follow
LONGEST_END = 22 + 0xFFFF
LARGE = b"PK\x06\x07"  # of more than 4 GB or 65,535 files


class Bounds(NamedTuple):
    """Limits of an archive."""

    files: int
    size: int  # bytes, unpacked
    directory: int  # bytes of its own table of contents


OF_A_CLASS = Bounds(200_000, 20 << 30, 100 << 20)
OF_ONE = Bounds(2000, 200 << 20, 1 << 20)


class ArchiveError(UnreadableError):
    """An archive that is damaged, encrypted, or too large."""


def unpack(
    archive: Path, into: Path, bounds: Bounds = OF_ONE, name: str | None = None
) -> list[str]:
    """Unpack notebooks, archives and nbgrader's timestamps; other files, which nobody reads, become empty.

    A file that is larger than a notebook may be is cut where that can be told. Names that are too long for a file are
    shortened before the suffix.

    Args:
        archive: a zip file.
        into: a new folder.
        bounds: limits.
        name: of the archive in messages, if that is not the file's.

    Returns:
        What was left out, and why: links, what would lie outside of the folder, what is damaged.

    Raises:
        ArchiveError: it cannot be unpacked, or must not be; a part of it may be in the folder.
        OSError: the archive cannot be read.
    """
    name = name or archive.name
    into.mkdir(parents=True)
    with opened(archive) as file:
        _check_directory(file, name, bounds)
        try:
            with zipfile.ZipFile(file) as content:
                return _unpack_all(content, name, into, bounds)
        except ArchiveError:
            raise
        except Exception as error:  # zipfile raises many types for damaged archives
            raise ArchiveError(
                f"{name} cannot be unpacked: it is damaged, or no zip file"
            ) from error


def is_notebook(name: str) -> bool:
    """Return whether a file is named like a notebook."""
    return NOTEBOOK.fullmatch(name) is not None


def is_left_behind(name: str) -> bool:
    """Return whether a file or folder is one that programs leave behind."""
    return name in LEFT_BEHIND or (name.startswith(".") and name != "..")


def _is_wanted(name: str) -> bool:
    return is_notebook(name) or name.lower().endswith(".zip") or name.endswith(STAMP)


def _check_directory(file: BinaryIO, name: str, bounds: Bounds) -> None:
    """Measure an archive's table of contents, which zipfile would read into memory at once."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - LONGEST_END, 0))
    tail = file.read()
    place = tail.rfind(END)
    directory = int.from_bytes(tail[place + 12 : place + 16], "little") if place >= 0 else 0
    is_large = tail[max(place - 20, 0) : place].startswith(LARGE)
    if directory > bounds.directory or (is_large and bounds is OF_ONE):
        raise ArchiveError(f"{name} holds too many files")
    file.seek(0)


def _unpack_all(content: zipfile.ZipFile, name: str, into: Path, bounds: Bounds) -> list[str]:
    infos = content.infolist()
    if len(infos) > bounds.files:
        raise ArchiveError(f"{name} holds more than {bounds.files} files")
    if any(info.flag_bits & 1 and _is_wanted(info.filename) for info in infos):
        raise ArchiveError(f"{name} is encrypted")
    left, left_out = bounds.size, []
    for info in infos:
        parts = _parts(info)
        if not parts or any(is_left_behind(part) and part != CLONE for part in parts):
            continue
        problem = _problem(info, parts)
        if not problem:
            path = into.joinpath(*map(_short, parts))
            try:
                left -= _unpack_one(content, info, path, left)
            except Exception:  # zipfile and zlib raise many types, and the disk refuses odd names
                problem = "cannot be unpacked"
                if path.is_file():
                    path.unlink()
        if problem:
            left_out.append(
                f"{name} holds {visible(str(PurePosixPath(*parts)))!r}, which {problem}"
            )
        if left < 0:
            raise ArchiveError(f"{name} holds more than {bounds.size >> 20} MB")
    return left_out


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """The path of a file in an archive; of a clone's own folder, by which it is known, only the name."""
    name = info.filename
    if not info.flag_bits & 0x800:  # the archive does not say that it is UTF-8
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return parts[: parts.index(CLONE) + 1] if CLONE in parts else parts


def _problem(info: zipfile.ZipInfo, parts: tuple[str, ...]) -> str:
    """Return the reason why a file must not be unpacked; empty if there is none."""
    if parts[0].startswith("/") or ".." in parts or re.fullmatch("[A-Za-z]:", parts[0]):
        return "is outside of it"
    return "is a link" if stat.S_ISLNK(info.external_attr >> 16) else ""


def _unpack_one(content: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, left: int) -> int:
    """Make a folder or a file; return its size as it was unpacked, whatever the archive says."""
    if info.is_dir() or path.name == CLONE:
        path.mkdir(parents=True, exist_ok=True)
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    if not _is_wanted(path.name):
        return 0
    size, most = 0, min(left, OF_ONE.size if path.suffix.lower() == ".zip" else LARGEST)
    with content.open(info) as source, open(path, "wb") as target:
        while size <= most and (block := source.read(BLOCK)):
            size += target.write(block)
    seconds = time.mktime((*info.date_time, 0, 0, -1))
    os.utime(path, (seconds, seconds))
    return size


def _short(name: str) -> str:
    """Shorten a name to what a file can have; different names stay different."""
    original = os.fsencode(name)
    if len(original) <= NAME_MAX:
        return name
    suffix = re.search(r"((\.ipynb)?\.\w{1,9})?$", name, re.IGNORECASE)
    end = f"~{digest_of(original)[:12]}{suffix[0] if suffix else ''}"
    return original[: NAME_MAX - len(end.encode())].decode("utf-8", "ignore") + end
