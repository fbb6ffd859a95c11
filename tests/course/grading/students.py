# ruff: noqa: E501
"""Class with correct submissions and all kinds of wrong ones, each with its expected result.

`write_class` generates the folders from the student edition of any sheet.
"""

import ast
import copy
import json
from pathlib import Path
from typing import NamedTuple

import attacks
import changes
from sheets import Course

from sheet11.course.notebooks import read_notebook
from sheet11.course.preprocess import without_answers

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)

Answers = dict[str, dict[str, str]]  # by notebook and cell
Expected = dict[str, tuple[str, str]]


class Student(NamedTuple):
    """A submission and what it must get.

    `expected` has the status of every task that is not "correct", with what the message must contain; a notebook's name
    stands for all of its tasks. The status "" is any without full points.
    """

    name: str
    answers: Answers
    expected: Expected = {}
    change: changes.Change | None = None


def first(course: Course, **answers: str) -> Answers:
    """The first notebook with right answers, but these; underscores stand for dashes."""
    given = {name.replace("_", "-"): source for name, source in answers.items()}
    return {course.first: course.solutions[course.first] | given}


def with_lines(source: str, start: str, end: str = "") -> str:
    """An answer with lines in front of its function's body, and lines below the function."""
    function = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    lines = source.splitlines()
    place = function.body[0].lineno - 1
    new = [" " * function.body[0].col_offset + line for line in start.splitlines()]
    return "\n".join([*lines[:place], *new, *lines[place:], end])


def students(course: Course, secret: str = "/nowhere", port: int = 9) -> list[Student]:
    """A class that has the first notebook of a sheet.

    Args:
        course: the sheet.
        secret: path outside of the sandbox that no answer must reach.
        port: where a server on this machine listens that no answer must reach.
    """
    stem, task = course.first, course.task
    right = course.solutions[stem][task]
    half = {
        name: {key: own[key] for key in list(own)[::2]} for name, own in course.solutions.items()
    }
    nothing = {name: ("not answered", f"there is no {name}.ipynb") for name in course.solutions}
    hidden = [
        str(path)
        for path in [
            *course.sheet.notebooks.values(),
            course.sheet.folder / str(course.sheet.package),
        ]
    ]
    known = f"SECRET = {secret!r}\nHIDDEN = {hidden}\nPORT = {port}\n"
    known += f"NEEDLES = {[needle[::-1] for needle in course.needles]}\n"

    def put(start: str, end: str = "") -> Answers:
        return {stem: course.solutions[stem] | {task: with_lines(right, start, end)}}

    def instead(source: str) -> Answers:
        return {stem: course.solutions[stem] | {task: source}}

    def one(status: str, message: str = "") -> Expected:
        return {task: (status, message)}

    def both(status: str, message: str = "") -> Expected:
        """A notebook's checks share one `record`."""
        return {stem: (status, message)}

    def no_notebook(
        content: str, message: str = "no Jupyter notebook"
    ) -> tuple[Answers, Expected, changes.Change]:
        return {stem: {}}, {stem: ("not answered", message)}, changes.replaced_by(content)

    return [
        Student("right", course.solutions),
        Student("half", half, _gaps(course, half)),
        Student("nothing answered", {stem: {}}, {stem: ("not answered", "")}),
        Student("wrong", put("", course.wrong), one("wrong", "differs in")),
        Student("nothing returned", put("return None"), one("")),
        Student("syntax error", instead("def f(n, p:\n    return"), one("error", "SyntaxError")),
        Student("name error", put("nump.zeros(3)"), one("error", "NameError")),
        Student("empty", instead(""), one("error", "NameError")),
        Student("exit", put("import sys\nsys.exit(0)"), one("error", "SystemExit")),
        Student("hard exit", put("import os\nos._exit(0)"), one("error", "ended the process")),
        Student("crash", put("import ctypes\nctypes.string_at(0)"), one("error", "ended the process")),
        Student("loop", put("while True: pass"), one("timeout", "did not end within")),
        Student("sleep", put("import time\ntime.sleep(10**6)"), one("timeout", "did not end within")),
        Student("10 GB", put("x = np.ones(10 * 2**30, np.uint8)"), one("error", "MemoryError")),
        Student("fork bomb", put("import os\nwhile True: os.fork()"), one("error", "processes")),
        Student("threads", put("import threading, time\nfor _ in range(10**4): threading.Thread(target=time.sleep, "
                "args=(60,), daemon=True).start()"), one("", "thread")),  # no room for more, or seen to be too many
        Student("1 GB of output", put("for _ in range(2**20): print('x' * 1024)"), one("error", "put out")),
        Student("1 GB to the screen", put("import os\nfor _ in range(2**10): os.write(1, bytes(2**20))")),
        Student("large record", put("", "record(x=np.zeros(2**22))"), one("error", "put out")),
        Student("fills the disk", put("for i in range(99): open(f'{i}', 'wb').write(bytes(2**23))"), one("error", "No space")),
        Student("recursion", put("def f(): return f()\nf()"), one("error", "RecursionError")),
        Student("replaced numpy", put("np.allclose = np.array_equal = lambda *a, **k: True", course.wrong), one("wrong", "entries")),
        Student("replaced record", put("", "def record(**values): pass"), both("wrong", "was not recorded")),
        Student("forged records", put("", course.wrong + attacks.FORGE), both("wrong", "damaged record")),
        Student("forged shape", put("", attacks.FORGE_SHAPE), both("wrong", "damaged record")),
        Student("imports the solution", put("from sheet11 import positional_encoding"), one("error", "ImportError")),
        Student("imports the module", put("import sheet11.encoding"), one("error", "ModuleNotFoundError")),
        Student("imports the course", put("import sheet11.course.grading.grade"), one("error", "ModuleNotFoundError")),
        Student("searches the disk", put("", known + attacks.SEARCH)),
        Student("searches the memory", put("", known + attacks.MEMORY)),
        Student("reads outside", put("", known + attacks.OUTSIDE)),
        Student("writes outside", put("", known + attacks.WRITE)),
        Student("network", put("", known + attacks.NETWORK)),
        Student("kills its parent", put("", attacks.KILL)),
        Student("deletes everything", put("", attacks.DELETE)),
        Student("stays behind", put("", attacks.STAY)),
        Student("shows scripts", put("", attacks.SHOW_SCRIPTS)),
        Student("scripts in outputs", first(course), change=changes.each_cell(changes.scripts_in_outputs)),
        Student("linked notebook", {stem: {}}, {stem: ("not answered", "no regular file")}, changes.link_to_right),
        Student("linked folder", {}, nothing, changes.link_folder),
        Student("a pipe", {stem: {}}, {stem: ("not answered", "no regular file")}, changes.pipe),
        Student("no notebook", {}, nothing),
        Student("two notebooks", first(course), change=changes.renamed("{} (1)", "{} (2)")),
        Student("a copy", first(course), change=changes.renamed("{}-Copy1")),
        Student("not JSON", *no_notebook("%PDF-1.4")),
        Student("empty file", *no_notebook("")),
        Student("deep JSON", *no_notebook("[" * 10**6)),
        Student("other JSON", *no_notebook(json.dumps({"cells": 1}))),
        Student("10 million values", *no_notebook('{"cells": [' + "{}," * 5 * 10**6 + "{}]}", "more than 2000000 values")),
        Student("nbformat 3", first(course), change=changes.old_format),
        Student("from Colab", first(course), change=changes.colab),
        Student("from VS Code", first(course), change=changes.vscode),
        Student("marks lost", first(course), change=changes.each_cell(changes.without_marks)),
        Student("checks changed", put("", course.wrong), one("wrong", "entries"), changes.each_cell(changes.tampered_checks)),
        Student("answer deleted", first(course), one("not answered", "is not in the notebook"), changes.without(task)),
        Student("reordered", first(course), change=changes.reorder),
        Student("wrong kernel", first(course), change=changes.wrong_kernel),
        Student("names that are none", first(course), change=changes.names_that_are_none),
        Student("halves of characters", put("print('\\ud800', '\ud800')  # \udfff")),
        Student("half a character in an error", put("raise ValueError(chr(0xdc00) + chr(0xd800) + chr(27))"), one("error", r"ValueError: \udc00\ud800\x1b")),
        Student("nested record", put("", attacks.FORGE_NESTED), one("error", "ended the process")),
        Student("NaN in a record", put("", attacks.FORGE_NAN), both("error", "JSON compliant")),
        Student("gigapixels", put("", attacks.MANY_IMAGES)),
        Student("photos", first(course), change=changes.with_attachments({"scan.png": {"image/png": PIXEL}, "x.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"}})),
        Student("deep folders", {}, nothing, changes.deep_folders),
        Student("an\udcffna", {}, nothing),
        Student("an\udcfena", {}, nothing),
        Student("\udcff" * 255, {}, nothing),
        Student("x" * 255, {}, nothing),
        Student("\x1b[2J\u202eanna\n", {}, nothing),
        Student("'=HYPERLINK(\"http:x\")", {}, nothing),
        Student("a;=1+1", {}, nothing),
        Student("=HYPERLINK(\"http:x\")", put("raise ValueError('=1+1')"), one("error", "ValueError")),
        Student("Ünal Çelik, 'O’Neill' \"&<b>", first(course)),
        Student("x.. y..", first(course)),
    ]  # fmt: skip


def of_the_waves(course: Course) -> list[Student]:
    """What can be wrong with an answer to the sheet of waves, and what is right in another way."""
    wave = course.solutions[course.first]["wave"]

    def put(old: str, new: str) -> Answers:
        assert old in wave
        return first(course, wave=wave.replace(old, new))

    def one(message: str) -> Expected:
        return {"wave": ("wrong", message)}

    start, returned = (
        "start + np.arange(n)",
        "np.stack([np.sin(angle(row + 1, position)) for row in range(p)])",
    )
    stack = "np.sin(np.outer(np.arange(1, p + 1), position))"
    return [
        Student("another style", first(course, wave="wave = lambda n, p, start=1: [[np.sin(k * i) for i in range(start, "
                "start + n)] for k in range(1, p + 1)]", totals="import math\ndef totals(E): return list(map(math.fsum, E))")),
        Student("lists", put(returned, f"{stack}.tolist()")),
        Student("float32", put(returned, f"{stack}.astype(np.float32)")),
        Student("off by one", put(start, "np.arange(n)"), one("Positions count from start; here they count from 0.")),
        Student("off by one in another style", put(start, "np.linspace(0, n - 1, n)"), one("Positions count from start;")),
        Student("transposed", put(returned, f"{stack}.T"), one("the check says: E must have")),
        Student("cosine", put("np.sin", "np.cos"), one("E differs in")),
        Student("default only", put(start, "1 + np.arange(n)"), one("E_later differs in")),
        Student("hard coded", first(course, totals="def totals(E): return np.zeros(len(E))"), {"totals": ("wrong", "sums differs in")}),
        Student("other axis", first(course, totals="def totals(E): return E.sum(0)"), {"totals": ("wrong", "Positions are the columns")}),
        Student("NaN", put(returned, f"{stack} * np.nan"), one("a sine lies between")),
        Student("text", put(returned, "'E'"), one("E must have")),
        Student("reads ours", first(course, wave="def wave(*x, **y): raise ValueError", totals=attacks.READ_OURS), {course.first: ("", "")}),
        Student("reads hidden tests", first(course, wave=attacks.READ_HIDDEN), {"wave": ("", "")}),
        Student("unseen", put(returned, f"{stack} * (n != 9)"), one("a test that you do not see fails")),
        Student("shape", first(course, totals="def totals(E): return [0, 0]"), {"totals": ("wrong", "sums has shape (2,) instead of (4,)")}),
    ]  # fmt: skip


def _gaps(course: Course, answers: Answers) -> Expected:
    return {
        f"{stem}/{name}": ("not answered", "")
        for stem, names in course.tasks.items()
        for name in names
        if name not in answers[stem]
    }


def write_class(folder: Path, members: list[Student], course: Course) -> None:
    """Write a folder for each student."""
    blank = {
        stem: without_answers(read_notebook(path)) for stem, path in course.sheet.notebooks.items()
    }
    for student in members:
        own = folder / student.name
        own.mkdir(parents=True)
        notebooks = {stem: copy.deepcopy(blank[stem]) for stem in student.answers}
        for stem, notebook in notebooks.items():
            for cell in notebook.cells:
                cell.source = student.answers[stem].get(cell.id, cell.source).strip("\n")
        if student.change:
            student.change(notebooks, own)
        for stem, notebook in notebooks.items():
            (own / f"{stem}.ipynb").write_text(json.dumps(notebook))


def expected_of(student: Student, stem: str, task: str, course: Course) -> tuple[str, str]:
    """Status and part of the message."""
    for name in (f"{stem}/{task}", task if stem == course.first else "", stem):
        if name in student.expected:
            return student.expected[name]
    return (
        ("correct", "")
        if stem in student.answers
        else ("not answered", f"there is no {stem}.ipynb")
    )
