"""The notebooks are nbgrader's own kind of source: its commands give the points that `sheet11 grade` gives."""

import os
import shutil
import subprocess
import sys

import pytest
from students import ENCODING, FIRST, RIGHT, TASKS, Student, encoding, first, write_class

from sheet11.course.errors import NotebookError
from sheet11.course.grading.sandbox import check_sandbox
from sheet11.course.sheet import find_sheet

nbgrader_api = pytest.importorskip("nbgrader.api", reason="needs nbgrader: pip install 'sheet11[grade]'")
try:
    check_sandbox()
except NotebookError:
    pytest.skip("needs bubblewrap: pip install 'sheet11[grade]'", allow_module_level=True)

CLASS = [
    Student("right", RIGHT),
    Student("blank", {stem: {} for stem in RIGHT}),
    Student("wrong", {
        FIRST: RIGHT[FIRST] | {"encoding": ENCODING.replace("else 1\n", "else 0\n"), "b-rotation": "rotation = 1"},
        "03_aggregation": RIGHT["03_aggregation"] | {"c-pairs": "def pairs():\n    return [([1], [2]), ([1], [3])]"},
    }),
    Student("broken", first(encoding="def positional_encoding(", a_deviation="1 / 0")),
    Student("float32", first(encoding=ENCODING.replace("return E", "return E.astype(np.float32)"))),
    Student("raises", encoding("raise KeyError(n)")),
]  # fmt: skip


def command(*arguments, cwd):
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])  # where nbgrader finds alembic
    environment = os.environ | {"PATH": path}
    result = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """Points of nbgrader and of sheet11 by student, notebook and task."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "source" / "sheet").mkdir(parents=True)
    for path in find_sheet().notebooks.values():
        shutil.copy(path, folder / "source" / "sheet")
    solved = Student("solved", {})
    write_class(folder / "class", [*CLASS, solved])
    for stem, path in find_sheet().notebooks.items():
        shutil.copy(path, folder / "class" / "solved" / f"{stem}.ipynb")
    for student in [*CLASS, solved]:
        shutil.copytree(folder / "class" / student.name, folder / "submitted" / student.name / "sheet")
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'sheet11'\n")
    command("nbgrader", "generate_assignment", "sheet", cwd=folder)
    command("nbgrader", "autograde", "sheet", cwd=folder)
    command("sheet11.course.cli", "grade", "class", "-o", "out", cwd=folder)

    theirs = {}
    with nbgrader_api.Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        for submission in gradebook.assignment_submissions("sheet"):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    task = grade.cell.name.removesuffix("-check")
                    theirs[submission.student.id, notebook.name, task] = grade.auto_score
    ours = {}
    for line in (folder / "out" / "results.csv").read_text().splitlines()[1:]:
        student, notebook, task, points, *_ = line.split(",")
        ours[student, notebook, task] = float(points) if points else None
    return theirs, ours


def test_the_kits_own_solutions_get_full_marks_from_nbgrader(scores):
    got = {(stem, task): scores[0]["solved", stem, task] for stem, tasks in TASKS.items() for task in tasks}
    assert sum(got.values()) == 17 and all(got.values())


def test_an_unanswered_release_gets_none(scores):
    for each in scores:
        assert not any(points for (student, *_), points in each.items() if student == "blank")


@pytest.mark.parametrize("student", [student.name for student in CLASS])
def test_both_agree_task_by_task(scores, student):
    theirs, ours = scores
    handed_in = next(each.answers for each in CLASS if each.name == student)
    tasks = [(stem, task) for stem in handed_in for task in TASKS[stem]]
    assert {key: theirs.get((student, *key), 0) for key in tasks} == {key: ours[student, *key] for key in tasks}
    assert student != "wrong" or 0 < sum(ours[student, *key] for key in tasks) < 8
