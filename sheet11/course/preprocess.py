"""nbgrader's preprocessors, run as `nbgrader generate_assignment` does, with the settings of `nbgrader_config.py`."""

import copy
import importlib
import logging
import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode, from_dict
from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue, PyFileConfigLoader
from traitlets.utils.importstring import import_item

from sheet11.course.errors import CourseError, NotInstalledError, SheetError
from sheet11.course.notebooks import read_notebook

CONFIG = "nbgrader_config.py"
AUTOTESTS = "autotests.yml"
FIRST = ("IncludeHeaderFooter", "InstantiateTests")  # those that do not take anything out
OF_NOTEBOOK = ("kernelspec", "language_info")  # metadata that students get
OF_CELL = ("nbgrader", "tags", "deletable", "editable", "jupyter", "slideshow")
NEEDS = {
    "InstantiateTests": f"; AUTOTEST needs {AUTOTESTS} there or in the course's folder, and answers that run",
    "IncludeHeaderFooter": "; paths are relative to the course's folder",
}
ABOVE = 2  # folders between an assignment and its course: course/source/ps1

QUIET = logging.getLogger(f"{__name__}.quiet")  # errors are raised, and said once
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


def nbgrader_config(folder: Path) -> Config:
    """Settings for nbgrader from the file beside a sheet's notebooks or above them; none if there is no file.

    Paths in it are relative to the course, which is the folder of the file.

    Raises:
        SheetError: the file cannot be executed.
    """
    config = Config()
    if path := _nearest(folder, CONFIG):
        try:
            config = PyFileConfigLoader(CONFIG, str(path.parent)).load_config()
        except Exception as error:  # the file is Python, and can raise anything
            said = f"{type(error).__name__}: {error}".splitlines()[0]
            raise SheetError(f"{path} cannot be executed: {said}") from error
        for name in ("header", "footer"):
            if name in config.IncludeHeaderFooter:
                given = config.IncludeHeaderFooter[name]
                config.IncludeHeaderFooter[name] = str(path.parent / given) if given else ""
    name = config.InstantiateTests.get("autotest_filename", AUTOTESTS)
    if path := _nearest(folder, name):
        config.InstantiateTests.autotest_filename = str(path)
    return config


def whole_notebook(path: Path, config: Config) -> NotebookNode:
    """A sheet's notebook as nbgrader grades it.

    Its metadata are of nbgrader's newest schema, header and footer stand in it, and `### AUTOTEST` has become tests,
    for which its cells are executed, in its folder.

    Raises:
        NotebookError: it is no notebook.
        NotInstalledError: nbgrader is not installed.
        SheetError: nbgrader refuses it.
    """
    mark = config.InstantiateTests.get("autotest_delimiter", "AUTOTEST")
    notebook = read_notebook(path)
    if any(cell.cell_type == "code" and mark in cell.source for cell in notebook.cells):
        return _made_elsewhere(path)
    return _make_whole(path, notebook, config)


def without_answers(notebook: NotebookNode, config: Config | None = None) -> NotebookNode:
    """A copy of a whole notebook as students get it: without answers, hidden tests, marking schemes and outputs.

    Raises:
        NotInstalledError: nbgrader is not installed.
        SheetError: nbgrader refuses it.
    """
    config = config or Config()
    left_out = {*FIRST, "SaveCells"}  # which writes to nbgrader's database
    names = [name for name in preprocessors_of(config) if name not in left_out]
    notebook = preprocess(notebook, names, config)
    notebook.metadata = _only(OF_NOTEBOOK, notebook.metadata)
    for cell in notebook.cells:
        cell.metadata = _only(OF_CELL, cell.metadata)
        shown = cell.pop("attachments", {})
        if kept := {name: shown[name] for name in shown if f"attachment:{name}" in cell.source}:
            cell.attachments = kept
    return notebook


def upgraded(notebook: NotebookNode) -> NotebookNode:
    """A copy of a notebook whose metadata are of nbgrader's newest schema, as after `nbgrader update`.

    Raises:
        NotInstalledError: nbgrader is not installed.
        SheetError: the metadata are damaged, or of a newer schema.
    """
    notebook = copy.deepcopy(notebook)
    validator = _nbgraders("nbgraderformat").MetadataValidator()
    for each in (validator, validator.v1, validator.v2):
        each.log = QUIET
    try:
        newest: NotebookNode = validator.upgrade_notebook_metadata(notebook)
    except Exception as error:  # metadata can be of any type
        raise SheetError(f"nbgrader's metadata are damaged: {_reason(error)}") from error
    return newest


def damages_of(notebook: NotebookNode) -> list[str]:
    """List damaged marks of a notebook whose metadata are upgraded, cell by cell."""
    format = _nbgraders("nbgraderformat")
    validator = format.MetadataValidator()
    validator.log = QUIET
    damages = []
    for number, cell in enumerate(notebook.cells, start=1):
        try:
            validator.validate_cell(cell)
        except Exception as error:  # metadata can be of any type
            damages.append(f"nbgrader's metadata of cell {number} are damaged: {_reason(error)}")
    return damages


def preprocessors_of(config: Config) -> list[str]:
    """Names of the preprocessors with which nbgrader generates an assignment.

    Raises:
        NotInstalledError: nbgrader is not installed.
        SheetError: the settings name one that is not nbgrader's.
    """
    preprocessors = _nbgraders("preprocessors")
    usual = _nbgraders("converters").GenerateAssignment.preprocessors.default()
    named = config.GenerateAssignment.get("preprocessors", usual)
    if isinstance(named, LazyConfigValue):
        named = named.get_value(usual)
    names = []
    for each in named:
        found = import_item(each) if isinstance(each, str) else each
        name = getattr(found, "__name__", repr(found))
        if getattr(preprocessors, name, None) is not found:
            raise SheetError(
                f"{CONFIG} names the preprocessor {name}, which is not nbgrader's own;"
                " take it out of GenerateAssignment.preprocessors"
            )
        names.append(name)
    return names


def preprocess(
    notebook: NotebookNode, names: Iterable[str], config: Config, folder: Path | None = None
) -> NotebookNode:
    """A copy of a notebook after some of nbgrader's preprocessors.

    Args:
        notebook: of a sheet.
        names: of the preprocessors, in order.
        config: their settings.
        folder: where those that execute cells do it.

    Raises:
        NotInstalledError: nbgrader is not installed.
        SheetError: a preprocessor refuses the notebook.
    """
    preprocessors = _nbgraders("preprocessors")
    notebook = copy.deepcopy(notebook)
    resources: dict[str, Any] = {"metadata": {"path": str(folder) if folder else None}}
    for name in names:
        run = getattr(preprocessors, name)(config=config, log=QUIET)
        try:
            notebook, resources = run(notebook, resources)
        except Exception as error:  # nbgrader raises RuntimeError, ValueError, kernels' errors
            if client := getattr(
                run, "kc", None
            ):  # of a kernel that InstantiateTests leaves behind
                client.shutdown()
                client.stop_channels()
            said = f"nbgrader's {name} refuses it: {_reason(error)}"
            raise SheetError(said + NEEDS.get(name, "")) from error
    return notebook


def _make_whole(path: Path, notebook: NotebookNode, config: Config) -> NotebookNode:
    names = [name for name in preprocessors_of(config) if name in FIRST]
    try:
        return preprocess(upgraded(notebook), names, config, path.parent)
    except SheetError as error:
        raise SheetError(f"{path.name}: {error}") from error


def _made_elsewhere(path: Path) -> NotebookNode:
    """A whole notebook from a process of its own: InstantiateTests leaves sockets and threads behind."""
    command = [sys.executable, "-m", __name__, str(path)]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8")
    if ended.returncode:
        raise SheetError(ended.stdout or f"{path.name}: nbgrader's InstantiateTests has crashed")
    notebook: NotebookNode = nbformat.reads(ended.stdout, as_version=4)
    return notebook


def _nbgraders(module: str) -> Any:
    try:
        return importlib.import_module(f"nbgrader.{module}")
    except ImportError as error:
        raise NotInstalledError("nbgrader is missing: pip install 'sheet11[grade]'") from error


def _only(names: Collection[str], metadata: Mapping[str, Any]) -> NotebookNode:
    kept: NotebookNode = from_dict({name: metadata[name] for name in metadata if name in names})
    return kept


def _reason(error: Exception) -> str:
    if isinstance(error, CellExecutionError):  # whose text is a traceback in colours
        return f"{error.ename}: {error.evalue}".splitlines()[0]
    said = str(error.__context__ or error)  # a damaged cell is named by the error before
    return next(iter(said.strip().splitlines()), type(error).__name__)


def _nearest(folder: Path, name: str) -> Path | None:
    folder = folder.resolve()
    places = (place / name for place in (folder, *folder.parents[:ABOVE]))
    return next((path for path in places if path.is_file()), None)


def _main(path: Path) -> None:
    """Write a whole notebook, or why there is none, and end at once: a kernel's threads would not."""
    try:
        whole = _make_whole(path, read_notebook(path), nbgrader_config(path.parent))
        said, code = nbformat.writes(whole), 0
    except CourseError as error:
        said, code = str(error), 1
    sys.stdout.buffer.write(said.encode())
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
