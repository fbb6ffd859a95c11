"""Zip files from students and platforms: unpack only the needed files, within limits."""

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

# browsers save notebooks as 01.ipynb.txt or 01.ipynb.json if the server sends another type
NOTEBOOK = re.compile(r".*\.ipynb(\.txt|\.json)?", re.IGNORECASE | re.DOTALL)
STAMP = "timestamp.txt"  # nbgrader's time of the hand-in
CLONE = ".git"
NAME_MAX = 255  # bytes of a file's name
DIRECTORY_SIZE = 5  # index of the table of contents' size in zipfile's end record
OF_A_CLASS, OF_ONE = 20 << 30, 200 << 20  # most bytes of an archive, unpacked
# most unpacked bytes to a byte in the table of contents, where each file takes some 100
SHARE = 512


class ArchiveError(CourseError):
    """An archive that is damaged or too large."""


def unpack(archive: Path, into: Path, most: int = OF_ONE) -> list[str]:
    """Unpack notebooks, archives and nbgrader's timestamps; other files, which are never read, become empty.

    A file over the size limit is cut one byte after it, so that readers notice. Names that are too long are shortened
    before the suffix.

    Args:
        archive: a zip file.
        into: a new folder.
        most: limit of unpacked bytes.

    Returns:
        Files left out, with the reason: links, paths outside of the folder, damaged files.

    Raises:
        ArchiveError: the archive is damaged or too large; part of it may be in the folder.
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
    """Return whether a file or folder is hidden or left by macOS."""
    return name == "__MACOSX" or (name.startswith(".") and name != "..")


def _unpack_one(content: zipfile.ZipFile, info: zipfile.ZipInfo, into: Path, left: int) -> int:
    """Unpack a folder or a file; return its real size, not the one in the archive."""
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
    """Return the path of a file in an archive; paths inside `.git` end there."""
    name = info.filename
    if not info.flag_bits & 0x800:  # the archive does not say that it is UTF-8
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return parts[: parts.index(CLONE) + 1] if CLONE in parts else parts


def _short(name: str) -> str:
    """Shorten a name to the limit of the file system; different names stay different."""
    original = os.fsencode(name)
    if len(original) <= NAME_MAX:
        return name
    return f"{original[:180].decode('utf-8', 'ignore')}~{digest_of(original)[:12]}{name[-15:]}"
