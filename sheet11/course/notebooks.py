"""Notebooks as data: reading a file, its parameters, kernel, title, records, and the error that ended it."""

import ast
import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpecManager
from nbformat import NotebookNode
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from sheet11.course.errors import NotebookError, ParameterError
from sheet11.lab.records import read_records

METADATA = "sheet11"  # key of what this kit keeps in the metadata of notebooks and cells
MAIN_FIGURE = "main-figure"  # tag of the cell whose figure stands for the notebook
PARAMETERS = "parameters"  # papermill's tag of the cell with defaults
INJECTED = "injected-parameters"  # papermill's tag of the cell with the values


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook file.

    Raises:
        NotebookError: the file cannot be read or holds no notebook.
    """
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (OSError, UnicodeDecodeError) as error:
        raise NotebookError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error
    except (
        Exception
    ) as error:  # nbformat raises many types, AttributeError among them, for what is no notebook
        raise NotebookError(
            f"{path} is no Jupyter notebook: {str(error).splitlines()[0]:.120}"
        ) from error
    return notebook


def parameters_of(notebook: NotebookNode) -> dict[str, str]:
    """Names of the parameters and their defaults as source text, as papermill infers them from the tagged cell."""
    return {
        name: found["default"]
        for name, found in papermill.inspect_notebook(_copy(notebook)).items()
    }


def kernel_of(notebook: NotebookNode, wanted: str | None = None) -> str:
    """Name of the kernel that is wanted, else of the one that the notebook asks for, `python3` if it does not say.

    `python`, as many notebooks have it, is `python3` where no kernel has that name.

    Raises:
        NotebookError: it is not installed.
    """
    name: str = wanted or _copy(notebook).metadata.kernelspec.name
    installed = KernelSpecManager().find_kernel_specs()
    if name == "python" and name not in installed:
        name = "python3"
    if name not in installed:
        raise NotebookError(f"no kernel named {name!r} is installed{nearest(name, installed)}")
    return name


def with_parameters(notebook: NotebookNode, parameters: Mapping[str, Any]) -> NotebookNode:
    """A copy with a cell that sets parameters, after the one with their defaults, as papermill does it."""
    notebook = _copy(notebook)
    if parameters:
        notebook = parameterize_notebook(notebook, dict(parameters))
        injected = next(
            cell for cell in notebook.cells if INJECTED in cell.metadata.get("tags", [])
        )
        injected["id"] = INJECTED  # papermill's is random
    return notebook


def error_of(notebook: NotebookNode) -> str | None:
    """The error that ended an executed notebook, in one line, or None."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return f"{output.ename}: {output.evalue}".splitlines()[0]
    return None


def title_of(notebook: NotebookNode, default: str) -> str:
    """The first heading, without its mark-up."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            return str(cell.source).splitlines()[0].removeprefix("# ")
    return default


def scalar_records(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """The records that are no arrays."""
    records = read_records(notebook)
    return {
        name: value
        for name, value in records.items()
        if value is None or isinstance(value, bool | int | float | str)
    }


def check_parameters(names: Mapping[str, Any], known: set[str]) -> None:
    """Raise if a parameter exists in no notebook; the message lists those that do and suggests the nearest."""
    for name in names:
        if name not in known:
            have = ", ".join(sorted(known)) or "none"
            raise ParameterError(
                f"no notebook has a parameter {name!r}; there are {have}{nearest(name, known)}"
            )


def nearest(name: str, candidates: Collection[str]) -> str:
    """A suggestion to end an error message with, or nothing if no candidate is near."""
    found = difflib.get_close_matches(Path(name).stem, candidates, n=1, cutoff=0.5)
    return f"; did you mean {found[0]!r}?" if found else ""


def _copy(notebook: NotebookNode) -> NotebookNode:
    """A copy as papermill prepares it, with the kernel that papermill insists on where the notebook names none."""
    notebook = load_notebook_node(notebook)
    python = {"name": "python3", "language": "python", "display_name": "Python 3 (ipykernel)"}
    notebook.metadata["kernelspec"] = nbformat.from_dict(
        python | notebook.metadata.get("kernelspec", {})
    )
    return notebook


def syntax(source: str) -> ast.Module:
    """Parse a cell, magics included; one with a syntax error is empty."""
    from IPython.core.inputtransformer2 import TransformerManager  # takes long to import

    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return ast.Module([], [])
