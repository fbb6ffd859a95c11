"""`sheet11 run`: execute notebooks and make web pages of the results."""

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from sheet11.course.errors import NotebookError, reason
from sheet11.course.files import write_whole
from sheet11.course.jobs import Done, Job, options_of, perform_all
from sheet11.course.notebooks import (
    check_parameters,
    content_of,
    headline_of,
    kernel_of,
    parameters_of,
    read_notebook,
    title_of,
)
from sheet11.course.pages.cells import drop_frames
from sheet11.course.pages.render import Page, cells_html, main_figure, render
from sheet11.course.sheet import Sheet

INDEX = "index"  # page that lists all others


def jobs_of_notebooks(
    paths: Sequence[Path],
    parameters: Mapping[str, Any],
    sheet: Sheet,
    threads: int | None = None,
    **options: Any,
) -> list[Job]:
    """Return a job for each notebook, with those parameters that it has; print a line for each that cannot be run.

    Args:
        paths: of the notebooks.
        parameters: by name, for every notebook that has them.
        sheet: provides the package that the notebooks import.
        threads: for each kernel; None leaves it to the libraries.
        options: of `execute`: kernel, timeout, frames.

    Raises:
        NotebookError: none can be run, because of an invalid file, a missing kernel or a duplicate name.
        ParameterError: no notebook has a parameter, or a value is not a Python literal.
    """
    jobs: list[Job] = []
    known: set[str] = set()
    refused: list[str] = []
    for path in paths:
        try:
            if path.stem in {INDEX, *(job.key for job in jobs)}:
                raise NotebookError(f"another page is named {path.stem!r}")
            notebook = read_notebook(path)
            kernel_of(notebook, options.get("kernel"))
        except NotebookError as error:
            refused.append(f"{path.name}: {error}")
            continue
        names = parameters_of(notebook)
        known |= names
        chosen = {name: value for name, value in parameters.items() if name in names}
        job = Job(
            name=path.stem,
            key=path.stem,
            notebook=notebook,
            parameters=chosen,
            threads=threads,
            options=options_of(path, sheet) | options,
        )
        jobs.append(job)
    if not jobs:
        raise NotebookError("; ".join(refused))
    check_parameters(parameters, known)
    for line in refused:
        print(f"Error: {line}", file=sys.stderr)
    return jobs


def run(jobs: Sequence[Job], executor: Executor, out: Path) -> list[Page]:
    """Execute notebooks, and write each one's executed copy, HTML and main figure to `out` as soon as it is done.

    The index lists those done so far. A failing notebook is kept with its error and does not stop the others.

    Args:
        jobs: from `jobs_of_notebooks`.
        executor: runs the jobs.
        out: folder for the results.

    Returns:
        A page for each notebook, in the order of the jobs.

    Raises:
        OSError: `out` cannot be written to.
        NotebookError: a notebook is in `out` itself.
    """
    if str(out.resolve()) in [job.options["cwd"] for job in jobs]:
        raise NotebookError(f"-o {out} holds a notebook to execute, which would be overwritten")
    index = out / f"{INDEX}.html"
    # fail before the work if the folder is not writable
    write_whole(index, render("index.html.j2", heading="Running", pages=[]))
    order = [job.key for job in jobs]
    pages: list[Page] = []
    # longest first, by source length: a long one that starts last would run alone at the end
    for done in perform_all(sorted(jobs, key=lambda job: -len(str(job.notebook))), executor):
        pages = sorted([*pages, _page(done, out)], key=lambda page: order.index(page.stem))
        write_whole(index, render("index.html.j2", heading="Executed notebooks", pages=pages))
    return pages


def _page(done: Done, out: Path) -> Page:
    """Write the results of a notebook; a full disk or a damaged record becomes its error."""
    stem, notebook = done.job.key, done.notebook
    title = title_of(notebook, stem)
    error, records, figure = done.error, {}, None
    try:
        html = render("notebook.html.j2", heading=title, cells=cells_html(notebook))
        write_whole(out / f"{stem}.html", html)
        png, figure = main_figure(notebook) or (None, None)
        if png:
            write_whole(out / f"{stem}.png", png)
        drop_frames(notebook)
        write_whole(out / f"{stem}.ipynb", content_of(notebook))
        records = headline_of(notebook)
    except (OSError, ValueError) as failure:
        error = reason(failure)
    return Page(
        stem=stem,
        title=title,
        error=error,
        seconds=done.seconds,
        parameters=done.job.parameters,
        records=records,
        figure=figure,
    )
