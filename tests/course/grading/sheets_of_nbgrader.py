"""Small sheets in nbgrader's format, each with hand-ins and the points that nbgrader 0.9.6 gives them.

Cell ids differ from grade_ids, as in JupyterLab.
"""

import copy
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PYTHON = {"name": "python3", "language": "python", "display_name": "Python 3 (ipykernel)"}


class HandIn(NamedTuple):
    """How a student's notebook differs from the released one, and its points, None where a person gives them."""

    answers: dict[str, str]  # source by grade_id
    points: dict[str, float | None]  # by grade_id of the cell that has the points
    added: tuple[tuple[str, str], ...] = ()  # cells in code, each after the cell with a grade_id


class Small(NamedTuple):
    """A sheet of one notebook."""

    notebook: nbformat.NotebookNode
    hand_ins: dict[str, HandIn]
    files: dict[str, str] = {}  # beside the notebook


def given(source):
    """A cell without marks."""
    return new_code_cell(source)


def heading(source):
    """A text without marks."""
    return new_markdown_cell(source)


def locked(name, source):
    """A cell that is given and read-only."""
    return new_code_cell(source, metadata=marks(name, locked=True))


def answer(name, source):
    """An answer that checks grade; all of it is the solution."""
    return new_code_cell(source, metadata=marks(name, solution=True))


def check(name, source, points=1):
    """A cell of tests."""
    return new_code_cell(source, metadata=marks(name, grade=True, locked=True, points=points))


def text(name, source, points=1):
    """An answer in words."""
    return new_markdown_cell(source, metadata=marks(name, grade=True, solution=True, points=points))


def plot(name, source, points=1):
    """An answer in code that a person reads."""
    return new_code_cell(source, metadata=marks(name, grade=True, solution=True, points=points))


def task(name, source, points=1):
    """A task cell."""
    return new_markdown_cell(source, metadata=marks(name, task=True, locked=True, points=points))


def marks(name, grade=False, solution=False, locked=False, task=False, **points):
    """Metadata of nbgrader for a cell."""
    flags = {"grade": grade, "solution": solution, "locked": locked, "task": task}
    return {"nbgrader": {"grade_id": name, "schema_version": 3, **flags, **points}}


def notebook(*cells):
    """A notebook of the current format."""
    return new_notebook(cells=list(cells), metadata={"kernelspec": PYTHON})


def chained():
    """An answer that uses an earlier one."""
    first, second = "def f(x):\n    return x + 1", "def g(x):\n    return 2 * f(x)"
    return Small(
        notebook(
            answer("f", first), check("f-1", "assert f(1) == 2"),
            answer("g", second), check("g-1", "assert g(1) == 4", 2),
        ),
        {
            "right": HandIn({"f": first, "g": second}, {"f-1": 1, "g-1": 2}),
            "second": HandIn({"f": first}, {"f-1": 1, "g-1": 0}),
            "first_wrong": HandIn(
                {"f": "def f(x):\n    return x", "g": second}, {"f-1": 0, "g-1": 0}
            ),
        },
    )  # fmt: skip


def between():
    """Given cells between answers, which use one and are used by the next."""
    return Small(
        notebook(
            answer("a", "a = 3"),
            given("b = 10 * a"),
            locked("c", "c = b + 1"),
            answer("d", "d = c + a"),
            check("d-1", "assert (a, b, c, d) == (3, 30, 31, 34)"),
        ),
        {
            "right": HandIn({"a": "a = 3", "d": "d = a + c"}, {"d-1": 1}),
            "wrong": HandIn({"a": "a = 4", "d": "d = a + c"}, {"d-1": 0}),
        },
    )


def two_checks():
    """Two checks of one answer."""
    right = "def root(x):\n    if x < 0:\n        raise ValueError\n    return x**0.5"
    raises = "try:\n    root(-1)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError('root(-1)')"
    return Small(
        notebook(
            answer("root", right),
            check("values", "assert root(9) == 3", 2),
            check("errors", raises, 0.25),
        ),
        {
            "right": HandIn({"root": right}, {"values": 2, "errors": 0.25}),
            "half": HandIn(
                {"root": "def root(x):\n    return abs(x)**0.5"}, {"values": 2, "errors": 0}
            ),
        },
    )


def two_cells():
    """One check of two answers."""
    return Small(
        notebook(
            answer("low", "low = 1"),
            answer("high", "high = 9"),
            check("range", "assert list(range(low, high))[-1] == 8 and low == 1", 2 / 3),
        ),
        {
            "right": HandIn({"low": "low = 1", "high": "high = 9"}, {"range": 2 / 3}),
            "half": HandIn({"low": "low = 1"}, {"range": 0}),
        },
    )


def checks_first():
    """A check before any answer, and one of a name that the student sets, worth nothing."""
    return Small(
        notebook(
            check("installed", "import json", 1),
            given("NAME = ''"),
            check("named", "assert NAME, 'set NAME'", 0),
            answer("x", "x = 1"),
            check("x-1", "assert x == 1"),
        ),
        {
            "right": HandIn({"x": "x = 1"}, {"installed": 1, "named": 0, "x-1": 1}),
            "empty": HandIn({}, {"installed": 1, "named": 0, "x-1": 0}),
        },
    )


def partial():
    """Checks whose last value is a number of points."""
    return Small(
        notebook(
            answer("xs", "xs = [1, 2, 3, 4]"),
            check("count", "len(set(xs) & {1, 2, 3, 4})", 4),
            check("no_points", "len(xs) and 'well done'", 1),
            check("printed", "print(0)", 1),
        ),
        {
            "right": HandIn({"xs": "xs = [1, 2, 3, 4]"}, {"count": 4, "no_points": 1, "printed": 1}),
            "half": HandIn({"xs": "xs = [4, 1]"}, {"count": 2, "no_points": 1, "printed": 1}),
            "empty": HandIn({}, {"count": 0, "no_points": 0, "printed": 1}),
        },
    )  # fmt: skip


HIDDEN = {
    "plain": "### BEGIN HIDDEN TESTS\nassert x == 2\n### END HIDDEN TESTS",
    "space": "### BEGIN HIDDEN TESTS \nassert x == 2\n### END HIDDEN TESTS ",
    "one_sharp": "# BEGIN HIDDEN TESTS\nassert x == 2\n# END HIDDEN TESTS",
    "many_sharps": "########## BEGIN HIDDEN TESTS\nassert x == 2\n###END HIDDEN TESTS",
    "indented": "if x:\n    ### BEGIN HIDDEN TESTS\n    assert x == 2\n    ### END HIDDEN TESTS\n    pass",
    "words": "### BEGIN HIDDEN TESTS: two\nassert x == 2\n### END HIDDEN TESTS (of two)",
    "behind_code": "y = 0  # BEGIN HIDDEN TESTS\nassert x == 2\nz = 0  # END HIDDEN TESTS",
}


def hidden():
    """Marks of hidden tests in seven forms."""
    checks = [check(name, f"assert x > 0\n{source}") for name, source in HIDDEN.items()]
    return Small(
        notebook(answer("x", "x = 2"), *checks),
        {
            "right": HandIn({"x": "x = 2"}, dict.fromkeys(HIDDEN, 1)),
            "wrong": HandIn({"x": "x = 1"}, dict.fromkeys(HIDDEN, 0)),
        },
    )


def magics():
    """Magics and lines for the shell, in given cells, an answer and a check."""
    return Small(
        notebook(
            given("%matplotlib inline\nshown = !echo one"),
            answer("x", "%time x = 1\nfolder = %pwd"),
            check("x-1", "%%time\nassert x == 1 and folder"),
        ),
        {
            "right": HandIn({"x": "%time x = 1\nfolder = %pwd"}, {"x-1": 1}),
            "wrong": HandIn({"x": "%time x = 2\nfolder = %pwd"}, {"x-1": 0}),
        },
    )


def beside():
    """Data and a module beside the notebook, which a given cell, an answer and a hidden test read."""
    right = "import csv\nwith open('data/points.csv') as file:\n    rows = list(csv.reader(file))"
    tests = "assert len(rows) == 3\n### BEGIN HIDDEN TESTS\nassert total(rows) == 6\n### END HIDDEN TESTS"
    return Small(
        notebook(given("from helper import total"), answer("rows", right), check("rows-1", tests)),
        {
            "right": HandIn({"rows": right}, {"rows-1": 1}),
            "wrong": HandIn({"rows": "rows = [[0], [0], [0]]"}, {"rows-1": 0}),
        },
        {
            "data/points.csv": "1\n2\n3\n",
            "helper.py": "def total(rows):\n    return sum(int(row[0]) for row in rows)\n",
        },
    )


def own_cells():
    """Cells that students add, which their answers use."""
    return Small(
        notebook(
            answer("f", "def f(x):\n    return x + 1"),
            check("f-1", "assert f(1) == 2"),
            answer("g", "def g(x):\n    return f(x)"),
            check("g-1", "assert g(1) == 2"),
        ),
        {
            "right": HandIn(
                {"f": "f = plus(1)", "g": "g = lambda x: f(x) + zero"},
                {"f-1": 1, "g-1": 1},
                (("f", "plus = lambda y: lambda x: x + y\nf = plus(1)"), ("f-1", "zero = 0")),
            ),
        },
    )


def by_hand():
    """Answers in words and in code that a person reads, and a task cell with its marking scheme."""
    scheme = "=== BEGIN MARK SCHEME ===\nOne point for the sum.\n=== END MARK SCHEME ==="
    return Small(
        notebook(
            heading("## Part A (2 points)"),
            text("why", "Because.", 2),
            plot("figure", "import math\nmath.pi", 0.5),
            task("sums", f"## Part B (4 points)\nVerify a sum.\n\n{scheme}", 4),
        ),
        {
            "right": HandIn(
                {"why": "It is so.", "figure": "3"},
                {"why": None, "figure": None, "sums": None},
                (("sums", "assert 1 + 2 == 3"),),
            ),
            "empty": HandIn({}, {"why": 0, "figure": 0, "sums": None}),
        },
    )


SHEETS = {
    function.__name__: function
    for function in (
        chained, between, two_checks, two_cells, checks_first, partial, hidden, magics, beside,
        own_cells, by_hand,
    )
}  # fmt: skip


def write_sheet(small: Small, folder: Path, name: str = "small") -> Path:
    """Write a sheet to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in small.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    nbformat.write(small.notebook, folder / f"{name}.ipynb")
    return folder


def handed_in(released: nbformat.NotebookNode, hand_in: HandIn) -> nbformat.NotebookNode:
    """A student's notebook: the released one with answers, and with cells added."""
    found = copy.deepcopy(released)
    added = dict(hand_in.added)
    cells = []
    for cell in found.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = hand_in.answers.get(name, cell.source)
        cells.append(cell)
        if name in added:
            cells.append(new_code_cell(added[name]))
    found.cells = cells
    return found
