"""The sheet that the guide another-sheet.md makes in JupyterLab."""

import json
import re
import uuid
from textwrap import dedent

import nbformat
from sheets_of_nbgrader import answer, check, given, heading, notebook, text

from sheet11.course.sheet import PACKAGE

BLOCK = re.compile(r"^ *```(python|toml|markdown|json)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
GUIDE = (PACKAGE / "course" / "another-sheet.md").read_text()
STEPS, SETTINGS, README, *CELLS, METADATA, MISTAKES = (
    dedent(block).removesuffix("\n") for _, block in BLOCK.findall(GUIDE)
)
# written by the Property Inspector when a tag is set
TAGGED = {"deletable": True, "editable": True, "slideshow": {"slide_type": ""}}


def saved_by_jupyterlab():
    """The notebook as JupyterLab saves it, with types and IDs set in Create Assignment and ids of JupyterLab's own."""
    title, imports, parameters, task, solution, test, figure, question, why = CELLS
    whole = notebook(
        heading(title), given(imports), given(parameters), heading(task),
        answer("mean-square", solution), check("mean-square-check", test, 2),
        given(figure), heading(question), text("why", why),
    )  # fmt: skip
    for cell in whole.cells:
        cell.id = str(uuid.uuid4())
    for place, tag in ((2, "parameters"), (6, "main-figure")):
        whole.cells[place].metadata |= TAGGED | {"tags": [tag]}
    whole.metadata |= json.loads(f"{{{METADATA.rstrip(',')}}}")
    return whole


def write_walks(sheet):
    """Write the sheet to a folder."""
    files = {
        "walks/__init__.py": "",
        "walks/steps.py": STEPS,
        "sheet.toml": SETTINGS,
        "student.md": README,
        "mistakes/01_spread.toml": MISTAKES,
        "01_spread.ipynb": nbformat.writes(saved_by_jupyterlab()),
    }
    for name, content in files.items():
        (sheet / name).parent.mkdir(parents=True, exist_ok=True)
        (sheet / name).write_text(content)
