"""Changes that notebooks suffer before hand-in: other formats, lost metadata, wrong names, links, invalid files."""

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


def without(answer: str) -> Change:
    """The cell of an answer is missing."""

    def change(notebooks: dict[str, NotebookNode], folder: Path) -> None:
        notebook = notebooks[_first(notebooks)]
        notebook.cells = [cell for cell in notebook.cells if cell.id != answer]

    return change


def tampered_checks(cell: NotebookNode) -> None:
    if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
        cell.source = "record(nothing=0)"
        cell.metadata.nbgrader.points = 1000
