"""Zip files from students and platforms: only what is needed is unpacked, and not more than a limit."""

import contextlib
import os
import re
import stat
import time
import zipfile
from pathlib import Path, PurePosixPath

from sheet11.course.errors import CourseError
from sheet11.course.submissions.reading import LARGEST, opened
from sheet11.course.text import digest_of, visible

# a browser saves as 01.ipynb.txt or 01.ipynb.json what a server does not call a notebook
NOTEBOOK = re.compile(r".*\.ipynb(\.txt|\.json)?", re.IGNORECASE | re.DOTALL)
STAMP = "timestamp.txt"  # nbgrader's: when something was handed in
CLONE = ".git"
NAME_MAX = 255  # bytes of a file's name
DIRECTORY_SIZE = 5  # place of the size of an archive's table of contents in its last record


OF_A_CLASS, OF_ONE = 20 << 30, 200 << 20  # bytes of an archive, unpacked
SHARE = 512  # of them for each byte of its table of contents, which has some 100 for each file


class ArchiveError(CourseError):
    """An archive that is damaged or too large."""


def unpack(archive: Path, into: Path, most: int = OF_ONE) -> list[str]:
    """Unpack notebooks, archives and nbgrader's timestamps; other files, which nobody reads, become empty.

    A file that is larger than a notebook may be is cut where that can be told. Names that are too long for a file are
    shortened before the suffix.

    Args:
        archive: a zip file.
        into: a new folder.
        most: bytes that may come out.

    Returns:
        What was left out, and why: links, what would lie outside of the folder, what is damaged.

    Raises:
        ArchiveError: it cannot be unpacked, or must not be; a part of it may be in the folder.
        OSError: the archive cannot be read.
    """
    name = archive.name
    into.mkdir(parents=True)
    left, left_out = most, []
    with opened(archive) as file:
        try:
            # zipfile would read the whole table of contents into memory
            end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
            too_many = end and end[DIRECTORY_SIZE] > most / SHARE
            content = None if too_many else zipfile.ZipFile(file)
        except Exception as error:  # zipfile raises many types for damaged archives
            raise ArchiveError(
                f"{name} cannot be unpacked: it is damaged, or no zip file"
            ) from error
        if content is None:
            raise ArchiveError(f"{name} holds too many files")
        for info in content.infolist():
            try:
                left -= _unpack_one(content, info, into, left)
            except Exception as error:  # zipfile and zlib raise many types, as does the disk
                why = error if isinstance(error, ArchiveError) else "it is damaged"
                left_out.append(visible(f"{name}: {info.filename!r} cannot be unpacked: {why}"))
            if left < 0:
                raise ArchiveError(f"{name} holds more than {most >> 20} MB")
    return left_out


def is_notebook(name: str) -> bool:
    """Return whether a file is named like a notebook."""
    return NOTEBOOK.fullmatch(name) is not None


def is_left_behind(name: str) -> bool:
    """Return whether a file or folder is one that programs leave behind."""
    return name == "__MACOSX" or (name.startswith(".") and name != "..")


def _unpack_one(content: zipfile.ZipFile, info: zipfile.ZipInfo, into: Path, left: int) -> int:
    """Make a folder or a file; return its size as it was unpacked, whatever the archive says."""
    parts = _parts(info)
    if any(is_left_behind(part) and part != CLONE for part in parts):
        return 0
    if ".." in parts or re.match("/|[A-Za-z]:$", "".join(parts[:1])):
        raise ArchiveError("it is outside of the archive")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise ArchiveError("it is a link")
    if info.flag_bits & 1:
        raise ArchiveError("it is encrypted")
    path = into.joinpath(*map(_short, parts))
    if info.is_dir() or path.name == CLONE:
        path.mkdir(parents=True, exist_ok=True)
        return 0
    found, kind = b"", path.suffix.lower()
    if is_notebook(path.name) or kind == ".zip" or path.name.endswith(STAMP):
        most = min(left, OF_ONE if kind == ".zip" else LARGEST)
        with content.open(info) as source:
            found = source.read(most + 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(found)
    seconds = time.mktime((*info.date_time, 0, 0, -1))
    os.utime(path, (seconds, seconds))
    return len(found)


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """The path of a file in an archive; of a clone's own folder, by which it is known, only the name."""
    name = info.filename
    if not info.flag_bits & 0x800:  # the archive does not say that it is UTF-8
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return parts[: parts.index(CLONE) + 1] if CLONE in parts else parts


def _short(name: str) -> str:
    """Shorten a name to what a file can have; different names stay different."""
    original = os.fsencode(name)
    if len(original) <= NAME_MAX:
        return name
    return f"{original[:180].decode('utf-8', 'ignore')}~{digest_of(original)[:12]}{name[-15:]}"
