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
        content: str, message: str = "not a Jupyter notebook"
    ) -> tuple[Answers, Expected, changes.Change]:
        return {stem: {}}, {stem: ("not answered", message)}, changes.replaced_by(content)

    return [
        Student("right", course.solutions),
        Student("half", half, _gaps(course, half)),
        Student("nothing answered", {stem: {}}, {stem: ("not answered", "")}),
        Student("wrong", put("", course.wrong), one("wrong", "differs in")),
        Student("syntax error", instead("def f(n, p:\n    return"), one("error", "SyntaxError")),
        Student("hard exit", put("import os\nos._exit(0)"), one("error", "ended the process")),
        Student("loop", put("while True: pass"), one("timeout", "took more than")),
        Student("10 GB", put("x = np.ones(10 * 2**30, np.uint8)"), one("error", "MemoryError")),
        Student("fork bomb", put("import os\nwhile True: os.fork()"), one("error", "processes")),
        Student("1 GB to the screen", put("import os\nfor _ in range(2**10): os.write(1, bytes(2**20))")),
        Student("large record", put("", "record(x=np.zeros(2**22))"), one("", "")),
        Student("fills the disk", put("for i in range(99): open(f'{i}', 'wb').write(bytes(2**23))"), one("error", "No space")),
        Student("replaced numpy", put("np.allclose = np.array_equal = lambda *a, **k: True", course.wrong), one("wrong", "entries")),
        Student("replaced record", put("", "def record(**values): pass"), both("wrong", "was not recorded")),
        Student("forged records", put("", course.wrong + attacks.FORGE), both("wrong", "damaged record")),
        Student("forged shape", put("", attacks.FORGE_SHAPE), both("wrong", "damaged record")),
        Student("imports the solution", put("from sheet11 import positional_encoding"), one("error", "ImportError")),
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
        Student("no notebook", {}, nothing),
        Student("not JSON", *no_notebook("%PDF-1.4")),
        Student("from Colab", first(course), change=changes.colab),
        Student("checks changed", put("", course.wrong), one("wrong", "entries"), changes.each_cell(changes.tampered_checks)),
        Student("answer deleted", first(course), one("not answered", "is not in the notebook"), changes.without(task)),
        Student("half a character in an error", put("raise ValueError(chr(0xdc00) + chr(0xd800) + chr(27))"), one("error", r"ValueError: \udc00\ud800\x1b")),
        Student("nested record", put("", attacks.FORGE_NESTED), one("error", "ended the process")),
        Student("NaN in a record", put("", attacks.FORGE_NAN), both("error", "JSON compliant")),
        Student("gigapixels", put("", attacks.MANY_IMAGES)),
        Student("an\udcffna", {}, nothing),
        Student("\udcff" * 255, {}, nothing),
        Student("\x1b[2J\u202eanna\n", {}, nothing),
        Student("'=HYPERLINK(\"http:x\")", {}, nothing),
        Student("=HYPERLINK(\"http:x\")", put("raise ValueError('=1+1')"), one("error", "ValueError")),
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
        Student("off by one", put(start, "np.arange(n)"), one("Positions count from start; here they count from 0.")),
        Student("transposed", put(returned, f"{stack}.T"), one("the check says: E must have")),
        Student("cosine", put("np.sin", "np.cos"), one("E differs in")),
        Student("reads ours", first(course, wave="def wave(*x, **y): raise ValueError", totals=attacks.READ_OURS), {course.first: ("", "")}),
        Student("reads hidden tests", first(course, wave=attacks.READ_HIDDEN), {"wave": ("", "")}),
        Student("unseen", put(returned, f"{stack} * (n != 9)"), one("but a hidden test fails")),
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
