"""Helpers that run nbgrader's own commands on sheets, for comparison with `sheet11 grade`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

Points = dict[tuple[str, str, str], float | None]  # by student, notebook and task

# a command for several assignments in one process, without the grammar of web addresses that jsonschema would spend a
# second on building
COMMAND = """
import sys
sys.modules["rfc3987_syntax"] = None
from nbgrader import apps
command = getattr(apps, sys.argv[1])
for assignment in sys.argv[2:]:
    command.launch_instance([assignment])
    command.clear_instance()
"""
# nobody looks at figures
KERNEL = "c.InlineBackend.figure_formats = set()\n"
CONFIG = "c = get_config()\nc.CourseDirectory.course_id = 'course'\n"


def nbgrader(*arguments: str, cwd: Path) -> None:
    """Run a command of nbgrader, by the name of its class, for assignments."""
    environment = os.environ | {
        "PATH": os.pathsep.join(
            [os.path.dirname(sys.executable), os.environ["PATH"]]
        ),  # where nbgrader finds alembic
        "IPYTHONDIR": str(cwd / "ipython"),
    }
    command = [sys.executable, "-c", COMMAND, *arguments]
    result = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]


def release(folder: Path, sources: dict[str, Path]) -> None:
    """Make a course of nbgrader's, and release its assignments."""
    for assignment, source in sources.items():
        shutil.copytree(source, folder / "source" / assignment)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(KERNEL)
    nbgrader("GenerateAssignmentApp", *sources, cwd=folder)


def autograde(folder: Path, assignments: list[str]) -> dict[str, Points]:
    """Points that nbgrader gives to what is in `submitted`, by assignment."""
    from nbgrader.api import Gradebook

    nbgrader("AutogradeApp", *assignments, cwd=folder)
    points: dict[str, Points] = {assignment: {} for assignment in assignments}
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        for assignment in assignments:
            for submission in gradebook.assignment_submissions(assignment):
                for notebook in submission.notebooks:
                    for grade in notebook.grades:
                        key = (submission.student.id, notebook.name, grade.cell.name)
                        points[assignment][key] = grade.auto_score
    return points
