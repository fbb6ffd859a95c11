"""Grading: a class with every way of being right or wrong, and what stays when gradings are repeated."""

import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest
from students import FIRST, RIGHT, TASKS, Student, encoding, expected_of, students, write_class

from sheet11.course.errors import NotebookError
from sheet11.course.grading.sandbox import check_sandbox
from sheet11.lab.records import read_records

pytest.importorskip("nbgrader", reason="needs nbgrader: pip install 'sheet11[grade]'")
try:
    check_sandbox()
except NotebookError:
    pytest.skip("needs bubblewrap: pip install 'sheet11[grade]'", allow_module_level=True)

COMMAND = [sys.executable, "-m", "sheet11.course.cli", "grade"]
OPTIONS = ["--seed", "5", "--timeout", "10", "--memory", "1000"]


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def run(*arguments, cwd, **options):
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, **options)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class, graded once; its folder, its members, and connections that were made to this machine."""
    folder = tmp_path_factory.mktemp("grading")
    secret = folder / "secret"
    secret.mkdir()
    (secret / "answers.txt").write_text("42")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        members = students(str(secret), server.getsockname()[1])
        write_class(folder / "class", members)
        environment = os.environ | {"SHEET11_SECRET": "42"}
        result = run("class", "-o", "first", *OPTIONS, cwd=folder, env=environment)
        assert result.returncode == 0, result.stderr
        with pytest.raises(BlockingIOError):
            server.accept()
    return folder, members


def test_class_is_large_and_names_are_different(graded):
    members = graded[1]
    assert len({student.name for student in members}) == len(members) >= 40


def test_everybody_gets_what_is_stated(graded):
    folder, members = graded
    rows = {(row["student"], row["notebook"], row["task"]): row for row in table(folder / "first" / "results.csv")}
    wrong = []
    for student in members:
        name = f"'{student.name}" if student.name.startswith("=") else student.name
        for stem, tasks in TASKS.items():
            for task in tasks:
                row = rows[name, stem, task]
                status, message = expected_of(student, stem, task)
                full = float(row["points"]) == float(row["max_points"])
                if row["status"] != status or message not in row["message"] or full != (status == "correct"):
                    wrong.append((student.name, stem, task, status, message, row["status"], row["message"]))
                if not full and not row["message"]:
                    wrong.append((student.name, task, "has no reason"))
    assert not wrong


def test_nothing_outside_was_touched(graded):
    folder, members = graded
    assert [path.name for path in (folder / "secret").iterdir()] == ["answers.txt"]
    assert {path.name for path in (folder / "class").iterdir()} == {student.name for student in members}
    assert not list(folder.rglob("written-by-a-student"))
    assert not [p for p in psutil.process_iter(["cmdline"]) if "/inside.py" in (p.info["cmdline"] or [])]


def test_pages_have_no_scripts_and_ask_no_other_host(graded):
    folder, members = graded
    pages = list((folder / "first").rglob("*.html"))
    assert len(pages) == len(members) + 1
    for page in pages:
        text = page.read_text()
        assert "<script" not in text.lower() and not re.search(r"""(src|href)=["']?(https?:)?//""", text)
        assert not re.search(r"<b>(?! )", text.replace("&lt;b&gt;", "")), "names are escaped"


def test_feedback_shows_points_reasons_answers_and_figures(graded):
    page = (graded[0] / "first" / "students" / "half" / "index.html").read_text()
    assert "<strong>8 of 35 points</strong>" in page
    assert "not answered" in page and "def positional_encoding" in page
    assert page.count("data:image/png;base64,") >= 4 and 'alt=""' not in page
    page = (graded[0] / "first" / "students" / "off by one" / "index.html").read_text()
    assert "E_small differs in" in page
    assert "still to be read by a person" in page


def test_executed_notebooks(graded):
    folder = graded[0] / "first" / "students" / "right"
    parameters = json.loads((graded[0] / "first" / "grading.json").read_text())["parameters"]
    for stem in RIGHT:
        records = read_records(folder / f"{stem}.ipynb")
        assert records, stem
    drawn = parameters[FIRST]
    assert read_records(folder / f"{FIRST}.ipynb")["E"].shape == (drawn["p"], drawn["n"])
    for notebook in (graded[0] / "first" / "students").rglob("*.ipynb"):
        kinds = {
            kind
            for cell in json.loads(notebook.read_text())["cells"]
            for output in cell.get("outputs", [])
            for kind in output.get("data", {})
        }
        assert kinds <= {"text/plain", "image/png", "application/vnd.sheet11.record+json"}


def test_killed_in_the_middle_and_started_again_gives_the_same(graded):
    folder, members = graded
    grading = subprocess.Popen([*COMMAND, "class", "-o", "second", *OPTIONS], cwd=folder, stdout=subprocess.DEVNULL)
    results = folder / "second" / "students"
    deadline = time.monotonic() + 120
    while len(list(results.glob("*/result.json"))) < 8 and time.monotonic() < deadline:
        time.sleep(0.05)
    family = psutil.Process(grading.pid).children(recursive=True)
    os.kill(grading.pid, signal.SIGKILL)
    grading.wait()
    assert not psutil.wait_procs(family, timeout=10)[1], "no sandbox outlives the grading"
    done = {path.parent.name for path in results.glob("*/result.json")}
    assert 8 <= len(done) < len(members)
    result = run("class", "-o", "second", *OPTIONS, cwd=folder)
    assert result.returncode == 0
    again = {line.partition(": done")[0] for line in result.stdout.splitlines() if ": done" in line}
    assert not again & done and len(again) + len(done) == len(members)
    assert (folder / "second" / "results.csv").read_bytes() == (folder / "first" / "results.csv").read_bytes()
    assert (folder / "second" / "grades.csv").read_bytes() == (folder / "first" / "grades.csv").read_bytes()


@pytest.fixture
def pair(tmp_path):
    """Two students with the first notebook, graded once."""
    right = {FIRST: RIGHT[FIRST]}
    write_class(tmp_path / "class", [Student("anna", right), Student("bert", encoding("base = 3.0"))])
    first = run("class", "-o", "out", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "2 answers are still to be read" in first.stdout
    return tmp_path


def points(folder, student):
    (row,) = [row for row in table(folder / "out" / "grades.csv") if row["student"] == student]
    return {name.removeprefix(f"{FIRST}/").partition(" ")[0]: value for name, value in row.items() if value}


def graded_names(result):
    assert result.returncode == 0, result.stderr
    return [line.partition(":")[0] for line in result.stdout.splitlines() if ": done" in line]


def test_what_is_graded_again(pair):
    before = (pair / "out" / "results.csv").read_bytes()
    seed = json.loads((pair / "out" / "grading.json").read_text())["seed"]
    assert graded_names(run("class", "-o", "out", cwd=pair)) == [], "nothing has changed"
    assert json.loads((pair / "out" / "grading.json").read_text())["seed"] == seed
    assert graded_names(run("class", "-o", "out", "--student", "bert", cwd=pair)) == ["bert"]
    assert (pair / "out" / "results.csv").read_bytes() == before
    shutil.copy(pair / "class" / "anna" / f"{FIRST}.ipynb", pair / "class" / "bert" / f"{FIRST}.ipynb")
    assert graded_names(run("class", "-o", "out", cwd=pair)) == ["bert"], "a file was replaced"
    assert points(pair, "bert")["encoding"] == "2"
    shutil.copytree(pair / "class" / "anna", pair / "class" / "late")
    assert graded_names(run("class", "-o", "out", cwd=pair)) == ["late"]
    assert sorted(graded_names(run("class", "-o", "out", "--seed", seed + 1, cwd=pair))) == ["anna", "bert", "late"]
    assert sorted(graded_names(run("class", "-o", "out", "-p", "n=21", cwd=pair))) == ["anna", "bert", "late"]
    drawn = json.loads((pair / "out" / "grading.json").read_text())
    assert drawn["given"] == {"n": 21} and drawn["parameters"][FIRST]["n"] == 21


def test_points_by_hand_survive(pair):
    path = pair / "out" / "grades.csv"
    rows = table(path)
    (column,) = [name for name in rows[0] if name.startswith(f"{FIRST}/a-derivation ")]
    rows[0][column] = "0.5"
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert graded_names(run("class", "-o", "out", "--gradebook", "moodle", cwd=pair)) == []
    assert points(pair, "anna")["a-derivation"] == "0.5" and points(pair, "anna")["total"] == "4.5"
    assert table(pair / "out" / "moodle.csv")[0]["Sheet 11"] == "4.5"
    assert "4.5 of 35 points" in (pair / "out" / "students" / "anna" / "index.html").read_text()
    run("class", "-o", "out", "--student", "anna", cwd=pair)
    assert points(pair, "anna")["a-derivation"] == "0.5"
    path.write_text(path.read_text().replace(",0.5,", ",7,"))
    result = run("class", "-o", "out", cwd=pair)
    assert result.returncode == 2
    assert result.stderr == f"Error: out/grades.csv: {column} of 'anna' must be a number from 0 to 1, got '7'\n"


def test_without_a_sandbox(tmp_path):
    write_class(tmp_path / "class", [Student("anna", {FIRST: RIGHT[FIRST]})])
    result = run("class", "-o", "out", "--no-sandbox", "-j", "1", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stderr.startswith("Warning: the students' code runs with your rights")
    assert points(tmp_path, "anna")["total"] == "4"


def test_no_sandbox_to_be_had(tmp_path):
    write_class(tmp_path / "class", [Student("anna", {FIRST: RIGHT[FIRST]})])
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
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
        (["none"], "Error: there is no folder 'none'"),
        (["empty"], "Error: empty holds no folders; it wants one for each student, with notebooks in it"),
        (["full", "-p", "m=3"], "Error: no notebook has a parameter 'm'; there are"),
        (["full", "-p", "n"], "Error: -p wants NAME=VALUE, got 'n'"),
        (
            ["full", "-p", "n=1"],
            "Error: the kit's own solution of 01_encoding/encoding fails with these parameters: ValueE",
        ),
        (["full", "--student", "bert"], "Error: full holds no folder 'bert'"),
        (["full", "-o", "full/anna/01_encoding.ipynb"], "Error: cannot write to full/anna/01_encoding.ipynb: "),
        (["full", "--scheduler", "tcp://127.0.0.1:9"], "Error: there is no Dask scheduler at 'tcp://127.0.0.1:9'"),
        (["full", "--scheduler", "tcp://127.0.0.1:9", "-j", "2"], "Error: -j is for this machine; on a cluster"),
    ],
)
def test_bad_arguments(tmp_path, arguments, message):
    (tmp_path / "empty").mkdir()
    write_class(tmp_path / "full", [Student("anna", {FIRST: RIGHT[FIRST]})])
    result = run(*arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(message) and result.stderr.count("\n") == 1
