"""nbgrader's preprocessors, run as in `nbgrader generate_assignment` with the settings in `nbgrader_config.py`."""

import copy
import importlib
import multiprocessing
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from sheet11.course.errors import NotInstalledError, SheetError, reason
from sheet11.course.notebooks import read_notebook

CONFIG = "nbgrader_config.py"
FILES = [  # settings that name a file, with their defaults
    ("IncludeHeaderFooter", "header", ""),
    ("IncludeHeaderFooter", "footer", ""),
    ("InstantiateTests", "autotest_filename", "autotests.yml"),
]
ADDING = ("IncludeHeaderFooter", "InstantiateTests")  # preprocessors that only add
NOTEBOOK_METADATA = ("kernelspec", "language_info")  # metadata of a notebook that students get
CELL_METADATA = ("nbgrader", "tags", "deletable", "editable", "jupyter", "slideshow")
MARKER = re.compile(r"^\W*(?:BEGIN|END) +(?:HIDDEN|MARK SCHEME).*", re.MULTILINE | re.IGNORECASE)
ADVICE = {
    "CheckCellMetadata": "; a copied cell has the ID of the other, change it in Create Assignment",
    "InstantiateTests": "; AUTOTEST needs autotests.yml there or in the course's folder, and answers that run",
    "IncludeHeaderFooter": "; paths are relative to the course's folder",
}


def nbgrader_config(folder: Path) -> Config:
    """Return nbgrader's settings from the file beside a sheet's notebooks or above them; empty if there is none.

    Files that it names are beside the notebooks, or above them in the course's folder.

    Raises:
        SheetError: the file cannot be executed.
    """
    config = Config()
    if path := _nearest(folder, CONFIG):
        try:
            config = PyFileConfigLoader(CONFIG, str(path.parent)).load_config()
        except Exception as error:  # the file is Python and can raise anything
            raise SheetError(f"{path} cannot be executed: {reason(error)}") from error
    for section, key, default in FILES:
        if path := _nearest(folder, config[section].get(key, default)):
            config[section][key] = str(path)
    return config


def both_versions(path: Path, config: Config) -> tuple[NotebookNode, NotebookNode]:
    """Return two versions of a sheet's notebook: the one that nbgrader grades, and the one for students.

    Raises:
        NotebookError: the file is not a notebook.
        NotInstalledError: nbgrader is not installed.
        SheetError: nbgrader refuses the notebook, or leaves a marker in it.
    """
    notebook = read_notebook(path)
    try:
        whole = _whole(notebook, config, str(path.parent))
        return whole, without_answers(whole, config)
    except SheetError as error:
        raise SheetError(f"{path.name}: {error}") from error


def _whole(notebook: NotebookNode, config: Config, folder: str) -> NotebookNode:
    """Return a sheet's notebook as nbgrader grades it.

    Its metadata have nbgrader's newest schema, header and footer are added, and `### AUTOTEST` is replaced by tests,
    for which the cells are executed in `folder`.
    """
    for damage in upgrade(notebook):
        raise SheetError(damage)
    names = [name for name in preprocessors_of(config) if name in ADDING]
    settings = Config({name: config[name] for name in ADDING})
    mark = settings.InstantiateTests.get("autotest_delimiter", "AUTOTEST")
    if any(cell.cell_type == "code" and mark in cell.source for cell in notebook.cells):
        # InstantiateTests leaks sockets and threads, which end with the process of the pool
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply(_preprocess, (notebook, names, settings, folder))
    return _preprocess(notebook, names, settings, folder)


def without_answers(notebook: NotebookNode, config: Config | None = None) -> NotebookNode:
    """Return the students' copy of a whole notebook: no answers, hidden tests, marking schemes or outputs.

    Raises:
        NotInstalledError: nbgrader is not installed.
        SheetError: nbgrader refuses it, or leaves a marker in it, such as a mistyped one.
    """
    config = config or Config()
    # SaveCells writes to nbgrader's database
    names = [name for name in preprocessors_of(config) if name not in (*ADDING, "SaveCells")]
    notebook = _preprocess(notebook, names, config)
    _keep_only(NOTEBOOK_METADATA, notebook.metadata)
    for cell in notebook.cells:
        _keep_only(CELL_METADATA, cell.metadata)
        shown = cell.pop("attachments", {})
        if kept := {name: shown[name] for name in shown if f"attachment:{name}" in cell.source}:
            cell.attachments = kept
        left = MARKER.search(cell.source)
        if left and "ClearHiddenTests" in names:
            raise SheetError(
                f"students would get the line {left[0]!r}; write ### BEGIN HIDDEN TESTS and ### END HIDDEN TESTS,"
                " or === BEGIN MARK SCHEME === and === END MARK SCHEME ==="
            )
    return notebook


def upgrade(notebook: NotebookNode) -> list[str]:
    """Upgrade a notebook's metadata to nbgrader's newest schema, as `nbgrader update` does; list the damaged ones.

    Raises:
        NotInstalledError: nbgrader is not installed.
    """
    validator = _nbgrader_module("nbgraderformat").MetadataValidator()
    damages = []
    for number, cell in enumerate(notebook.cells, start=1):
        try:
            validator.upgrade_cell_metadata(cell)
            validator.validate_cell(cell)
        except Exception as error:  # metadata can be of any type
            damages.append(f"nbgrader's metadata of cell {number} are damaged: {_reason(error)}")
    return damages


def preprocessors_of(config: Config) -> list[str]:
    """Return the names of the preprocessors that generate an assignment.

    Raises:
        NotInstalledError: nbgrader is not installed.
        SheetError: the settings list one that is not nbgrader's own.
    """
    names = []
    for each in _nbgrader_module("converters").GenerateAssignment(config=config).preprocessors:
        path = each if isinstance(each, str) else f"{each.__module__}.{each.__name__}"
        name = path.rpartition(".")[2]
        if not path.startswith("nbgrader.preprocessors."):
            raise SheetError(
                f"{CONFIG} names the preprocessor {name}, which is not nbgrader's own;"
                " take it out of GenerateAssignment.preprocessors"
            )
        names.append(name)
    return names


def _preprocess(
    notebook: NotebookNode, names: Iterable[str], config: Config, folder: str | None = None
) -> NotebookNode:
    """Return a copy of a notebook after running nbgrader's preprocessors, which execute cells in `folder`.

    Raises:
        NotInstalledError: nbgrader is not installed.
        SheetError: a preprocessor refuses the notebook.
    """
    preprocessors = _nbgrader_module("preprocessors")
    notebook = copy.deepcopy(notebook)
    resources = {"metadata": {"path": folder}}
    for name in names:
        try:
            run = getattr(preprocessors, name)(config=config)
            notebook, resources = run(notebook, resources)
        except Exception as error:  # RuntimeError, ValueError or a kernel's error
            raise SheetError(
                f"nbgrader's {name} refuses it: {_reason(error)}{ADVICE.get(name, '')}"
            ) from error
    return notebook


def _nbgrader_module(module: str) -> Any:
    try:
        return importlib.import_module(f"nbgrader.{module}")
    except ImportError as error:
        raise NotInstalledError("nbgrader is missing: pip install 'sheet11[grade]'") from error


def _keep_only(names: Collection[str], metadata: dict[str, Any]) -> None:
    for name in metadata.keys() - set(names):
        del metadata[name]


def _reason(error: Exception) -> str:
    if isinstance(error, CellExecutionError):  # its text is a traceback in colours
        return f"{error.ename}: {error.evalue}".splitlines()[0]
    message = str(error.__context__ or error)  # the context names the damaged cell
    return next(iter(message.strip().splitlines()), type(error).__name__)


def _nearest(folder: Path, name: str) -> Path | None:
    # an assignment is course/source/ps1
    places = (place / name for place in (folder, *folder.parents[:2]))
    return next(filter(Path.is_file, places), None)
