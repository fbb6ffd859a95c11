"""Helpers that run nbgrader's own commands on a sheet, for comparison with `sheet11 grade`."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

Points = dict[tuple[str, str, str], float | None]  # by student, notebook and task

# commands in one process, without the grammar of web addresses that jsonschema would spend a second on building
COMMANDS = """
import sys
sys.modules["rfc3987_syntax"] = None
from nbgrader import apps
for command in sys.argv[2:]:
    getattr(apps, command).launch_instance([sys.argv[1]])
    getattr(apps, command).clear_instance()
"""
# nobody looks at figures
KERNEL = "c.InlineBackend.figure_formats = set()\n"
CONFIG = "c = get_config()\nc.CourseDirectory.course_id = 'course'\n"


def python(*arguments: object, cwd: Path, package: Path | None = None) -> None:
    """Run this environment's Python, which finds a sheet's package."""
    environment = os.environ | {
        "PATH": os.pathsep.join(
            [os.path.dirname(sys.executable), os.environ["PATH"]]
        ),  # where nbgrader finds alembic
        "PYTHONPATH": str(package or ""),
        "IPYTHONDIR": str(cwd / "ipython"),
    }
    result = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-3000:]


def course(folder: Path, source: Path, assignment: str) -> Path:
    """Make a course of nbgrader's with one assignment, and release it; the folder of the released notebooks."""
    shutil.copytree(source, folder / "source" / assignment)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(KERNEL)
    python("-c", COMMANDS, assignment, "GenerateAssignmentApp", cwd=folder, package=source.parent)
    return folder / "release" / assignment


def autograde(folder: Path, assignment: str, package: Path | None = None) -> Points:
    """Points that nbgrader gives to what is in `submitted`."""
    from nbgrader.api import Gradebook

    python("-c", COMMANDS, assignment, "AutogradeApp", cwd=folder, package=package)
    points = {}
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        for submission in gradebook.assignment_submissions(assignment):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    key = (submission.student.id, notebook.name, grade.cell.name)
                    points[key] = grade.auto_score
    return points


def grade(folder: Path, assignment: str) -> Points:
    """Points that `sheet11 grade` gives to the same."""
    sheet = folder / "source" / assignment
    arguments = ["grade", "submitted", "-o", "out", "-j", "1", "--sheet", sheet]
    python("-m", "sheet11", *arguments, cwd=folder)
    with open(folder / "out" / "results.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        (row["student"], row["notebook"], row["task"]): float(row["points"])
        if row["points"]
        else None
        for row in rows
    }
