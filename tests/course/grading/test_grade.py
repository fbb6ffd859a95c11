"""Grading: a class with every way of being right or wrong, and what stays when gradings are repeated."""

import csv
import ctypes
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
from nbformat.v4 import new_code_cell
from sheets import this_kit, waves
from students import PIXEL, Student, expected_of, first, of_the_waves, students, with_lines, write_class

from sheet11.course.errors import NotInstalledError
from sheet11.course.grading.book.gradebook import harmless
from sheet11.course.grading.draws import Drawn
from sheet11.course.grading.exercises import draw_exercises
from sheet11.course.grading.grade import blank_examination, circumstances, sit
from sheet11.course.grading.handins.submissions import Submission, key_of
from sheet11.course.grading.isolation.sandbox import Limits, check_sandbox
from sheet11.course.sheet import find_sheet
from sheet11.course.visible import visible

pytest.importorskip("nbgrader", reason="needs nbgrader: pip install 'sheet11[grade]'")
try:
    check_sandbox()
except NotInstalledError:
    pytest.skip("needs bubblewrap: pip install 'sheet11[grade]'", allow_module_level=True)

COMMAND = [sys.executable, "-m", "sheet11.course.cli", "grade"]
OPTIONS = ["--seed", "5", "--timeout", "6", "--memory", "1000"]
LIMITS = Limits(seconds=6)
TABLES = ("grades.csv", "results.csv")
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def run(*arguments, cwd, **options):
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, **options)


def is_inside(process):
    try:
        return any(word.endswith("forks/server.py") for word in process.cmdline())
    except psutil.Error:
        return False


def sheet_of(course):
    return ["--sheet", course.folder] if course.folder else []


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The sheet of waves."""
    return waves(tmp_path_factory.mktemp("sheet"))


# everybody is in the class on the small sheet; on this kit's notebooks, which take longer, those who depend on them
OF_THIS_KIT = {
    *("right", "half", "nothing answered", "wrong", "replaced numpy", "forged records", "imports the solution"),
    *("imports the module", "network", "deletes everything", "large record", "from Colab", "marks lost"),
    *("checks changed", "reordered", "imports the course", "searches the disk", "searches the memory"),
}


@pytest.fixture(scope="module", params=["waves", pytest.param("this kit", marks=pytest.mark.slow)])
def graded(request, tmp_path_factory):
    """The class, graded once: its folder, its members and its sheet."""
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
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # what the grading leaves behind becomes a child of this process
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        members = students(course, str(secret), server.getsockname()[1]) + more
        if course.folder is None:
            members = [member for member in members if member.name in OF_THIS_KIT]
        write_class(folder / "class", members, course)
        environment = os.environ | {"SHEET11_SECRET": "42"}
        options = OPTIONS if course.folder else ["--seed", "5", "--timeout", "15"]
        result = run("class", "-o", "first", *sheet_of(course), *options, cwd=folder, env=environment)
        said = "Error: no notebook was recognised of .*\n" if course.folder else ""  # in the other class all have one
        assert result.returncode == (1 if said else 0) and re.fullmatch(said, result.stderr), result.stderr
        assert visible(result.stdout, lines=True) == result.stdout, "nothing is for the terminal to obey"
        with pytest.raises(BlockingIOError):
            server.accept()
    subprocess.run(["rm", "-rf", folder / "class" / "deep folders" / "d"], check=True)  # pytest cannot remove it
    left = [process for process in psutil.Process().children(recursive=True) if process not in before]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0)
    assert not [process for process in left if is_inside(process)]
    return folder, members, course


def test_class_is_large_and_names_are_different(graded):
    members = graded[1]
    assert len({student.name for student in members}) == len(members)
    assert len(members) >= 50 if graded[2].folder else len(members) == len(OF_THIS_KIT)


def test_everybody_gets_what_is_stated(graded):
    folder, members, course = graded
    rows = {(row["student"], row["notebook"], row["task"]): row for row in table(folder / "first" / "results.csv")}
    unexpected = []
    for student in members:
        name = harmless(key_of(student.name))
        for stem, tasks in course.tasks.items():
            for task in tasks:
                row = rows[name, stem, task]
                status, message = expected_of(student, stem, task, course)
                full = float(row["points"]) == float(row["max_points"])
                as_stated = row["status"] == status if status else row["status"] in ("wrong", "error", "ended")
                if not as_stated or message not in row["message"] or full != (status == "correct"):
                    unexpected.append((student.name, stem, task, status, message, row["status"], row["message"]))
                if not full and not row["message"]:
                    unexpected.append((student.name, task, "has no reason"))
    assert not unexpected


def test_nothing_outside_was_touched(graded):
    folder, members, _ = graded
    assert [path.name for path in (folder / "secret").iterdir()] == ["answers.txt"]
    assert {path.name for path in (folder / "class").iterdir()} == {student.name for student in members}
    assert not list(folder.rglob("written-by-a-student"))


def test_pages_have_no_scripts_and_ask_no_other_host(graded):
    folder, members, _ = graded
    pages = list((folder / "first").rglob("*.html"))
    assert len(pages) == len(members) + 1
    for page in pages:
        text = page.read_text()
        assert "<script" not in text.lower() and not re.search(r"""(src|href)=["']?(https?:)?//""", text)
        assert not re.search(r"<b>(?! )", text.replace("&lt;b&gt;", "")), "names are escaped"


def test_feedback_shows_points_reasons_answers_and_figures(graded):
    folder, _, course = graded
    page = (folder / "first" / "students" / "right" / "index.html").read_text()
    assert page.count("data:image/png;base64,") >= 1 and 'alt=""' not in page
    assert "still to be read by a person" in page
    page = (folder / "first" / "students" / "half" / "index.html").read_text()
    (points,) = [row["total"] for row in table(folder / "first" / "grades.csv") if row["student"] == "half"]
    assert f"<strong>{points} of {course.maximum:g} points</strong>" in page and float(points) > 0
    assert "not answered" in page and "def " in page
    page = (folder / "first" / "students" / "wrong" / "index.html").read_text()
    assert "differs in" in page


def test_pages_are_bounded(graded):
    folder, _, course = graded
    if course.folder:
        notebook = json.loads((folder / "first" / "students" / "gigapixels" / f"{course.first}.ipynb").read_text())
        images = [output for cell in notebook["cells"] for output in cell.get("outputs", []) if "data" in output]
        assert 5 <= len([output for output in images if "image/png" in output["data"]]) <= 6, "100 megapixels"
    for page in (folder / "first").rglob("*.*"):
        assert page.stat().st_size < 5 << 20, page


def test_images_are_part_of_an_answer(graded):
    folder, _, course = graded
    if course.folder:
        notebook = json.loads((folder / "first" / "students" / "photos" / f"{course.first}.ipynb").read_text())
        (proof,) = [cell for cell in notebook["cells"] if cell.get("attachments")]
        assert proof["attachments"] == {"scan.png": {"image/png": PIXEL}}
        shown, left_out = "![scan.png](attachment:scan.png)", "[left out: x.svg, which is no PNG or JPEG]"
        assert "".join(proof["source"]) == f"Because **sin** is odd.\n\n{shown}\n\n{left_out}"
        page = (folder / "first" / "students" / "photos" / "index.html").read_text()
        assert f'<img src="data:image/png;base64,{PIXEL}" alt="scan.png"' in page and "onload" not in page


def test_results_are_for_their_owner(graded):
    folder = graded[0]
    for path in (folder / "first", *(folder / "first").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_tasks_have_their_titles(graded):
    folder, _, course = graded
    if course.folder:
        page = (folder / "first" / "students" / "off by one" / "index.html").read_text()
        assert '<th scope="row">1a.1 · Sines in rows</th>' in page and '<th scope="row">2a) Lines: slope</th>' in page
        titles = {row["task"]: row["title"] for row in table(folder / "first" / "results.csv")}
        assert titles["totals"] == "1a.2 · Their sums" and titles["proof"] == "1a.3 · Why"


def test_executed_notebooks(graded):
    folder, _, course = graded
    right = folder / "first" / "students" / "right"
    described = json.loads((folder / "first" / "grading.json").read_text())
    assert len(set(described["students"].values())) > 1, "not everybody has the same parameters"
    drawn = described["parameters"][str(described["students"]["right"])]
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
        assert kinds <= {"text/plain", "image/png"}, "no record, with which another student could answer"


def test_killed_in_the_middle_and_started_again_gives_the_same(small, tmp_path):
    members = [Student(f"student{number}", first(small)) for number in range(8)]
    members.append(
        Student("loop", first(small, wave=with_lines(small.solutions[small.first]["wave"], "while True: pass")))
    )
    write_class(tmp_path / "class", members, small)
    arguments = ["class", "--sheet", small.folder, "--seed", "5", "--timeout", "3", "-j", "2", "-o"]
    assert run(*arguments, "first", cwd=tmp_path).returncode == 0
    command = [*COMMAND, *map(str, arguments), "second"]
    grading = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    results = tmp_path / "second" / "students"
    deadline = time.monotonic() + 120
    while len(list(results.glob("*/result.json"))) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    family = psutil.Process(grading.pid).children(recursive=True)
    os.kill(grading.pid, signal.SIGKILL)
    grading.wait()
    assert family and not psutil.wait_procs(family, timeout=10)[1], "no sandbox outlives the grading"
    done = {path.parent.name for path in results.glob("*/result.json")}
    assert 4 <= len(done) < len(members)
    result = run(*arguments, "second", cwd=tmp_path)
    assert result.returncode == 0
    again = set(graded_names(result))
    assert not again & done and len(again) + len(done) == len(members)
    for name in ("results.csv", "grades.csv"):
        assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()


@pytest.fixture
def pair(small, tmp_path):
    """Grade two students who have the first notebook, once; a function that grades them again, and what was said."""
    wrong = with_lines(small.solutions[small.first]["wave"], "", small.wrong)
    write_class(tmp_path / "class", [Student("anna", first(small)), Student("bert", first(small, wave=wrong))], small)

    def again(*arguments):
        return run("class", "-o", "out", "--sheet", small.folder, *arguments, cwd=tmp_path)

    result = again()
    assert result.returncode == 0, result.stderr
    assert "2 answers are still to be read" in result.stdout
    return tmp_path, again


def points(folder, student):
    (row,) = [row for row in table(folder / "out" / "grades.csv") if row["student"] == student]
    return {name.partition("/")[2].partition(" ")[0] or name: value for name, value in row.items() if value}


def graded_names(result):
    assert result.returncode == 0, result.stderr
    return [line.partition(":")[0] for line in result.stdout.splitlines() if ": done" in line]


def test_what_is_graded_again(small, pair):
    folder, again = pair
    out, submitted = folder / "out", folder / "class"
    before = (out / "results.csv").read_bytes()
    seed = json.loads((out / "grading.json").read_text())["seed"]
    assert graded_names(again()) == [], "nothing has changed"
    assert json.loads((out / "grading.json").read_text())["seed"] == seed
    assert graded_names(again("--student", "bert")) == ["bert"]
    assert (out / "results.csv").read_bytes() == before
    shutil.copy(submitted / "anna" / f"{small.first}.ipynb", submitted / "bert" / f"{small.first}.ipynb")
    shutil.copytree(submitted / "anna", submitted / "late")
    assert sorted(graded_names(again())) == ["bert", "late"], "a file was replaced, and somebody was late"
    assert points(folder, "bert")["wave"] == "2"
    assert sorted(graded_names(again("--seed", seed + 1))) == ["anna", "bert", "late"]
    assert sorted(graded_names(again("-p", "n=21"))) == ["anna", "bert", "late"]
    drawn = json.loads((out / "grading.json").read_text())
    assert drawn["given"] == {"n": 21} and {each[small.first]["n"] for each in drawn["parameters"].values()} == {21}


def read_points(*arguments, cwd):
    command = [*COMMAND[:-1], "read-points", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def test_points_by_hand_survive(small, pair):
    folder, again = pair
    path = folder / "out" / "grades.csv"
    (column,) = [name for name in table(path)[0] if "/proof " in name]
    path.write_text(path.read_text().replace("anna,2,1,,", "anna,2,1,0.5,"))
    assert points(folder, "anna")["proof"] == "0.5"
    result = read_points("out", "--name", "eve", cwd=folder)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "1 point and 0 comments for 1 student, from out/grades.csv\n"
    assert points(folder, "anna")["total"] == "3.5"
    assert "3.5 of 5 points" in (folder / "out" / "students" / "anna" / "index.html").read_text()
    assert graded_names(again()) == []
    again("--student", "anna")
    assert points(folder, "anna")["proof"] == "0.5"
    (folder / "mine.csv").write_text(path.read_text().replace(",0.5,", ",7,"))
    result = read_points("out", "mine.csv", cwd=folder)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"Error: mine.csv: {small.first}/proof of 'anna' must be a number from 0 to 1, got '7'\n"
    result = read_points("elsewhere", "mine.csv", cwd=folder)
    assert (result.returncode, result.stderr) == (2, "Error: elsewhere holds no grading\n")
    assert not (folder / "elsewhere").exists()
    shutil.rmtree(folder / "class" / "anna")
    write_class(folder / "class", [Student("anna", first(small, proof="Because **cos** is even."))], small)
    assert graded_names(again()) == ["anna"]
    (row,) = [row for row in table(folder / "out" / "results.csv") if row["points"] and row["task"] == "proof"]
    assert (row["points"], row["status"]) == ("0.5", "to be read again")
    assert row["message"] == "this was read before the answer was changed"


def change(path, *changes):
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("waves/angles.py", "Given to", "A gift to"),
        ("waves/solution.py", "Not given", "Never given"),
        ("notebooks/1_waves.ipynb", '"tolerance": 1e-05', '"tolerance": 1e-06'),
        ("notebooks/1_waves.ipynb", '"points": 2', '"points": 3'),
        ("notebooks/1_waves.ipynb", "angle(row + 1, position", "angle(row + 1.001, position"),
        ("notebooks/1_waves.ipynb", "E.shape == (p, n)", "np.shape(E) == (p, n)"),
        ("notebooks/1_waves.ipynb", "Sines in rows", "Rows of sines"),
        ("notebooks/1_waves.ipynb", "np.arange(1, 5), np.arange(3, 12)", "np.arange(1, 5), np.arange(3, 11)"),
        ("notebooks/mistakes/1_waves.toml", "here they", "yours"),
    ],
)
def test_what_a_result_depends_on(tmp_path, name, old, new):
    course = waves(tmp_path)

    def key(seed=7, limits=LIMITS, isolated=True, **answers):
        sheet = find_sheet(tmp_path)
        exercises = draw_exercises(sheet, {}, seed)
        blank = blank_examination(sheet, exercises, limits, isolated)
        drawn = Drawn(exercises, blank, circumstances(sheet, exercises, blank))
        return sit(drawn, Submission("anna", {course.first: answers}, {})).key

    before = key()
    assert key() == before
    assert len({before, key(8), key(limits=Limits(seconds=9)), key(isolated=False), key(wave="wave = 0")}) == 5
    change(tmp_path / name, (old, new))
    assert key() != before


def test_what_changes_in_the_sheet_gives_what_a_new_folder_gives(tmp_path):
    course = waves(tmp_path / "sheet")
    write_class(tmp_path / "class", [Student("anna", first(course))], course)

    def grade(out):
        return graded_names(run("class", "-o", out, "--seed", "7", "--sheet", "sheet", cwd=tmp_path))

    assert grade("out") == ["anna"]
    change(tmp_path / "out" / "grades.csv", ("anna,2,1,,", "anna,2,1,1,"))
    assert read_points("out", cwd=tmp_path).returncode == 0
    changes = [("angle(row + 1, position", "angle(row + 1.001, position"), ('tolerance": 1e-05', 'tolerance": 1e-06')]
    changes += [('"points": 1', '"points": 0.5'), ("assert np.allclose(wave(9, 4", "(wave(9, 4")]  # it would notice
    change(tmp_path / "sheet" / "notebooks" / "1_waves.ipynb", *changes)
    assert grade("out") == grade("new") == ["anna"]
    for name in TABLES:
        assert without_marks(tmp_path / "out" / name) == without_marks(tmp_path / "new" / name)
    assert points(tmp_path, "anna") == {
        **{"student": "anna", "wave": "0", "totals": "0.5", "proof": "0.5", "slope": "0"},
        **{"total": "1", "max": "4", "to be read": "0"},
    }
    (row,) = [row for row in table(tmp_path / "out" / "results.csv") if row["task"] == "proof"]
    assert row["message"] == "1 points were given, of which 0.5 can be had"


def without_marks(path):
    """A table without what people have said."""
    rows = table(path)
    for row in rows:
        if row.get("status") in ("read", "to be read"):
            row.update(points="", status="", message="")
        for name in ("total", "to be read", *(name for name in row if "by hand" in name)):
            row.pop(name, None)
    return rows


def test_two_at_once_on_one_folder(small, tmp_path):
    write_class(tmp_path / "class", [Student(name, first(small)) for name in ("anna", "bert")], small)
    command = [*COMMAND, "class", "-o", "out", "--sheet", str(small.folder)]
    both = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(error for _, error in said) == ["", "waiting for another command that writes to out\n"]
    done = [line.partition(":")[0] for output, _ in said for line in output.splitlines() if ": done" in line]
    assert sorted(done) == ["anna", "bert"], "each once"
    assert points(tmp_path, "anna")["total"] == points(tmp_path, "bert")["total"] == "3"


def test_damaged_marks_are_said(small, tmp_path):
    write_class(tmp_path / "class", [Student("anna", first(small))], small)
    path = tmp_path / "out" / "grading.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"SQLite format 3\x00" + b"\x07" * 5000)
    for result in (run("class", "-o", "out", "--sheet", small.folder, cwd=tmp_path), read_points("out", cwd=tmp_path)):
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith("Error: out/grading.sqlite, which holds the marks, cannot be read: ")
        assert result.stderr.count("\n") == 1
    assert path.stat().st_size == 5016


def test_a_given_cell_that_fails_in_the_sandbox_is_no_mark(tmp_path):
    course = waves(tmp_path / "sheet")
    path = tmp_path / "sheet" / "notebooks" / f"{course.first}.ipynb"
    notebook = json.loads(path.read_text())
    outside = "import os\nif os.getcwd() == '/scratch': import not_in_the_sandbox"
    notebook["cells"].insert(1, new_code_cell(outside, id="helper"))
    path.write_text(json.dumps(notebook))
    write_class(tmp_path / "class", [Student("anna", first(course))], course)
    result = run("class", "-o", "out", "--sheet", "sheet", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr == "Error: 1 of 1 students could not be graded; results.csv says why\n"
    rows = [row for row in table(tmp_path / "out" / "results.csv") if row["task"] in course.tasks[course.first]]
    assert [(row["status"], row["points"]) for row in rows] == [("failed", "")] * 2
    assert rows[0]["message"] == (
        "not graded: the given cell 'helper' of 1_waves fails: "
        "ModuleNotFoundError: No module named 'not_in_the_sandbox'"
    )
    notebook["cells"].pop(1)
    path.write_text(json.dumps(notebook))
    assert graded_names(run("class", "-o", "out", "--sheet", "sheet", cwd=tmp_path)) == ["anna"]


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
    assert "bert: not graded: out/students/bert/result.json: Not a directory\n" in result.stdout
    assert "dora: the page could not be written: " in result.stdout and "Traceback" not in result.stderr
    assert result.stderr.endswith("Error: 2 of 3 students could not be graded; results.csv says why\n")
    rows = {row["student"]: row for row in table(folder / "out" / "results.csv") if row["task"] == "wave"}
    found = {name: (row["status"], row["points"]) for name, row in rows.items()}
    assert found == {"anna": ("correct", "2"), "bert": ("failed", ""), "dora": ("failed", "2")}
    (students / "bert").unlink()
    (students / "dora" / "index.html").rmdir()
    assert graded_names(again()) == ["bert"], "the others are done"
    assert points(folder, "bert")["wave"] == "0" and points(folder, "dora")["wave"] == "2"


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="gives up a right that only root has")
def test_a_folder_that_may_not_be_read_is_that_student_alone(small, tmp_path):
    write_class(tmp_path / "class", [Student("anna", {}), Student("bert", {})], small)
    (tmp_path / "class" / "bert").chmod(0)
    command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *COMMAND, "class", "-o", "out"]
    result = subprocess.run([*command, "--sheet", small.folder], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 1
    why = "bert: not graded: what was handed in cannot be read: class/bert: Permission denied"
    assert why in result.stdout.splitlines()
    assert result.stderr == "Error: 1 of 2 students could not be graded; results.csv says why\n"
    found = {(row["student"], row["status"], row["points"]) for row in table(tmp_path / "out" / "results.csv")}
    assert found == {("anna", "missing", "0"), ("bert", "failed", "")}


def test_without_a_sandbox(small, tmp_path):
    write_class(tmp_path / "class", [Student("anna", first(small))], small)
    result = run("class", "-o", "out", "--sheet", small.folder, "--no-sandbox", "-j", "1", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stderr.startswith("Warning: the students' code runs with your rights")
    assert points(tmp_path, "anna")["total"] == "3"


def test_no_sandbox_to_be_had(small, tmp_path):
    write_class(tmp_path / "class", [Student("anna", first(small))], small)
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
        (["none"], "Error: there is no folder or file 'none'"),
        (["empty"], "Error: empty holds no folders; it wants one for each student, with notebooks in it"),
        (["full", "-p", "m=3"], "Error: no notebook has a parameter 'm'; there are n, p, start"),
        (["full", "-p", "n"], "Error: "),
        (
            ["full", "-p", "n=-1"],
            "Error: the sheet's own solution of 1_waves/wave fails with these parameters: AssertionError: E must have",
        ),
        (["full", "--student", "bert"], "Error: full holds no folder 'bert'"),
        (["full", "-o", "full/anna/1_waves.ipynb"], "Error: cannot write to full/anna/1_waves.ipynb: "),
        (["full", "--sheet", "empty"], "Error: empty holds no notebooks"),
        (["full", "--scheduler", "tcp://127.0.0.1:9", "-j", "2"], "Error: -j is for this machine; on a cluster"),
    ],
)
def test_bad_arguments(small, tmp_path, arguments, message):
    (tmp_path / "empty").mkdir()
    write_class(tmp_path / "full", [Student("anna", first(small))], small)
    result = run("--sheet", small.folder, *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stdout in ("", "1 student, 2 notebooks each; 1 with fewer: anna\n")
    assert result.stderr.startswith(message) and result.stderr.count("\n") == 1


@pytest.mark.slow
def test_no_scheduler(small, tmp_path):
    write_class(tmp_path / "full", [Student("anna", first(small))], small)
    result = run("full", "--sheet", small.folder, "--scheduler", "tcp://127.0.0.1:9", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "Error: there is no Dask scheduler at 'tcp://127.0.0.1:9'\n"
