"""Zip files that somebody else has packed: only what can matter is unpacked, and no more of it than is reasonable."""

import hashlib
import os
import re
import stat
import time
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from sheet11.course.submissions.reading import LARGEST, UnreadableError, opened
from sheet11.course.text import visible

# a browser saves as 01.ipynb.txt or 01.ipynb.json what a server does not call a notebook
NOTEBOOK = re.compile(r".*\.ipynb(\.txt|\.json)?", re.IGNORECASE | re.DOTALL)
STAMP = "timestamp.txt"  # nbgrader's: when something was handed in
NOBODY = ("__MACOSX", ".ipynb_checkpoints")
BLOCK = 1 << 20
LONGEST_NAME = 255  # bytes
END, LONGEST_END = (
    b"PK\x05\x06",
    22 + 0xFFFF,
)  # of an archive: its last record, which a comment can follow


class Bounds(NamedTuple):
    """How much of an archive is taken."""

    files: int
    size: int  # bytes, unpacked
    directory: int  # bytes of its own table of contents


OF_A_CLASS = Bounds(200_000, 20 << 30, 100 << 20)
OF_ONE = Bounds(2000, 200 << 20, 1 << 20)


class ArchiveError(UnreadableError):
    """An archive that is damaged, encrypted, or too large."""


def unpack(archive: Path, into: Path, bounds: Bounds = OF_ONE) -> list[str]:
    """Unpack notebooks, archives and nbgrader's timestamps; of other files, which nobody reads, only the names.

    A file that is larger than a notebook may be is cut where that can be told. Names that are too long for a file are
    shortened in front of the suffix.

    Args:
        archive: a zip file.
        into: a new folder.
        bounds: how much it may hold.

    Returns:
        What was left out, and why: links, what lies outside of the archive, what is damaged.

    Raises:
        ArchiveError: it cannot be unpacked, or must not be; something of it may be in the folder.
        OSError: the archive cannot be read.
    """
    into.mkdir(parents=True)
    with opened(archive) as file:
        _check_directory(file, archive.name, bounds)
        try:
            with zipfile.ZipFile(file) as content:
                return _unpack_all(content, archive.name, into, bounds)
        except ArchiveError:
            raise
        except (
            Exception
        ) as error:  # zipfile raises many types for what is damaged, and the disk for odd names
            raise ArchiveError(
                f"{archive.name} cannot be unpacked: it is damaged, or no zip file"
            ) from error


def is_notebook(name: str) -> bool:
    """Whether a file is called like a notebook."""
    return NOTEBOOK.fullmatch(name) is not None


def is_nobodys(parts: tuple[str, ...]) -> bool:
    """Whether a path is of the kind that programs leave behind."""
    return any(
        part in NOBODY or (part.startswith(".") and part not in (".", "..")) for part in parts
    )


def _check_directory(file: BinaryIO, name: str, bounds: Bounds) -> None:
    """Measure an archive's table of contents, which zipfile would take into memory in one piece."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - LONGEST_END, 0))
    tail = file.read()
    place = tail.rfind(END)
    directory = int.from_bytes(tail[place + 12 : place + 16], "little") if place >= 0 else 0
    is_large = tail[max(place - 20, 0) : place].startswith(
        b"PK\x06\x07"
    )  # of more than 4 GB or 65,535 files
    if directory > bounds.directory or (is_large and bounds is OF_ONE):
        raise ArchiveError(f"{name} holds too many files")
    file.seek(0)


def _unpack_all(content: zipfile.ZipFile, name: str, into: Path, bounds: Bounds) -> list[str]:
    left, left_out = bounds.size, []
    infos = content.infolist()
    if len(infos) > bounds.files:
        raise ArchiveError(f"{name} holds more than {bounds.files} files")
    for info in infos:
        inner = _name_of(info)
        parts = PurePosixPath(inner).parts
        if not parts or is_nobodys(parts) and ".git" not in parts:
            continue
        if inner.startswith("/") or ".." in parts or re.fullmatch("[A-Za-z]:", parts[0]):
            left_out.append(f"{name} holds {visible(inner)!r}, which is outside of it")
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            left_out.append(f"{name} holds {visible(inner)!r}, which is a link")
            continue
        wanted = is_notebook(parts[-1]) or parts[-1].lower().endswith(".zip") or parts[-1] == STAMP
        if wanted and info.flag_bits & 1:
            raise ArchiveError(f"{name} is encrypted")
        path = into.joinpath(*map(_short, parts))
        if ".git" in parts:  # a clone is known by it
            path = into.joinpath(*parts[: parts.index(".git") + 1])
        try:
            if info.is_dir() or ".git" in parts:
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            left -= _unpack_one(content, info, path, left) if wanted else 0
        except (
            Exception
        ):  # zipfile and zlib raise many types for what is damaged, and the disk for odd names
            if path.is_file():
                path.unlink()
            left_out.append(f"{name} holds {visible(inner)!r}, which cannot be unpacked")
        if left < 0:
            raise ArchiveError(f"{name} holds more than {bounds.size >> 20} MB")
    return left_out


def _short(name: str) -> str:
    """A name that a file can have."""
    original = os.fsencode(name)
    if len(original) <= LONGEST_NAME:
        return name
    suffix = re.search(r"((\.ipynb)?\.\w{1,9})?$", name, re.IGNORECASE)
    end = f"~{hashlib.sha256(original).hexdigest()[:12]}{suffix[0] if suffix else ''}"
    return original[: LONGEST_NAME - len(end.encode())].decode("utf-8", "ignore") + end


def _unpack_one(content: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, left: int) -> int:
    """Write one file, and return its size; whatever the archive says of that, it is counted here."""
    size, most = 0, min(left, OF_ONE.size if path.suffix.lower() == ".zip" else LARGEST)
    with content.open(info) as source, open(path, "wb") as target:
        while size <= most and (block := source.read(BLOCK)):
            size += target.write(block)
    seconds = time.mktime((*info.date_time, 0, 0, -1))
    os.utime(path, (seconds, seconds))
    return size


def _name_of(info: zipfile.ZipInfo) -> str:
    """The name of a file, also where an archive does not say that it is UTF-8, or has Windows' separators."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name.replace("\\", "/")
