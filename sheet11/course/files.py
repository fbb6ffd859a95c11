"""Files that are either whole or not there, some for their owner only, and how temporary folders are named."""

import contextlib
import os
import secrets
from pathlib import Path

TEMPORARY = "sheet11-"  # how the names of temporary folders begin


def write_whole(path: Path, content: str | bytes, mode: int = 0o666) -> None:
    """Write a file under a temporary name and rename it, so that a reader never finds half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # known before the file is there to be removed
    try:
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_private(path: Path, content: str | bytes) -> None:
    """Write a whole file that only its owner can read, in a folder of that kind if it is made for it."""
    for folder in reversed(path.parents):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(0o700)
    write_whole(path, content, 0o600)
