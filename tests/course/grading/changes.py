"""Changes that notebooks suffer before hand-in: other formats, lost metadata, wrong names, links, invalid files."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

Change = Callable[
    [dict[str, NotebookNode], Path], None
]  # of a student's notebooks by name, and of their folder


def _first(notebooks: dict[str, NotebookNode]) -> str:
    return next(iter(notebooks))


def replaced_by(content: str) -> Change:
    """A file that is no notebook stands in its place."""

    def change(notebooks: dict[str, NotebookNode], folder: Path) -> None:
        stem = _first(notebooks)
        notebooks.clear()
        (folder / f"{stem}.ipynb").write_text(content)

    return change


def each_cell(edit: Callable[[NotebookNode], None]) -> Change:
    """Every cell is changed."""

    def change(notebooks: dict[str, NotebookNode], folder: Path) -> None:
        for notebook in notebooks.values():
            for cell in notebook.cells:
                edit(cell)

    return change


def renamed(*names: str) -> Change:
    """The notebook has another name, or several; {} is its own."""

    def change(notebooks: dict[str, NotebookNode], folder: Path) -> None:
        stem = _first(notebooks)
        notebook = notebooks.pop(stem)
        notebooks.update((name.format(stem), notebook) for name in names)

    return change


def old_format(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    stem = _first(notebooks)
    (folder / f"{stem}.ipynb").write_text(nbformat.writes(notebooks.pop(stem), version=3))


def colab(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    notebook = notebooks[_first(notebooks)]
    notebook.nbformat_minor = 0
    notebook.metadata = nbformat.from_dict(
        {"colab": {"provenance": []}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    for number, cell in enumerate(notebook.cells):
        del cell["id"]
        cell.metadata["id"] = f"xY{number}"
        if cell.cell_type == "code":
            cell.metadata["colab"] = {"base_uri": "https://localhost:8080/"}


def vscode(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    for number, cell in enumerate(notebooks[_first(notebooks)].cells):
        cell.id = f"{number:08x}"
        cell.metadata["vscode"] = {"languageId": "python"}
    notebooks[_first(notebooks)].metadata = nbformat.from_dict(
        {"language_info": {"name": "python", "version": "3.14.0"}}
    )


def without_marks(cell: NotebookNode) -> None:
    cell.metadata.pop("nbgrader", None)


def without(answer: str) -> Change:
    """The cell of an answer is missing."""

    def change(notebooks: dict[str, NotebookNode], folder: Path) -> None:
        notebook = notebooks[_first(notebooks)]
        notebook.cells = [cell for cell in notebook.cells if cell.id != answer]

    return change


def reorder(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    random.Random(1).shuffle(notebooks[_first(notebooks)].cells)


def tampered_checks(cell: NotebookNode) -> None:
    if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
        cell.source = "record(nothing=0)"
        cell.metadata.nbgrader.points = 1000


def scripts_in_outputs(cell: NotebookNode) -> None:
    if cell.cell_type == "code":
        html = {"text/html": "<script>alert('stored')</script>"}
        cell.outputs = [nbformat.v4.new_output("display_data", data=html)]


def wrong_kernel(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    notebooks[_first(notebooks)].metadata["kernelspec"] = {
        "name": "ir",
        "display_name": "R",
        "language": "R",
    }


def link_to_right(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    name = f"{_first(notebooks)}.ipynb"
    notebooks.clear()
    os.symlink(folder.parent / "right" / name, folder / name)


def link_folder(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    notebooks.clear()
    folder.rmdir()
    os.symlink(folder.parent / "right", folder)


def pipe(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    name = f"{_first(notebooks)}.ipynb"
    notebooks.clear()
    os.mkfifo(folder / name)


def names_that_are_none(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    for number, cell in enumerate(notebooks[_first(notebooks)].cells):
        if "nbgrader" in cell.metadata:
            cell.metadata["nbgrader"]["grade_id"] = [["list"], {"an": "object"}, 7][number % 3]


def with_attachments(attachments: dict[str, dict[str, str]]) -> Change:
    """Images are attached to every cell of text."""

    def attach(cell: NotebookNode) -> None:
        if cell.cell_type == "markdown":
            cell.attachments = attachments

    return each_cell(attach)


def deep_folders(notebooks: dict[str, NotebookNode], folder: Path) -> None:
    for _ in range(1100):
        folder /= "d"
        folder.mkdir()
