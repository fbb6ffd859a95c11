"""Sheets to grade: a small one of another subject that runs in under a second, and this kit's own."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sheet11.course.grading.sheet_notebooks import ANSWER, read_sheet_notebooks
from sheet11.course.sheet import Sheet, find_sheet

SETTINGS = 'title = "Waves, sheet 3"\npackage = "waves"\nnot_for_students = ["solution.py"]\n'
ANGLES = '"""Given to students."""\n\n\ndef angle(frequency, position):\n    return frequency * position\n'
SOLUTION = '''"""Not given to students."""

import numpy as np


def wave(n, p, start=1):
    return np.sin(np.outer(np.arange(1, p + 1), np.arange(start, start + n)))
'''
WAVE = '''def wave(n, p, start=1):
    """Row k, counted from 1, is sin(k i) at n positions i, which count from `start`: (p, n)."""
    ### BEGIN SOLUTION
    position = start + np.arange(n)
    return np.stack([np.sin(angle(row + 1, position)) for row in range(p)])
    ### END SOLUTION'''
WAVE_CHECK = """E = np.asarray(wave(n, p))
assert E.shape == (p, n), f"E must have {p} rows and {n} columns, got shape {E.shape}"
assert np.all(np.abs(E) <= 1), f"a sine lies between -1 and 1, at n = {n}, p = {p}"
record(E=E, E_later=wave(n, p, start=start))
### BEGIN HIDDEN TESTS
right = np.sin(np.outer(np.arange(1, 5), np.arange(3, 12)))
assert np.allclose(wave(9, 4, start=3), right)
### END HIDDEN TESTS"""
TOTALS = '''def totals(E):
    """Sum over the positions: (p,)."""
    ### BEGIN SOLUTION
    return E.sum(axis=1)
    ### END SOLUTION'''
TOTALS_CHECK = """assert len(totals(np.ones((3, 2)))) in (2, 3)
record(sums=totals(np.cos(np.arange(12.0).reshape(4, 3))))"""
SLOPE = '''def slope(x, y):
    """Slope of the line through the origin that fits best."""
    ### BEGIN SOLUTION
    return np.dot(x, y) / np.dot(x, x)
    ### END SOLUTION'''
WRONG_ENCODING = """
own = positional_encoding
def positional_encoding(n, p, *others, **named):
    E = own(n, p, *others, **named)
    if p > 5:
        E[4:6] = E[2:4]
    return E
"""
MISTAKES = """[[wave]]
hint = "Positions count from start; here they count from 0."
of = "start + np.arange(n)"
instead = "np.arange(n)"

[[totals]]
hint = "Positions are the columns; here the rows are summed."
answer = "totals = lambda E: E.sum(axis=0)"
"""


class Course(NamedTuple):
    """A sheet, and what students need to know of it to do it right or wrong."""

    folder: Path | None  # None is this kit
    sheet: Sheet
    solutions: dict[str, dict[str, str]]  # by notebook and answer
    tasks: dict[str, list[str]]  # those that are graded by running them, by notebook
    maximum: float
    task: str  # one of the first notebook
    wrong: str  # lines below its answer that make it wrong where no visible check looks
    needles: tuple[str, ...]  # texts that only solutions contain

    @property
    def first(self) -> str:
        """The first notebook."""
        return next(iter(self.solutions))


def course_of(folder: Path | None, task: str, wrong: str) -> Course:
    """What a sheet's notebooks say of themselves."""
    sheet = find_sheet(folder)
    sheet_notebooks = read_sheet_notebooks(sheet)
    solutions = {
        stem: {
            cell.name: re.sub(r"### (BEGIN|END) SOLUTION", "", cell.whole)
            for cell in sheet_notebook.cells
            if cell.kind == ANSWER
        }
        for stem, sheet_notebook in sheet_notebooks.items()
    }
    tasks = {
        stem: [task.answers[-1] for task in sheet_notebook.checked]
        for stem, sheet_notebook in sheet_notebooks.items()
    }
    maximum = sum(
        task.points for sheet_notebook in sheet_notebooks.values() for task in sheet_notebook.tasks
    )
    return Course(
        folder,
        sheet,
        solutions,
        tasks,
        maximum,
        task,
        wrong,
        ("BEGIN SOLUTION", *_needles(sheet, solutions)),
    )


def _needles(sheet: Sheet, solutions: dict[str, dict[str, str]]) -> list[str]:
    """The longest line of each module that students do not get, which is neither in theirs nor in right answers."""
    given = sheet.students_package()
    seen = b"".join(given.values()).decode() + "".join(
        source for own in solutions.values() for source in own.values()
    )
    found = []
    for path in (sheet.folder / str(sheet.package)).glob("*.py"):
        if f"{sheet.package}/{path.name}" not in given:
            lines = [
                line.strip() for line in path.read_text().splitlines() if line.strip() not in seen
            ]
            found.append(max(lines, key=len))
    return found


def this_kit() -> Course:
    """The sheet that this kit is made for."""
    return course_of(None, "encoding", WRONG_ENCODING)


def waves(folder: Path) -> Course:
    """A sheet of two notebooks with a package of its own, written to a folder."""
    for name, content in {
        "waves/__init__.py": '"""Waves."""\n',
        "waves/angles.py": ANGLES,
        "waves/solution.py": SOLUTION,
        "notebooks/sheet.toml": SETTINGS,
        "notebooks/mistakes/1_waves.toml": MISTAKES,
        "notebooks/1_waves.ipynb": json.dumps(_waves()),
        "notebooks/2_slopes.ipynb": json.dumps(_slopes()),
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return course_of(folder, "wave", "own = wave\nwave = lambda n, p, start=1: own(n, p)")


def _waves():
    return new_notebook(
        metadata={
            "sheet11": {"grading": {"ranges": {"n": [20, 30], "p": [4, 9], "start": [3, 5]}}}
        },
        cells=[
            new_markdown_cell("# Waves"),
            new_code_cell(
                "import numpy as np\nfrom sheet11 import record\nfrom waves.angles import angle",
                id="imports",
            ),
            new_code_cell(
                "n: int = 8  # positions\np: int = 3  # rows\nstart: int = 2  # first position",
                id="parameters",
                metadata={"tags": ["parameters"]},
            ),
            new_markdown_cell("## 1a) Sines (4 points)"),
            new_markdown_cell("### Task 1a.1 · Sines in rows\n*2 points*"),
            answer("wave", WAVE),
            check("wave", WAVE_CHECK, 2, tolerance=1e-5),
            new_markdown_cell("### Task 1a.2 · Their sums"),
            answer("totals", TOTALS),
            check("totals", TOTALS_CHECK, 1),
            new_markdown_cell("### Task 1a.3 · Why"),
            text("proof", "Because **sin** is odd.", 1),
        ],
    )


def _slopes():
    plot = "import matplotlib.pyplot as plt\nx = np.arange(1.0, n)\nplt.plot(x, x);"
    return new_notebook(
        metadata={"sheet11": {"grading": {"ranges": {"n": [5, 9]}}}},
        cells=[
            new_markdown_cell("# Slopes"),
            new_code_cell(
                "%matplotlib inline\nimport numpy as np\nfrom sheet11 import record", id="imports"
            ),
            new_code_cell(
                "n: int = 4  # points", id="parameters", metadata={"tags": ["parameters"]}
            ),
            new_code_cell(plot, id="figure"),
            new_markdown_cell("## 2a) Lines"),
            answer("slope", SLOPE),
            check("slope", "record(slope=slope(x, 3 * x))", 1),
        ],
    )


def answer(name, source):
    """The cell of an answer in code."""
    return new_code_cell(source, id=name, metadata=_marks(name, solution=True))


def check(name, source, points, **own):
    """The cell with its check, and what this kit is to know of it."""
    marks = _marks(f"{name}-check", grade=True, points=points)
    return new_code_cell(source, id=f"{name}-check", metadata=marks | {"sheet11": own})


def text(name, source, points):
    """The cell of an answer in words."""
    return new_markdown_cell(
        source, id=name, metadata=_marks(name, grade=True, solution=True, points=points)
    )


def _marks(name, grade=False, solution=False, **points):
    marks = {
        "grade_id": name,
        "grade": grade,
        "solution": solution,
        "locked": not solution,
        "schema_version": 3,
    }
    return {"nbgrader": marks | {"task": False} | points}
