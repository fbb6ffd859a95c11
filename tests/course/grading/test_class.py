"""Grading of a class with correct submissions and all kinds of wrong ones."""

import ctypes
import json
import os
import re
import shutil
import socket

import psutil
import pytest
from gradings import run, skip_without_graders, table
from sheets import this_kit
from students import expected_of, of_the_waves, students, write_class

from sheet11.course.book.store import Store
from sheet11.course.submissions.submissions import key_of
from sheet11.course.tables import harmless
from sheet11.course.text import visible

skip_without_graders()


PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
HURRY = ["--timeout", "3", "--memory", "1000"]


def is_inside(process):
    try:
        return any(word.endswith("/engine/server.py") for word in process.cmdline())
    except psutil.Error:
        return False


# everybody is in the class on the small sheet; on this kit's notebooks, which take longer, those who depend on them
OF_THIS_KIT = {
    *("right", "half", "nothing answered", "wrong", "imports the solution", "searches the disk"),
    "searches the memory",
}


@pytest.fixture(scope="module", params=["waves", pytest.param("this kit", marks=pytest.mark.slow)])
def graded(request, tmp_path_factory):
    """Grade the class once, and return its folder, members and sheet."""
    folder = tmp_path_factory.mktemp("grading")
    secret = folder / "secret"
    secret.mkdir()
    (secret / "answers.txt").write_text("42")
    if request.param == "waves":
        course = request.getfixturevalue("small")
        more = of_the_waves(course)
    else:
        course, more = this_kit(), []
    assert "def " in course.solutions[course.first][course.task]
    before = set(psutil.Process().children(recursive=True))
    ctypes.CDLL(None).prctl(
        PR_SET_CHILD_SUBREAPER, 1
    )  # what the grading leaves behind becomes a child of this process
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        members = students(course, str(secret), server.getsockname()[1]) + more
        if course.folder is None:
            members = [member for member in members if member.name in OF_THIS_KIT]
        write_class(folder / "class", members, course)
        for path in course.sheet.notebooks.values() if course.folder is None else ():
            shutil.copy(path, folder / "class" / "right")  # its own notebooks, unchanged, are right
        environment = os.environ | {"SHEET11_SECRET": "42"}
        options = (
            ["--sheet", course.folder, *HURRY] if course.folder else ["--timeout", "15", "-j", "1"]
        )
        result = run("class", "-o", "first", "--seed", "5", *options, cwd=folder, env=environment)
        said = (
            "Error: no notebook of the sheet was found in the hand-in of .*\n"
            if course.folder
            else ""
        )  # in the other class all have one
        assert result.returncode == (1 if said else 0) and re.fullmatch(said, result.stderr), (
            result.stderr
        )
        assert visible(result.stdout, lines=True) == result.stdout, (
            "nothing is for the terminal to obey"
        )
        with pytest.raises(BlockingIOError):
            server.accept()
    left = [
        process for process in psutil.Process().children(recursive=True) if process not in before
    ]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0)
    assert not [process for process in left if is_inside(process)]
    return folder, members, course


def test_everybody_gets_what_is_stated(graded):
    folder, members, course = graded
    rows = {
        (row["student"], row["notebook"], row["task"]): row
        for row in table(folder / "first" / "results.csv")
    }
    unexpected = []
    for student in members:
        name = harmless(key_of(student.name))
        for stem, tasks in course.tasks.items():
            for task in tasks:
                row = rows[name, stem, f"{task}-check"]
                status, message = expected_of(student, stem, task, course)
                full = float(row["points"]) == float(row["max_points"])
                as_stated = (
                    row["status"] == status
                    if status
                    else row["status"] in ("wrong", "error", "timeout", "memory")
                )
                if not as_stated or message not in row["remark"] or full != (status == "correct"):
                    unexpected.append(
                        (student.name, stem, task, status, message, row["status"], row["remark"])
                    )
                if not full and not row["remark"]:
                    unexpected.append((student.name, task, "has no reason"))
    assert not unexpected, "\n".join(map(str, unexpected))


def test_hidden_tests_are_told_to_the_teacher_alone(graded):
    folder, _, course = graded
    rows = table(folder / "first" / "hidden_tests.csv")
    if course.folder:
        (row,) = [row for row in rows if row["student"] == "unseen"]
        assert row["task"] == "1_waves/wave-check"
        assert "assert np.allclose(wave(9, 4, start=3), right)" in row["test"]
        assert "right = array(" in row["test"]
    for page in (folder / "first" / "students").rglob("*.html"):
        assert "start=3" not in page.read_text()


def test_nothing_outside_was_touched(graded):
    folder, members, _ = graded
    assert [path.name for path in (folder / "secret").iterdir()] == ["answers.txt"]
    assert {path.name for path in (folder / "class").iterdir()} == {
        student.name for student in members
    }
    assert not list(folder.rglob("written-by-a-student"))


def test_pages_have_no_scripts_and_ask_no_other_host(graded):
    folder, members, _ = graded
    pages = list((folder / "first").rglob("*.html"))
    assert len(pages) == len(members) + 1
    for page in pages:
        text = page.read_text()
        assert len(text) < 5 << 20, page
        assert "<script" not in text.lower() and not re.search(
            r"""(src|href)=["']?(https?:)?//""", text
        )
        assert not re.search(r"<b>(?! )", text.replace("&lt;b&gt;", "")), "names are escaped"


def test_results_are_for_their_owner(graded):
    folder = graded[0]
    for path in (folder / "first", *(folder / "first").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_executed_notebooks(graded):
    folder, _, course = graded
    right = folder / "first" / "students" / "right"
    with Store(folder / "first") as store:
        used = {student: result.draw for student, result in store.results().items()}
        drawn = store.about()["parameters"][used["right"]]
    assert len(set(used.values())) > 1, "not everybody has the same parameters"
    for stem in course.solutions:
        notebook = json.loads((right / f"{stem}.ipynb").read_text())
        assert notebook["metadata"]["papermill"]["parameters"] == drawn[stem] != {}
    for notebook in (folder / "first" / "students").rglob("*.ipynb"):
        kinds = {
            kind
            for cell in json.loads(notebook.read_text(), parse_constant=pytest.fail)["cells"]
            for output in cell.get("outputs", [])
            for kind in output.get("data", {})
        }
        assert kinds <= {"text/plain", "image/png"}, (
            "no record, with which another student could answer"
        )
