"""Grading: invalid input is refused, and a failure concerns only one student."""

import json
import os
import shutil
import subprocess

import pytest
from gradings import COMMAND, graded_names, points, run, skip_without_graders, table
from nbformat.v4 import new_code_cell
from sheets import waves
from students import Student, first, write_class

skip_without_graders()


def test_two_at_once_on_one_folder(small, tmp_path):
    write_class(
        tmp_path / "class", [Student(name, first(small)) for name in ("anna", "bert")], small
    )
    command = [*COMMAND, "class", "-o", "out", "--sheet", str(small.folder), "-j", "1"]
    both = [
        subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(error for _, error in said) == [
        "",
        "waiting for another command that writes to out\n",
    ]
    done = [
        line.partition(":")[0]
        for output, _ in said
        for line in output.splitlines()
        if ": done" in line
    ]
    assert sorted(done) == ["anna", "bert"], "each once"
    assert points(tmp_path, "anna")["total"] == points(tmp_path, "bert")["total"] == "3"


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
        assert "1_waves: its cell 'helper' raises ModuleNotFoundError: No module named" in said[0]
        assert (
            said[1].startswith("1_waves/totals-check: with ") and "'size' is not defined" in said[1]
        )
        assert result.stderr == "Error: the sheet has 2 problems, and cannot be graded\n"
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


@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("setpriv"), reason="gives up a right that only root has"
)
def test_a_folder_that_may_not_be_read_is_that_student_alone(small, tmp_path):
    write_class(tmp_path / "class", [Student("anna", {}), Student("bert", {})], small)
    (tmp_path / "class" / "bert").chmod(0)
    command = [
        "setpriv",
        "--bounding-set=-dac_override,-dac_read_search",
        *COMMAND,
        "class",
        "-o",
        "out",
    ]
    result = subprocess.run(
        [*command, "--sheet", small.folder], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 1
    why = "bert: not graded: what was handed in cannot be read: class/bert: Permission denied"
    assert why in result.stdout.splitlines()
    assert result.stderr == "Error: 1 of 2 students could not be graded; results.csv says why\n"
    found = {
        (row["student"], row["status"], row["points"])
        for row in table(tmp_path / "out" / "results.csv")
    }
    assert found == {("anna", "not answered", "0"), ("bert", "failed", "")}


def test_without_a_sandbox(small, tmp_path, grade):
    write_class(tmp_path / "class", [Student("anna", first(small))], small)
    result = grade(
        "class", "-o", "out", "--sheet", small.folder, "--no-sandbox", "-j", "1", cwd=tmp_path
    )
    assert result.returncode == 0
    assert result.stderr.startswith("Warning: the students' code runs with your rights")
    assert points(tmp_path, "anna")["total"] == "3"


def test_no_sandbox_to_be_had(small, tmp_path):
    write_class(tmp_path / "class", [Student("anna", first(small))], small)
    (tmp_path / "bwrap").write_text(
        "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n"
    )
    (tmp_path / "bwrap").chmod(0o755)
    result = run("class", "-o", "out", cwd=tmp_path, env=os.environ | {"PATH": str(tmp_path)})
    assert result.returncode == 2
    assert result.stderr.startswith(
        "Error: no sandbox can be made here (bwrap: setting up uid map: Permission denied); "
    )
    assert result.stderr.count("\n") == 1 and not (tmp_path / "out").exists()


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
        (["full", "--student", "bert"], "Error: full holds no folder 'bert'"),
        (
            ["full", "-o", "full/anna/1_waves.ipynb"],
            "Error: cannot write to full/anna/1_waves.ipynb: ",
        ),
        (["full", "--sheet", "empty"], "Error: empty holds no notebooks"),
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
    assert said in ([], ["1 student, 2 notebooks each; 1 with fewer: anna"])
    assert result.stderr.startswith(message) and result.stderr.count("\n") == 1
