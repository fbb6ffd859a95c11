"""`sheet11 run`: execute notebooks and make a web page of what came out."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import nbformat

from sheet11.course.errors import NotebookError
from sheet11.course.files import write_whole
from sheet11.course.jobs import Done, Job, perform_all
from sheet11.course.notebooks import (
    check_parameters,
    headline_of,
    kernel_of,
    parameters_of,
    read_notebook,
    title_of,
)
from sheet11.course.pages.cells import cells_html, drop_frames
from sheet11.course.pages.render import Page, main_figure, render
from sheet11.course.sheet import Sheet


def jobs_of_notebooks(
    paths: Sequence[Path],
    parameters: Mapping[str, Any],
    threads: int | None = None,
    sheet: Sheet | None = None,
    kernel: str | None = None,
    timeout: int | None = None,
    sliders: bool = False,
) -> list[Job]:
    """One job for each notebook, with those of the parameters that it has.

    Args:
        paths: of the notebooks.
        parameters: by name, for every notebook that has them.
        threads: for each kernel; None leaves it to the libraries.
        sheet: whose package the notebooks import; None if that is installed.
        kernel: name of the kernel for all of them; None is the one that each asks for.
        timeout: seconds that a cell may take; None is as long as it wants.
        sliders: draw a picture for every setting of the sliders, for the page to turn to.

    Raises:
        NotebookError: a file is no notebook or wants a kernel that is not installed, or two have one stem.
        ParameterError: no notebook has a parameter.
    """
    imports_from = sheet.imports_from if sheet else None
    stems = [path.stem for path in paths]
    if twice := next((stem for stem in stems if stems.count(stem) > 1), None):
        raise NotebookError(
            f"two notebooks are named {twice!r}, and their results would overwrite each other"
        )
    jobs: list[Job] = []
    known: set[str] = set()
    for path in paths:
        notebook = read_notebook(path)
        kernel_of(notebook, kernel)
        names = parameters_of(notebook)
        known |= set(names)
        chosen = {name: value for name, value in parameters.items() if name in names}
        cwd = str(path.parent.resolve())
        job = Job(
            path.stem, path.stem, nbformat.writes(notebook), chosen, cwd, threads, imports_from
        )
        jobs.append(job._replace(frames=sliders, kernel=kernel, timeout=timeout))
    check_parameters(parameters, known)
    return jobs


def run(jobs: Sequence[Job], executor: Executor, out: Path) -> list[Page]:
    """Execute notebooks, and write the executed copy, HTML and main figure of each to `out` as soon as it is done.

    The index lists those done so far. A notebook that fails is kept with its error, and the others go on.

    Args:
        jobs: from `jobs_of_notebooks`.
        executor: where they are executed.
        out: folder for the results.

    Returns:
        A page for each notebook, in the order of the jobs, with its error if it failed.

    Raises:
        OSError: `out` cannot be written to.
    """
    # an unwritable folder is found before the work
    write_whole(out / "index.html", render("index.html.j2", heading="Running", pages=[]))
    order = [job.key for job in jobs]
    pages: list[Page] = []
    # a long one that starts last would run alone in the end, and what has much to say mostly has much to do
    for done in perform_all(sorted(jobs, key=lambda job: -len(job.notebook)), executor):
        pages = sorted([*pages, _write(done, out)], key=lambda page: order.index(page.stem))
        write_whole(
            out / "index.html", render("index.html.j2", heading="Executed notebooks", pages=pages)
        )
    return pages


def _write(done: Done, out: Path) -> Page:
    stem, notebook = done.job.key, done.notebook
    (png, description), title = main_figure(notebook) or (None, None), title_of(notebook, stem)
    write_whole(
        out / f"{stem}.html", render("notebook.html.j2", heading=title, cells=cells_html(notebook))
    )
    drop_frames(notebook)
    write_whole(out / f"{stem}.ipynb", nbformat.writes(notebook))
    if png:
        write_whole(out / f"{stem}.png", png)
    return Page(
        stem,
        title,
        done.error,
        done.seconds,
        done.job.parameters,
        headline_of(notebook),
        description,
    )
