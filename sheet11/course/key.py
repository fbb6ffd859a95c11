"""Keys of results: digests of everything that a result depends on."""

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
    """Return a digest of everything that an execution depends on, except its parameters.

    It covers the notebook without outputs, the files of the sheet's package and of this kit, the modules beside the
    notebook, the options, and the versions of Python and of `PROGRAMS`.

    Args:
        notebook: the one to execute.
        sheet: provides the package that the notebook imports; None if it is installed.
        folder: working directory of the notebook.
        options: anything else that changes the result; its `repr` is digested.
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
    """Return a digest of the circumstances and parameters of an execution."""
    return _digest([same, [(name, source_of(name, parameters[name])) for name in parameters]])


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "backslashreplace")).hexdigest()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
