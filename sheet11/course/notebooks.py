"""Notebooks as data: read a file, and find its parameters, kernel, title, records and error."""

import ast
import copy
import difflib
import functools
import json
import re
import symtable
from collections.abc import Collection, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client.kernelspec import find_kernel_specs
from nbformat import NotebookNode, from_dict
from nbformat.reader import reads

from sheet11.course.errors import NotebookError, ParameterError, reason
from sheet11.course.text import encodable
from sheet11.lab.records import read_records

METADATA = "sheet11"  # key of this kit's metadata in notebooks and cells
MAIN_FIGURE = "main-figure"  # tag of the cell whose figure represents the notebook
PARAMETERS = "parameters"  # papermill's tag for the cell with defaults
INJECTED = "injected-parameters"  # papermill's tag for the cell with values
RAISES = "raises-exception"  # Jupyter's tag for a cell that may raise an error
ENDING = ("DeadKernelError", "CellTimeoutError")  # not raised by cells, so never allowed
SCALAR = int | float | str | None  # fits into one field of a table
PAPERMILL = {  # papermill's metadata of a notebook
    "default_parameters": {},
    "parameters": {},
    "environment_variables": {},
    "version": version("papermill"),
}
PYTHON = {"name": "python3", "language": "python", "display_name": "Python 3 (ipykernel)"}


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook file of any nbformat version and convert it to nbformat 4.

    Raises:
        NotebookError: the file cannot be read or holds no notebook.
    """
    try:
        notebook = _upgraded(reads(path.read_bytes()))
        nbformat.validate(notebook)
    except OSError as error:
        raise NotebookError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:
        # nbformat raises many types for invalid files, AttributeError among them
        raise NotebookError(f"{path} is not a Jupyter notebook: {reason(error):.120}") from error
    return notebook


def _upgraded(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook in nbformat 4.5 or newer; cells without a unique id get one made from their number."""
    version = notebook.nbformat
    notebook = nbformat.convert(notebook, 4)
    notebook.nbformat_minor = max(5, notebook.nbformat_minor)
    taken: set[str | None] = {None}
    for number, cell in enumerate(notebook.cells):
        if version < 4 or cell.get("id") in taken:
            cell.id = f"cell-{number}"
        taken.add(cell.id)
        cell.source = re.sub(r"\r\n?", "\n", cell.source)
    return notebook


def parse(content: str) -> NotebookNode:
    """Parse a notebook written by `content_of`."""
    notebook: NotebookNode = nbformat.v4.reads(content)
    return notebook


def content_of(notebook: NotebookNode) -> str:
    """Return the content of a notebook's file."""
    return encodable(nbformat.v4.writes(notebook))


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """Clear the outputs of earlier executions from a notebook, and return it."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def has_tag(cell: NotebookNode, tag: str) -> bool:
    """Return whether a cell has a tag."""
    return tag in cell.metadata.get("tags", [])


def parameters_of(notebook: NotebookNode) -> set[str]:
    """Return the names of the parameters, which the tagged cell assigns."""
    index = _first(notebook, PARAMETERS)
    if index < 0 or not is_python(notebook):
        return set()
    source = ast.unparse(syntax(notebook.cells[index].source))
    symbols = symtable.symtable(source, PARAMETERS, "exec").get_symbols()
    return {
        each.get_name()
        for each in symbols
        if each.is_assigned() and not each.is_imported() and not each.is_namespace()
    }


def _first(notebook: NotebookNode, tag: str) -> int:
    """Return the index of the first cell with a tag, or -1."""
    return next((index for index, cell in enumerate(notebook.cells) if has_tag(cell, tag)), -1)


def kernel_of(notebook: NotebookNode, wanted: str | None = None) -> str:
    """Return the name of the wanted kernel, else of the notebook's, else `python3`.

    A Python kernel that is not installed, such as one named after an environment, becomes `python3`.

    Raises:
        NotebookError: the kernel is not installed.
    """
    name = wanted or (PYTHON | notebook.metadata.get("kernelspec", {}))["name"]
    installed = _installed_kernels()
    if name not in installed and not wanted and is_python(notebook):
        name = PYTHON["name"]
    if name not in installed:
        raise NotebookError(f"no kernel named {name!r} is installed{nearest(name, installed)}")
    return name


_installed_kernels = functools.cache(find_kernel_specs)


def is_python(notebook: NotebookNode) -> bool:
    """Return whether a notebook is in Python, whatever its kernel is called."""
    kernel = notebook.metadata.get("kernelspec", {})
    about = notebook.metadata.get("language_info", {})
    language = kernel.get("language") or about.get("name") or kernel.get("name", "python")
    return str(language).lower().startswith(("python", "ipython"))


def with_parameters(notebook: NotebookNode, parameters: Mapping[str, Any]) -> NotebookNode:
    """Return a copy with a cell that sets parameters after the cell with defaults, as papermill does.

    Raises:
        ParameterError: a value is not a Python literal.
    """
    lines = [f"{name} = {source_of(name, value)}\n" for name, value in parameters.items()]
    notebook = copy.deepcopy(notebook)
    _add_metadata(notebook)
    if lines:
        source = "".join(["# Parameters\n", *lines])
        cell = nbformat.v4.new_code_cell(source, id=INJECTED, metadata={"tags": [INJECTED]})
        index = _first(notebook, INJECTED)
        if index >= 0:
            notebook.cells[index] = cell
        else:
            notebook.cells.insert(_first(notebook, PARAMETERS) + 1, cell)
        values = {name: _as_json(value) for name, value in parameters.items()}
        notebook.metadata.papermill["parameters"] = values
    return notebook


def _add_metadata(notebook: NotebookNode) -> None:
    """Add the metadata that papermill adds."""
    kernel = PYTHON | notebook.metadata.get("kernelspec", {})
    metadata = {"papermill": PAPERMILL} | notebook.metadata | {"kernelspec": kernel}
    notebook.metadata = from_dict(metadata)
    for cell in notebook.cells:
        cell.metadata = from_dict({"tags": [], "papermill": {}} | cell.metadata)


def source_of(name: str, value: Any) -> str:
    """Return the value of a parameter as source text.

    Raises:
        ParameterError: it is not a Python literal.
    """
    try:
        tree = _Numbers().visit(ast.parse(repr(value), mode="eval"))
        ast.literal_eval(tree)
    except (ValueError, SyntaxError) as error:
        raise ParameterError(f"{name} must be a Python literal, got {value!r}") from error
    return ast.unparse(tree)


class _Numbers(ast.NodeTransformer):
    """Turns `inf` and `nan` into literals, which `ast.unparse` writes as overflowing numbers."""

    def visit_Name(self, node: ast.Name) -> ast.Constant:
        """Replace a name by the number it stands for."""
        return ast.Constant(float(node.id))

    def visit_Call(self, node: ast.Call) -> ast.Call:
        """Keep a call: `set()` is a literal."""
        return node


def _as_json(value: Any) -> Any:
    """Return a value for JSON metadata, as text if JSON has no such type."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return repr(value)
    return value


def error_of(notebook: NotebookNode) -> str | None:
    """Return the first error of an executed notebook in one line, or None; errors allowed by a tag do not count."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type != "error":
                continue
            if output.ename in ENDING or not has_tag(cell, RAISES):
                return f"{output.ename}: {output.evalue}".splitlines()[0]
    return None


def title_of(notebook: NotebookNode, default: str) -> str:
    """Return the first heading, without its mark-up."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (heading := re.match("# (.*)", cell.source)):
            return str(heading[1])
    return default


def scalar_records(notebook: NotebookNode) -> dict[str, Any]:
    """Return the records that are not arrays."""
    records = read_records(notebook).items()
    return {name: value for name, value in records if isinstance(value, SCALAR)}


def headline_of(notebook: NotebookNode) -> dict[str, Any]:
    """Return the scalar records that the metadata lists as `headline`, or all if there is no list."""
    records = scalar_records(notebook)
    match notebook.metadata.get(METADATA):
        case {"headline": list() as names}:
            return {name: records[name] for name in map(str, names) if name in records}
    return records


def check_parameters(parameters: Mapping[str, Any], known: set[str]) -> None:
    """Check that every parameter is known and that its value is a Python literal.

    Raises:
        ParameterError: a parameter is unknown (the message suggests the nearest one), or a value is not a literal.
    """
    for name, value in parameters.items():
        if name not in known:
            have = ", ".join(sorted(known)) or f"none, as no cell is tagged {PARAMETERS!r}"
            raise ParameterError(
                f"no notebook has a parameter {name!r}; there are {have}{nearest(name, known)}"
            )
        source_of(name, value)


def nearest(name: str, candidates: Collection[str]) -> str:
    """Return a suggestion to end an error message with; empty if no candidate is near."""
    near = difflib.get_close_matches(name, candidates, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def syntax(source: str) -> ast.Module:
    """Parse a cell, magics included; one that cannot be parsed gives an empty module."""
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except (
        SyntaxError,
        ValueError,
        RecursionError,
        MemoryError,
    ):  # of a null character, or nested too deeply
        return ast.Module([], [])
