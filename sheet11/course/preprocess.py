"""nbgrader's preprocessors, run as `nbgrader generate_assignment` does, with the settings of `nbgrader_config.py`."""

import copy
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from sheet11.course.errors import NotInstalledError, SheetError

CONFIG = "nbgrader_config.py"
AUTOTESTS = "autotests.yml"
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
    try:
        from nbgrader import preprocessors
    except ImportError as error:
        raise NotInstalledError("nbgrader is missing: pip install 'sheet11[grade]'") from error
    notebook = copy.deepcopy(notebook)
    resources: dict[str, Any] = {"metadata": {"path": str(folder) if folder else None}}
    for name in names:
        preprocessor = getattr(preprocessors, name)(config=config, log=QUIET)
        if preprocessor.enabled:
            try:
                notebook, resources = preprocessor.preprocess(notebook, resources)
            except Exception as error:  # nbgrader raises RuntimeError, ValueError, kernels' errors
                lines = str(error).strip().splitlines() or [type(error).__name__]
                raise SheetError(f"nbgrader's {name} refuses it: {lines[0]}") from error
    return notebook


def _nearest(folder: Path, name: str) -> Path | None:
    folder = folder.resolve()
    places = (place / name for place in (folder, *folder.parents[:ABOVE]))
    return next((path for path in places if path.is_file()), None)
