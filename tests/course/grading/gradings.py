"""Helpers that run `sheet11 grade` and read its output files."""

import csv
import functools
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sheet11.course.errors import NotInstalledError
from sheet11.course.sandbox.sandbox import check_sandbox

COMMAND = [sys.executable, "-m", "sheet11.course.cli", "grade"]


@functools.cache
def no_sandbox() -> str | None:
    """Why no sandbox can be made here, None if one can."""
    try:
        check_sandbox()
    except NotInstalledError as error:
        return str(error)
    return None


def skip_without_graders() -> None:
    """Skip a test, or a module, where nbgrader or the sandbox is missing."""
    pytest.importorskip("nbgrader", reason="needs nbgrader: pip install 'sheet11[grade]'")
    if problem := no_sandbox():
        pytest.skip(problem, allow_module_level=True)


def run(*arguments: object, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """`sheet11 grade` in a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, **options
    )


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def points(folder: Path, student: str) -> dict[str, str]:
    """A student's row of `out/grades.csv` below `folder`, by task; without what is empty."""
    (row,) = [row for row in table(folder / "out" / "grades.csv") if row["student"] == student]
    return {
        name.partition("/")[2].partition(" ")[0] or name: value
        for name, value in row.items()
        if value
    }


def graded_names(result: Any) -> list[str]:
    """Who was graded, as the command that has succeeded says it."""
    assert result.returncode == 0, result.stderr
    return [line.partition(":")[0] for line in result.stdout.splitlines() if ": done" in line]
