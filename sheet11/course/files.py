"""Files that are either whole or not there, some for their owner only, and folders that one command writes to."""

import atexit
import contextlib
import functools
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

TEMPORARY = "sheet11-"  # how the names of temporary folders begin


def write_whole(path: Path, content: str | bytes, mode: int = 0o666) -> None:
    """Write a file under a temporary name and rename it, so that a reader never finds half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(
        f".{path.name}.{secrets.token_hex(8)}"
    )  # known before the file is there to be removed
    try:
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_private(path: Path, content: str | bytes) -> None:
    """Write a whole file that only its owner can read, in a folder of that kind if it is made for it."""
    make_private(path.parent)
    write_whole(path, content, 0o600)


def make_private(folder: Path) -> None:
    """Make a folder, and those that it is in, for the owner only, if they are not there."""
    for each in (*reversed(folder.parents), folder):
        with contextlib.suppress(FileExistsError):
            each.mkdir(0o700)


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A new folder, for the owner only, which takes the place of the one at `path` when nothing has gone wrong."""
    temporary = path.with_name(f".{path.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)  # an earlier command's, which was killed
    make_private(temporary)
    yield temporary
    if path.exists():
        shutil.rmtree(path)
    temporary.rename(path)


@functools.cache
def folder_of_this_process() -> Path:
    """A temporary folder that is removed when this process ends, also if it is killed."""
    folder = Path(tempfile.gettempdir(), TEMPORARY + secrets.token_hex(8))
    remove = (
        'read -r line; /bin/rm -rf -- "$0"'  # there is nothing to read until this process has ended
    )
    remover = subprocess.Popen(
        ["/bin/sh", "-c", remove, folder], stdin=subprocess.PIPE, start_new_session=True
    )
    atexit.register(remover.communicate)
    folder.mkdir(0o700)  # now that it will be removed
    return folder


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait, and say so, until no other command writes to a folder; then keep others from it."""
    make_private(folder)
    lock = FileLock(folder / ".lock", mode=0o600)
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting for another command that writes to {folder}", file=sys.stderr, flush=True)
        held = lock.acquire()
    with held:
        yield
