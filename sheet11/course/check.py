"""`sheet11 check`: find problems in a sheet before anybody is graded, one line each."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from sheet11.course.errors import NotebookError, SheetError
from sheet11.course.notebooks import METADATA, is_python, read_notebook
from sheet11.course.preprocess import (
    CONFIG,
    both_versions,
    nbgrader_config,
    preprocessors_of,
    upgrade,
)
from sheet11.course.sheet import Sheet
from sheet11.course.tasks import is_check, nbgrader_metadata, tasks_of

OTTER = re.compile(r"^#\s*((?:ASSIGNMENT CONFIG|BEGIN QUESTION|BEGIN TESTS)\b.*)", re.MULTILINE)
IN_JUPYTERLAB = "set up its cells in JupyterLab's Create Assignment"
# nbgrader settings that affect grading but are not read here, with what to do instead
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
    """List the problems in a sheet's files, each with what to do about it.

    Raises:
        NotInstalledError: nbgrader is not installed.
        SheetError: `nbgrader_config.py` is invalid.
    """
    config = nbgrader_config(sheet.beside(""))
    preprocessors_of(config)
    problems = []
    for setting, instead in NOT_READ.items():
        section, _, name = setting.partition(".")
        if name in config[section]:
            problems.append(f"{CONFIG} sets {setting}, which is not read here: {instead}")
    tasks = []
    for path in sheet.notebooks.values():
        try:
            own_problems = [f"{path.name}: {problem}" for problem in _problems_of_cells(path)]
            if not own_problems:  # running AUTOTEST is slow
                whole, _ = both_versions(path, config)
                tasks += tasks_of(path.stem, whole)
        except (NotebookError, SheetError) as error:
            own_problems = [str(error)]
        problems += own_problems
    if not tasks and not problems:
        problems.append(f"{sheet.title} has no tasks; {IN_JUPYTERLAB}")
    return problems


def _problems_of_cells(path: Path) -> Iterator[str]:
    notebook = read_notebook(path)
    if not is_python(notebook):
        kernel = notebook.metadata.get("kernelspec", {}).get("name", "unknown")
        yield f"its kernel {kernel!r} is not for Python; only notebooks in Python are graded"
        return
    if not isinstance(notebook.metadata.get(METADATA, {}), Mapping):
        yield f"its metadata {METADATA!r} must be a table, got {notebook.metadata[METADATA]!r}"
    if otter := OTTER.search("\n".join(cell.source for cell in notebook.cells)):
        yield f"it is marked up for Otter-Grader, {otter[1]!r}, which is not read; {IN_JUPYTERLAB}"
    for damage in upgrade(notebook):
        yield f"{damage}; {IN_JUPYTERLAB}"
    for cell in notebook.cells:
        metadata = nbgrader_metadata(cell)
        name = metadata.get("grade_id")
        is_other = metadata.get("grade") or metadata.get("solution") or "points" not in metadata
        if metadata.get("task") and is_other:
            yield f"{name!r} must be a task with points, and neither answer nor check; {IN_JUPYTERLAB}"
        if is_check(cell) and cell.cell_type != "code":
            yield f"the check {name!r} is a {cell.cell_type} cell; make it a code cell"
