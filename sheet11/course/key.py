"""Keys of results: digests of everything that a result depends on."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from sheet11.course.notebooks import source_of
from sheet11.course.sheet import Sheet, kit_digest
from sheet11.course.text import digest_of

PROGRAMS = ("numpy", "torch", "ipython", "ipykernel")


def circumstances(notebook: NotebookNode, sheet: Sheet, folder: Path, options: object) -> str:
    """Return a digest of everything that the result of an execution depends on, except the parameters.

    It covers the notebook without outputs, the files of the sheet's package and of this kit, the modules beside the
    notebook, the options, and the versions of Python and of `PROGRAMS`.

    Args:
        notebook: the one to execute.
        sheet: provides the package that the notebook imports.
        folder: working directory of the notebook.
        options: anything else that changes the result; its `repr` is digested.
    """
    beside = filter(Path.is_file, sorted(folder.glob("*.py")))
    same = [
        [(cell.cell_type, cell.source, sorted(cell.metadata.items())) for cell in notebook.cells],
        notebook.metadata.get("kernelspec"),
        sheet.package_digest(),
        kit_digest(),
        [(path.name, path.read_bytes()) for path in beside],
        options,
        platform.python_version(),
        list(map(version, PROGRAMS)),
    ]
    return digest_of(repr(same))


def key_of(same: str, parameters: Mapping[str, Any]) -> str:
    """Return a digest of the circumstances and parameters of an execution."""
    sources = [(name, source_of(name, value)) for name, value in parameters.items()]
    return digest_of(repr([same, sources]))
