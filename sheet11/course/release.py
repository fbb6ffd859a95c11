"""`sheet11 release`: the student edition, a copy of a sheet without its answers.

The notebooks go through nbgrader's own preprocessors, and the package is copied without the files that students write.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from sheet11.course.errors import FolderError
from sheet11.course.notebooks import title_of
from sheet11.course.preprocess import nbgrader_config, whole_notebook, without_answers
from sheet11.course.sheet import Sheet

MEMBERS = "Handed in by:"  # what follows, in a text cell of a hand-in, are the members of a group
MEMBERS_ASKED = f"**{MEMBERS}** (names or logins of all in your group, with commas; leave it so if you work alone)"
README = "student.md"  # beside the notebooks; {notebooks} in it becomes a table of them
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
        FolderError: the folder holds something.
        NotebookError: one of the notebooks is none.
        NotInstalledError: nbgrader is not installed.
        OSError: the folder cannot be written to.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FolderError(
            f"{out} is not empty; a release wants a new folder, so that nothing else gets into it"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        for name, content in edition(sheet).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        os.chmod(folder, 0o755)
        os.replace(folder, out)
    except BaseException:
        shutil.rmtree(folder)
        raise


def edition(sheet: Sheet) -> dict[str, bytes]:
    """The files of the student edition: content by path."""
    config = nbgrader_config(sheet.beside(""))
    notebooks = {
        stem: without_answers(whole_notebook(path, config), config)
        for stem, path in sheet.notebooks.items()
    }
    for notebook in list(notebooks.values())[:1]:  # a group hands in once
        notebook.cells.insert(1, _members_asked(notebook))
    usual = {
        "requirements.txt": "".join(f"{requirement}\n" for requirement in sheet.requirements),
        "environment.yml": ENVIRONMENT.format(name=sheet.package or "sheet"),
    }
    texts = {f"{stem}.ipynb": f"{nbformat.writes(each)}\n" for stem, each in notebooks.items()}
    if (readme := sheet.beside(README)).is_file():
        table = table_of(notebooks)
        texts["README.md"] = readme.read_text(encoding="utf-8").replace("{notebooks}", table)
    beside = {name: path.read_bytes() for name, path in sheet.files_beside().items()}
    return _encoded(usual) | beside | _encoded(texts) | sheet.students_package()


def table_of(notebooks: Mapping[str, NotebookNode]) -> str:
    """The notebooks with their titles and points, as a table in Markdown."""
    rows = ["| notebook | title | points |", "|---|---|---|"]
    for stem, notebook in notebooks.items():
        points = sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in notebook.cells)
        rows.append(f"| `{stem}.ipynb` | {title_of(notebook, stem)} | {points:g} |")
    return "\n".join(rows)


def _members_asked(notebook: NotebookNode) -> NotebookNode:
    """The cell for the members of a group; only the newer formats have ids."""
    cell: NotebookNode = new_markdown_cell(MEMBERS_ASKED, id="handed-in-by")
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        del cell["id"]
    return cell


def _encoded(texts: Mapping[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in texts.items()}
