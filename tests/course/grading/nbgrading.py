"""nbgrader's own commands on a sheet, beside `sheet11 grade`."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

from sheets import Course

# of two commands in one process, without the grammar of web addresses that jsonschema would spend a second on building
COMMANDS = """
import sys
sys.modules["rfc3987_syntax"] = None
from nbgrader.apps import AutogradeApp, GenerateAssignmentApp
for command in (GenerateAssignmentApp, AutogradeApp):
    command.launch_instance(["sheet"])
    command.clear_instance()
"""
# nobody looks at figures
KERNEL = "c.InlineBackend.figure_formats = set()\n"


def python(*arguments: object, cwd: Path, course: Course) -> None:
    """Run this environment's Python, which finds the sheet's package."""
    paths = [str(course.folder)] if course.folder else []
    environment = os.environ | {
        "PATH": os.pathsep.join(
            [os.path.dirname(sys.executable), os.environ["PATH"]]
        ),  # where nbgrader finds alembic
        "PYTHONPATH": os.pathsep.join(paths),
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


def autograde(folder: Path, course: Course) -> dict[tuple[str, str, str], float]:
    """Points that nbgrader gives to what is in `class`, by student, notebook and task."""
    from nbgrader.api import Gradebook

    (folder / "source" / "sheet").mkdir(parents=True)
    for path in course.sheet.notebooks.values():
        shutil.copy(path, folder / "source" / "sheet")
    for student in (folder / "class").iterdir():
        shutil.copytree(student, folder / "submitted" / student.name / "sheet")
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'course'\n"
    )
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(KERNEL)
    python("-c", COMMANDS, cwd=folder, course=course)
    points = {}
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        for submission in gradebook.assignment_submissions("sheet"):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    task = grade.cell.name.removesuffix("-check")
                    points[submission.student.id, notebook.name, task] = grade.auto_score
    return points


def grade(folder: Path, course: Course) -> dict[tuple[str, str, str], float | None]:
    """Points that `sheet11 grade` gives to what is in `class`, by student, notebook and task."""
    sheet = ["--sheet", course.folder] if course.folder else []
    python(
        "-m",
        "sheet11.course.cli",
        "grade",
        "class",
        "-o",
        "out",
        "-j",
        "1",
        *sheet,
        cwd=folder,
        course=course,
    )
    with open(folder / "out" / "results.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        (row["student"], row["notebook"], row["task"]): float(row["points"])
        if row["points"]
        else None
        for row in rows
    }
