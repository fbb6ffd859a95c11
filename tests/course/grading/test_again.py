"""Repeated gradings: which results are kept, and which are computed again."""

import json
import os
import shutil
import signal
import subprocess
import time

import psutil
from gradings import COMMAND, graded_names, points, skip_without_graders, table
from sheets import waves
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


def test_what_is_graded_again(small, pair):
    folder, again = pair
    out, submitted = folder / "out", folder / "class"
    before = (out / "results.csv").read_bytes()
    seed = json.loads((out / "grading.json").read_text())["seed"]
    assert graded_names(again()) == [], "nothing has changed"
    assert json.loads((out / "grading.json").read_text())["seed"] == seed
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
    drawn = json.loads((out / "grading.json").read_text())
    assert drawn["given"] == {"n": 21} and {
        each[small.first]["n"] for each in drawn["parameters"].values()
    } == {21}


def change(path, *changes):
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def test_what_changes_in_the_sheet_gives_what_a_new_folder_gives(tmp_path, grade, invoke):
    course = waves(tmp_path / "sheet")
    write_class(tmp_path / "class", [Student("anna", first(course))], course)

    def names_of(out):
        return graded_names(
            grade("class", "-o", out, "--seed", "7", "--sheet", "sheet", cwd=tmp_path)
        )

    assert names_of("out") == ["anna"]
    change(tmp_path / "out" / "grades.csv", ("anna,2,1,,", "anna,2,1,1,"))
    assert invoke("read-points", "out", cwd=tmp_path).returncode == 0
    changes = [
        ("angle(row + 1, position", "angle(row + 1.001, position"),
        ('tolerance": 1e-05', 'tolerance": 1e-06'),
    ]
    changes += [
        ('"points": 1', '"points": 0.5'),
        ("assert np.allclose(wave(9, 4", "(wave(9, 4"),
    ]  # it would notice
    change(tmp_path / "sheet" / "notebooks" / "1_waves.ipynb", *changes)
    assert names_of("out") == names_of("new") == ["anna"]
    for name in ("grades.csv", "results.csv"):
        assert without_marks(tmp_path / "out" / name) == without_marks(tmp_path / "new" / name)
    assert points(tmp_path, "anna") == {
        **{
            "student": "anna",
            "wave-check": "0",
            "totals-check": "0.5",
            "proof": "0.5",
            "slope-check": "0",
        },
        **{"total": "1", "max": "4", "to read": "0"},
    }
    (row,) = [row for row in table(tmp_path / "out" / "results.csv") if row["task"] == "proof"]
    assert row["remark"] == "1 points were given, of a maximum of 0.5"


def without_marks(path):
    """A table without what people have said."""
    rows = table(path)
    for row in rows:
        if row.get("status") in ("read", "to read"):
            row.update(points="", status="", remark="")
        for name in ("total", "to read", *(name for name in row if "by hand" in name)):
            row.pop(name, None)
    return rows
