"""`sheet11 check`: what a sheet asks for and cannot be honoured here, one line each, before anybody is graded."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from traitlets.config import Config

from sheet11.course.errors import CourseError, NotInstalledError
from sheet11.course.notebooks import METADATA, is_python, read_notebook
from sheet11.course.preprocess import (
    CONFIG,
    damages_of,
    nbgrader_config,
    preprocessors_of,
    upgraded,
    whole_notebook,
    without_answers,
)
from sheet11.course.sheet import Sheet
from sheet11.course.tasks import FLAGS, is_check, marks, tasks_of

OTTER = re.compile(r"^#\s*((?:ASSIGNMENT CONFIG|BEGIN QUESTION|BEGIN TESTS)\b.*)", re.MULTILINE)
IN_JUPYTERLAB = "mark its cells in JupyterLab's Create Assignment"
# settings of nbgrader that change what is graded and are not read here, with what to do
NOT_READ = {
    "Autograde.sanitize_preprocessors": "take it out",
    "Autograde.autograde_preprocessors": "take it out",
    "Autograde.exclude_overwriting": "have students write those files in a cell",
    "AssignLatePenalties.plugin_class": "subtract penalties where the points go",
    "CourseDirectory.ignore": "name the files as not_for_students in sheet.toml",
    "CourseDirectory.include": "name the other files as not_for_students in sheet.toml",
    "Execute.extra_arguments": "take it out",
    "Execute.kernel_name": "take it out",
    "Execute.timeout": "take it out, and give --timeout to grade",
    "IgnorePattern.pattern": "keep the checks from writing to stderr",
}


def problems_of(sheet: Sheet) -> list[str]:
    """List what the files of a sheet ask for and is not honoured here, with what to do.

    Raises:
        NotInstalledError: nbgrader is not installed.
    """
    try:
        config = nbgrader_config(sheet.beside(""))
        preprocessors_of(config)
    except NotInstalledError:
        raise
    except CourseError as error:
        return [str(error)]
    problems = _unread_settings(config)
    points = False
    for path in sheet.notebooks.values():
        found, has_points = _problems_in(path, config)
        problems += found
        points = points or has_points
    if not points and not problems:
        problems.append(f"{sheet.title} sets no tasks; {IN_JUPYTERLAB}")
    return problems


def _unread_settings(config: Config) -> list[str]:
    """Settings of nbgrader that would change what is graded."""
    problems = []
    for setting, instead in NOT_READ.items():
        section, _, name = setting.partition(".")
        if name in config[section]:
            problems.append(f"{CONFIG} sets {setting}, which is not read here: {instead}")
    return problems


def _problems_in(path: Path, config: Config) -> tuple[list[str], bool]:
    """Problems of a notebook, and if it sets tasks."""
    try:
        notebook = read_notebook(path)
    except CourseError as error:
        return [str(error)], False
    problems = [f"{path.name}: {problem}" for problem in _problems_of_marks(notebook)]
    if problems:
        return problems, False
    try:
        whole = whole_notebook(
            path, config
        )  # if all is well with the marks: AUTOTEST takes its time
        without_answers(whole, config)
        return [], bool(tasks_of(path.stem, whole))
    except NotInstalledError:
        raise
    except CourseError as error:
        said = str(error)
        return [said if said.startswith(path.name) else f"{path.name}: {said}"], False


def _problems_of_marks(notebook: NotebookNode) -> Iterator[str]:
    if not is_python(notebook):
        kernel = notebook.metadata.get("kernelspec", {}).get("name", "unknown")
        yield f"its kernel {kernel!r} is not for Python; only notebooks in Python are graded"
        return
    if not isinstance(notebook.metadata.get(METADATA, {}), Mapping):
        yield f"its metadata {METADATA!r} must be a table, got {notebook.metadata[METADATA]!r}"
    if otter := next((m for cell in notebook.cells if (m := OTTER.search(cell.source))), None):
        yield f"it is marked up for Otter-Grader, {otter[1]!r}, which is not read; {IN_JUPYTERLAB}"
    try:
        notebook = upgraded(notebook)
    except NotInstalledError:
        raise
    except CourseError as error:
        yield f"{error}; {IN_JUPYTERLAB}"
        return
    for damage in damages_of(notebook):
        yield f"{damage}; {IN_JUPYTERLAB}"
    names = [marks(cell).get("grade_id") for cell in notebook.cells if _is_marked(cell)]
    for name, number in Counter(filter(_is_text, names)).items():
        if number > 1:
            yield f"{number} cells have the grade_id {name!r}, as copied cells do; give each its own"
    for cell in notebook.cells:
        yield from _problems_of_cell(cell)


def _problems_of_cell(cell: NotebookNode) -> Iterator[str]:
    found = marks(cell)
    name = found.get("grade_id")
    if found.get("task") and "points" not in found:
        yield f"{name!r} has no points; {IN_JUPYTERLAB}"
    if found.get("task") and (found.get("grade") or found.get("solution")):
        yield f"{name!r} is a task and an answer or a check; {IN_JUPYTERLAB}"
    if found.get("points") == math.inf:
        yield f"{name!r} has infinitely many points; {IN_JUPYTERLAB}"
    if is_check(cell) and cell.cell_type != "code":
        yield f"the check {name!r} is a {cell.cell_type} cell; make it a code cell"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_marked(cell: NotebookNode) -> bool:
    return any(marks(cell).get(flag) for flag in FLAGS)
