"""Zip files from students and platforms: unpack only the needed files, within limits."""

import contextlib
import errno
import os
import time
import zipfile
from pathlib import Path, PurePosixPath

from sheet11.course.submissions.reading import LARGEST, UnreadableError, opened
from sheet11.course.text import digest_of, visible

STAMP = "timestamp.txt"  # nbgrader's time of the hand-in
DIRECTORY_SIZE = 5  # index of the table of contents' size in zipfile's end record
OF_A_CLASS = 20 << 30  # largest unpacked size of an archive, in bytes
OF_ONE = 200 << 20
# largest unpacked size for each byte of the table of contents, which holds about 100 bytes for each file
SHARE = 512
LONGEST = 255  # bytes of a file's name
DEEPEST = 50  # folders within each other
# errors of the machine, which are not the student's
OURS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EROFS,
    errno.ENOMEM,
    errno.EMFILE,
    errno.ENFILE,
}


def unpack(archive: Path, into: Path, most: int = OF_ONE) -> tuple[list[str], int]:
    """Unpack notebooks, archives and nbgrader's timestamps; other files, which are never read, become empty.

    A file over the size limit is cut one byte after it, so that readers notice. Names that are too long for the file
    system are shortened before the suffix.

    Args:
        archive: a zip file.
        into: an empty folder.
        most: largest unpacked size in bytes.

    Returns:
        Files that are not unpacked, with the possible reasons, and the size that is left.

    Raises:
        UnreadableError: the archive is damaged or too large; part of it may be in the folder.
        OSError: the archive cannot be read, or the disk is full.
    """
    name = archive.name
    left = most
    left_out = []
    with opened(archive) as file:
        try:
            # zipfile would read the whole table of contents into memory
            end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
            if end[DIRECTORY_SIZE] > most / SHARE:
                raise ValueError
            content = zipfile.ZipFile(file)
        except Exception as error:  # zipfile raises many types for damaged archives
            raise UnreadableError(
                f"{name} cannot be unpacked: it is damaged, not a zip file, or holds too many files"
            ) from error
        for info in content.infolist():
            try:
                left -= _unpack_one(content, info, into, left)
            except Exception as error:  # zipfile and zlib raise many types
                if isinstance(error, OSError) and error.errno in OURS:
                    raise
                left_out.append(
                    visible(
                        f"{name}: {info.filename!r} cannot be unpacked: it is damaged, encrypted, "
                        "outside of the archive, or in too many folders"
                    )
                )
            if left < 0:
                raise UnreadableError(f"{name} holds more than {most >> 20} MB")
    return left_out, left


def is_notebook(name: str) -> bool:
    """Return whether a file is named like a notebook.

    Browsers save 01.ipynb.txt or 01.ipynb.json if the server sends another type.
    """
    return name.lower().endswith((".ipynb", ".ipynb.txt", ".ipynb.json"))


def _unpack_one(content: zipfile.ZipFile, info: zipfile.ZipInfo, into: Path, left: int) -> int:
    """Unpack a folder or a file; return its real size, not the one in the archive."""
    name = info.filename
    if not info.flag_bits & 0x800:  # the archive does not say that it is UTF-8
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    inside = PurePosixPath(name.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts or len(inside.parts) > DEEPEST:
        raise ValueError
    path = into.joinpath(*map(_short, inside.parts))
    if info.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return 0
    data = b""
    is_zip = path.suffix.lower() == ".zip"
    if is_notebook(path.name) or is_zip or path.name.endswith(STAMP):
        with content.open(info) as source:
            data = source.read(min(left, OF_ONE if is_zip else LARGEST) + 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    seconds = time.mktime((*info.date_time, 0, 0, -1))  # takes month 0 of an unknown date, too
    os.utime(path, (seconds, seconds))
    return len(data)


def _short(name: str) -> str:
    """Shorten a name to the limit of the file system; different names stay different."""
    whole = os.fsencode(name)
    if len(whole) <= LONGEST:
        return name
    return f"{whole[:180].decode('utf-8', 'ignore')}~{digest_of(whole)[:12]}{name[-15:]}"
