"""Files that are either whole or not there, and how temporary folders are named."""

import secrets
from pathlib import Path

TEMPORARY = "sheet11-"  # how the names of temporary folders begin


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file under a temporary name and rename it, so that a reader never finds half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # known before the file is there to be removed
    try:
        with open(temporary, "xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
