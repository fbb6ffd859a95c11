"""Grading: invalid input is refused, and a failure concerns only one student."""

import json
import shutil

import pytest
from gradings import graded_names, points, skip_without_graders, table
from nbformat.v4 import new_code_cell
from sheets import waves
from students import Student, first, write_class

skip_without_graders()


def test_damaged_marks_are_said(small, tmp_path, grade, invoke):
    write_class(tmp_path / "class", [Student("anna", first(small))], small)
    path = tmp_path / "out" / "grading.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"SQLite format 3\x00" + b"\x07" * 5000)
    grading = ["class", "-o", "out", "--sheet", small.folder]
    for result in (grade(*grading, cwd=tmp_path), invoke("read-points", "out", cwd=tmp_path)):
        assert result.returncode == 2 and "done" not in result.stdout
        assert result.stderr.startswith(
            "Error: out/grading.sqlite, which holds the marks, cannot be read: "
        )
        assert result.stderr.count("\n") == 1
    assert path.stat().st_size == 5016


def test_a_sheet_that_fails_in_the_sandbox_is_refused(tmp_path, grade, invoke):
    course = waves(tmp_path / "sheet")
    path = tmp_path / "sheet" / "notebooks" / f"{course.first}.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"].insert(4, new_code_cell("import not_there\nsize = 3", id="helper"))
    for cell in notebook["cells"]:
        if cell["id"] == "totals-check":
            cell["source"] += "\nassert size"
    path.write_text(json.dumps(notebook))
    write_class(tmp_path / "class", [Student("anna", first(course))], course)
    for result in (
        grade("class", "-o", "out", "--sheet", "sheet", cwd=tmp_path),
        invoke("check", "--sheet", "sheet", cwd=tmp_path),
    ):
        assert result.returncode == 1
        said = [line for line in result.stdout.splitlines() if line.startswith("1_waves")]
        assert (
            "1_waves: its cell 'import not_there size = 3' raised ModuleNotFoundError: No module named"
            in said[0]
        )
        assert (
            said[1].startswith("1_waves/totals-check: with ") and "'size' is not defined" in said[1]
        )
        assert result.stderr == "Error: the sheet cannot be graded; the lines above say why\n"
    assert not (tmp_path / "out" / "results.csv").exists()


def test_a_sheet_that_can_be_graded(small, tmp_path, invoke, keep_sandboxes):
    result = invoke("check", "--sheet", small.folder, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "Waves, sheet 3 can be graded\n")
    result = invoke("check", "--sheet", small.folder, "-p", "n=-1", cwd=tmp_path)
    assert result.returncode == 1 and "1_waves/wave-check: with n=-1, " in result.stdout


def test_what_goes_wrong_with_one_student_is_that_student_alone(pair):
    folder, again = pair
    students = folder / "out" / "students"
    shutil.copytree(folder / "class" / "anna", folder / "class" / "dora")
    shutil.rmtree(students / "bert")
    (students / "bert").touch()  # where a folder should be
    (students / "dora").mkdir()
    (students / "dora" / "index.html").mkdir()
    result = again()
    assert result.returncode == 1
    assert "out/students/bert: File exists\n" in result.stdout
    assert (
        "dora: the page could not be written: " in result.stdout
        and "Traceback" not in result.stderr
    )
    assert result.stderr.endswith(
        "Error: 2 of 3 students could not be graded; results.csv says why\n"
    )
    rows = {
        row["student"]: row
        for row in table(folder / "out" / "results.csv")
        if row["task"] == "wave-check"
    }
    found = {name: (row["status"], row["points"]) for name, row in rows.items()}
    assert found == {"anna": ("correct", "2"), "bert": ("failed", ""), "dora": ("failed", "2")}
    (students / "bert").unlink()
    (students / "dora" / "index.html").rmdir()
    assert graded_names(again()) == ["bert"], "the others are done"
    assert (
        points(folder, "bert")["wave-check"] == "0" and points(folder, "dora")["wave-check"] == "2"
    )


def test_without_a_sandbox(small, tmp_path, grade):
    write_class(tmp_path / "class", [Student("anna", first(small))], small)
    result = grade(
        "class", "-o", "out", "--sheet", small.folder, "--no-sandbox", "-j", "1", cwd=tmp_path
    )
    assert result.returncode == 0
    assert result.stderr.startswith("Warning: the students' code runs with your permissions")
    assert points(tmp_path, "anna")["total"] == "3"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none"], "Error: there is no folder or file 'none'"),
        (
            ["empty"],
            "Error: empty holds no folder with notebooks for each student",
        ),
        (["full", "-p", "m=3"], "Error: no notebook has a parameter 'm'; there are n, p, start"),
        (["full", "-p", "n"], "Error: "),
        (["full", "--student", "bert"], "Error: full holds no hand-in of 'bert'"),
        (
            ["full", "-o", "full/anna/1_waves.ipynb"],
            "Error: cannot write to full/anna/1_waves.ipynb: ",
        ),
        (["full", "--sheet", "empty"], "Error: there are no notebooks in 'empty'"),
        (
            ["full", "--scheduler", "tcp://127.0.0.1:9", "-j", "2"],
            "Error: -j is for this machine; on a cluster",
        ),
    ],
)
def test_bad_arguments(small, tmp_path, grade, arguments, message):
    (tmp_path / "empty").mkdir()
    write_class(tmp_path / "full", [Student("anna", first(small))], small)
    result = grade("--sheet", small.folder, *arguments, cwd=tmp_path)
    assert result.returncode == 2
    said = [line for line in result.stdout.splitlines() if not line.startswith("limits: ")]
    assert said in ([], ["students: 1, notebooks of each: 2; 1 with fewer: anna"])
    assert result.stderr.startswith(message) and result.stderr.count("\n") == 1
