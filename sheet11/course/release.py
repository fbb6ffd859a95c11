"""`sheet11 release`: the student edition, a copy of a sheet without its answers.

Notebooks go through nbgrader's own preprocessors; the package is copied without the files that students write.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from sheet11.course.files import write_whole
from sheet11.course.notebooks import content_of, title_of
from sheet11.course.preprocess import both_versions, nbgrader_config
from sheet11.course.sheet import Sheet
from sheet11.course.tasks import nbgrader_metadata

MEMBERS = "Handed in by:"  # precedes the group's members in a text cell of a hand-in
MEMBERS_ASKED = (
    f"**{MEMBERS}** (names or logins of everyone in your group, separated by commas; "
    "leave this line as it is if you work alone)"
)
README = "student.md"  # beside the notebooks; {notebooks} in it becomes a table
ENVIRONMENT = """\
name: {name}
channels:
  - conda-forge
dependencies:
  - python>=3.11
  - pip
  - pip:
      - -r requirements.txt
"""


def release(sheet: Sheet, out: Path) -> None:
    """Write the student edition of a sheet to a folder that is new or empty.

    Raises:
        NotebookError: a file is not a notebook.
        NotInstalledError: nbgrader is not installed.
        OSError: the folder is not empty, or cannot be written to.
    """
    files = edition(sheet)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        folder = Path(scratch, "edition")
        for name, content in files.items():
            write_whole(folder / name, content)
        folder.replace(out)


def edition(sheet: Sheet) -> dict[str, str | bytes]:
    """Return the files of the student edition: content by path."""
    config = nbgrader_config(sheet.beside(""))
    notebooks = {stem: both_versions(path, config)[1] for stem, path in sheet.notebooks.items()}
    first = next(iter(notebooks.values()))  # a group hands in once
    first.cells.insert(1, new_markdown_cell(MEMBERS_ASKED, id="handed-in-by"))
    files: dict[str, str | bytes] = {
        "requirements.txt": "\n".join([*sheet.requirements, ""]),
        "environment.yml": ENVIRONMENT.format(name=sheet.package or "sheet"),
    }
    files |= sheet.files_beside()
    for stem, notebook in notebooks.items():
        files[f"{stem}.ipynb"] = f"{content_of(notebook)}\n"
    if (readme := sheet.beside(README)).is_file():
        text = readme.read_text(encoding="utf-8")
        files["README.md"] = text.replace("{notebooks}", _table_of(notebooks))
    return files | sheet.students_package()


def _table_of(notebooks: Mapping[str, NotebookNode]) -> str:
    """Return a Markdown table of the notebooks with their titles and points."""
    rows = ["| notebook | title | points |", "|---|---|---|"]
    for stem, notebook in notebooks.items():
        points = sum(nbgrader_metadata(cell).get("points", 0) for cell in notebook.cells)
        rows.append(f"| `{stem}.ipynb` | {title_of(notebook, stem)} | {points:g} |")
    return "\n".join(rows)
