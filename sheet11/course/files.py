"""Files that are written whole or not at all, private files, and locked folders."""

import atexit
import contextlib
import functools
import re
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from sheet11.course.text import digest_of, encodable

TEMPORARY = "sheet11-"  # prefix of temporary folders
LONGEST = 100  # bytes of a name that is kept unchanged


def file_name(text: str) -> str:
    """Return a safe file name for a name from outside: no path, not too long, unique."""
    plain = re.sub(r"[^\w.-]", "_", text).lstrip(".")
    if plain == text and len(text.encode()) <= LONGEST:
        return text
    return f"{plain[: LONGEST // 4]}~{digest_of(encodable(text))[:12]}"


def write_whole(path: Path, content: str | bytes, mode: int | None = None) -> None:
    """Write a file under a temporary name and rename it, so that a reader never finds half of it.

    Args:
        path: of the file.
        content: of the file.
        mode: permissions; None are those of any new file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    remove = temporary.unlink
    atexit.register(remove, missing_ok=True)  # Ctrl-C exits without raising
    try:
        temporary.touch(mode or 0o666, exist_ok=False)
        if mode:
            temporary.chmod(mode)  # whatever the umask is
        if isinstance(content, str):
            content = encodable(content).encode()
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        remove(missing_ok=True)
        atexit.unregister(remove)


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file whole, for its owner, or the group that shares the folder; a folder made for it is private too."""
    make_private(path.parent)
    write_whole(path, content, private_mode(path.parent))


def private_mode(folder: Path) -> int:
    """Return the permissions of private files in a folder: for the owner, or for a group that `chmod g+ws` let in."""
    is_shared = stat.S_ISGID | stat.S_IWGRP
    return 0o660 if folder.stat().st_mode & is_shared == is_shared else 0o600


def make_private(folder: Path) -> None:
    """Make a folder and its missing parents, for the owner, or for the group that shares the folder around it."""
    for each in (*reversed(folder.parents), folder):
        with contextlib.suppress(FileExistsError):
            each.mkdir(0o700)
            if private_mode(each.parent) == 0o660:
                each.chmod(0o2770)


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a new private folder that replaces the one at `path` if the block succeeds."""
    temporary = path.with_name(f".{path.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)  # left by a command that was killed
    make_private(temporary)
    yield temporary
    shutil.rmtree(path, ignore_errors=True)
    temporary.rename(path)


@functools.cache
def folder_of_this_process() -> Path:
    """Return a temporary folder that is removed when this process ends, even if killed."""
    folder = Path(tempfile.gettempdir(), TEMPORARY + secrets.token_hex(8))
    # its input ends when this process does
    remove = 'read -r line; /bin/rm -rf -- "$0"'
    remover = subprocess.Popen(
        ["/bin/sh", "-c", remove, folder], stdin=subprocess.PIPE, start_new_session=True
    )
    atexit.register(remover.communicate)
    folder.mkdir(0o700)  # made last, so that it is always removed
    return folder


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Lock a folder; wait, and say so, while another command writes to it."""
    make_private(folder)
    lock = FileLock(folder / ".lock", mode=private_mode(folder))
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting for another command that writes to {folder}", file=sys.stderr, flush=True)
        held = lock.acquire()
    with held:
        yield
