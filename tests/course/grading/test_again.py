"""Repeated gradings: which results are kept, and which are computed again."""

import os
import shutil
import signal
import subprocess
import time

import psutil
from gradings import COMMAND, graded_names, points, skip_without_graders
from students import Student, first, with_lines, write_class

from sheet11.course.book.store import Store

skip_without_graders()


def results_in(out):
    """Students whose results are stored."""
    if not (out / "grading.sqlite").exists():
        return set()
    with Store(out) as store:
        return set(store.results())


def test_killed_in_the_middle_and_started_again_gives_the_same(small, tmp_path, grade):
    sleep = with_lines(small.solutions[small.first]["wave"], "import time\ntime.sleep(10**6)")
    members = [
        Student("sleep", first(small, wave=sleep)),
        *(Student(name, first(small)) for name in "abcd"),
    ]
    write_class(tmp_path / "class", members, small)
    arguments = ["class", "--sheet", small.folder, "--seed", "5", "--timeout", "2", "-j", "2", "-o"]
    assert grade(*arguments, "first", cwd=tmp_path).returncode == 0
    command = [*COMMAND, *map(str, arguments), "second"]
    grading = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while len(results_in(tmp_path / "second")) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    family = psutil.Process(grading.pid).children(recursive=True)
    os.kill(grading.pid, signal.SIGKILL)
    grading.wait()
    assert family and not psutil.wait_procs(family, timeout=10)[1], (
        "no sandbox outlives the grading"
    )
    done = results_in(tmp_path / "second")
    assert 2 <= len(done) < len(members)
    again = set(graded_names(grade(*arguments, "second", cwd=tmp_path)))
    assert not again & done and len(again) + len(done) == len(members)
    for name in ("results.csv", "grades.csv", "hidden_tests.csv"):
        assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()


def about(out):
    with Store(out) as store:
        return store.about()


def test_what_is_graded_again(small, pair):
    folder, again = pair
    out, submitted = folder / "out", folder / "class"
    before = (out / "results.csv").read_bytes()
    seed = about(out)["seed"]
    assert graded_names(again()) == [], "nothing has changed"
    assert about(out)["seed"] == seed
    assert graded_names(again("--student", "bert")) == ["bert"]
    assert (out / "results.csv").read_bytes() == before
    shutil.copy(
        submitted / "anna" / f"{small.first}.ipynb", submitted / "bert" / f"{small.first}.ipynb"
    )
    shutil.copytree(submitted / "anna", submitted / "late")
    assert sorted(graded_names(again())) == ["bert", "late"], (
        "a file was replaced, and somebody was late"
    )
    assert points(folder, "bert")["wave-check"] == "2"
    assert sorted(graded_names(again("--seed", seed + 1))) == ["anna", "bert", "late"]
    assert sorted(graded_names(again("-p", "n=21"))) == ["anna", "bert", "late"]
    assert about(out)["given"] == {"n": 21}
    assert {each[small.first]["n"] for each in about(out)["parameters"]} == {21}
