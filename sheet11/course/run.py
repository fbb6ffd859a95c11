"""`sheet11 run`: execute notebooks and make a web page of what came out."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from tqdm import tqdm

from sheet11.course.execute import NotebookError, error_of, execute, kernel_of, parameters_of, read_notebook
from sheet11.course.library import nearest
from sheet11.course.pages import Page, index_html, main_figure, notebook_html, title_of, write_whole
from sheet11.records import read_records


def run(paths: Sequence[Path], parameters: Mapping[str, Any], out: Path) -> list[Page]:
    """Execute notebooks one after another, each with those of the parameters that it has.

    Every notebook leaves its executed copy, HTML and main figure in `out` as soon as it is done, and the index lists
    those done so far. A notebook that fails is kept with its error, and the next one starts.

    Args:
        paths: of the notebooks; their stems name the results and must differ.
        parameters: values by name; each must be a parameter of at least one of the notebooks.
        out: folder for the results.

    Returns:
        A page for each notebook, with its error if it failed.

    Raises:
        NotebookError: a file is no notebook or wants a kernel that is not installed, two have one stem, or no notebook
            has a parameter; nothing has run then.
        OSError: `out` cannot be written to.
    """
    stems = [path.stem for path in paths]
    if twice := next((stem for stem in stems if stems.count(stem) > 1), None):
        raise NotebookError(f"two notebooks are named {twice!r}, and their results would overwrite each other")
    notebooks = {path: read_notebook(path) for path in paths}
    for notebook in notebooks.values():
        kernel_of(notebook)
    known = {path: parameters_of(notebook) for path, notebook in notebooks.items()}
    check_known(parameters, {name for names in known.values() for name in names})
    write_whole(out / "index.html", index_html([], "Running"))  # an unwritable folder is found before the work

    pages: list[Page] = []
    code_cells = sum(cell.cell_type == "code" for notebook in notebooks.values() for cell in notebook.cells)
    with tqdm(total=code_cells, unit="cell", disable=None) as bar:
        for path, notebook in notebooks.items():
            chosen = {name: value for name, value in parameters.items() if name in known[path]}
            bar.set_description(path.stem)
            start = time.perf_counter()
            executed = execute(notebook, chosen, cwd=path.parent.resolve(), on_cell=bar.update)
            page = _write(executed, path.stem, chosen, time.perf_counter() - start, out)
            pages.append(page)
            write_whole(out / "index.html", index_html(pages, "Executed notebooks"))
            bar.write(f"{path.stem}: {f'failed, {page.error}' if page.error else 'done'} ({page.seconds:.1f} s)")
    return pages


def check_known(names: Mapping[str, Any], known: set[str]) -> None:
    """Raise if a parameter exists in no notebook; the message lists those that do and suggests the nearest."""
    for name in names:
        if name not in known:
            have = ", ".join(sorted(known)) or "none"
            raise NotebookError(f"no notebook has a parameter {name!r}; there are {have}{nearest(name, known)}")


def _write(notebook: nbformat.NotebookNode, stem: str, parameters: dict[str, Any], seconds: float, out: Path) -> Page:
    scalars = {
        name: value
        for name, value in read_records(notebook).items()
        if value is None or isinstance(value, bool | int | float | str)
    }
    figure = main_figure(notebook)
    title = title_of(notebook, stem)
    write_whole(out / f"{stem}.ipynb", nbformat.writes(notebook))
    write_whole(out / f"{stem}.html", notebook_html(notebook, title))
    if figure:
        write_whole(out / f"{stem}.png", figure)
    return Page(stem, title, error_of(notebook), seconds, parameters, scalars, figure is not None)
