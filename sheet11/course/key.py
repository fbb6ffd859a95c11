"""Keys of results, which change with anything that a result depends on."""

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from sheet11.course.notebooks import source_of
from sheet11.course.sheet import Sheet, kit_digest

PROGRAMS = ("numpy", "torch", "ipython", "ipykernel")


def circumstances(
    notebook: NotebookNode,
    sheet: Sheet | None = None,
    folder: Path | None = None,
    options: object = None,
) -> str:
    """Digest of all that an execution depends on but its parameters.

    That is the notebook without its outputs, the files of the sheet's package and of this kit, the modules beside the
    notebook, how it is executed, and the versions of Python, numpy and torch.

    Args:
        notebook: what is executed.
        sheet: whose package the notebook imports; None if that is installed.
        folder: working directory of the notebook.
        options: whatever else changes the result; its `repr` must say all of it.
    """
    beside = sorted(folder.glob("*.py")) if folder else []
    same = [
        [(cell.cell_type, cell.source, sorted(cell.metadata.items())) for cell in notebook.cells],
        notebook.metadata.get("kernelspec"),
        sheet.package_digest() if sheet else None,
        kit_digest(),
        [(path.name, path.read_bytes()) for path in beside if path.is_file()],
        options,
        platform.python_version(),
        [(name, _version(name)) for name in PROGRAMS],
    ]
    return _digest(same)


def key_of(same: str, parameters: Mapping[str, Any]) -> str:
    """Digest of the circumstances and the parameters of an execution."""
    return _digest([same, [(name, source_of(name, parameters[name])) for name in parameters]])


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "backslashreplace")).hexdigest()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
