"""`sheet11 run`: execute notebooks and make a web page of what came out."""

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

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
from sheet11.course.pages.cells import cells_html, drop_frames
from sheet11.course.pages.render import Page, main_figure, render
from sheet11.course.sheet import Sheet

INDEX = "index"  # the page of all pages


def jobs_of_notebooks(
    paths: Sequence[Path],
    parameters: Mapping[str, Any],
    threads: int | None = None,
    sheet: Sheet | None = None,
    kernel: str | None = None,
    timeout: int | None = None,
    sliders: bool = False,
) -> list[Job]:
    """One job for each notebook, with those of the parameters that it has; a line for each that cannot be run.

    Args:
        paths: of the notebooks.
        parameters: by name, for every notebook that has them.
        threads: for each kernel; None leaves it to the libraries.
        sheet: whose package the notebooks import; None if that is installed.
        kernel: name of the kernel for all of them; None is the one that each asks for.
        timeout: seconds that a cell may take; None is as long as it wants.
        sliders: draw a picture for every setting of the sliders, for the page to turn to.

    Raises:
        NotebookError: none can be run: no notebook, a kernel that is not installed, the name of another.
        ParameterError: no notebook has a parameter, or a value is no Python literal.
    """
    jobs: list[Job] = []
    known: set[str] = set()
    refused: list[str] = []
    for path in paths:
        try:
            if path.stem in {INDEX, *(job.key for job in jobs)}:
                raise NotebookError(f"another page is named {path.stem!r}")
            notebook = read_notebook(path)
            kernel_of(notebook, kernel)
        except NotebookError as error:
            refused.append(f"{path.name}: {error}")
            continue
        names = parameters_of(notebook)
        known |= set(names)
        options = options_of(path, sheet, kernel, timeout) | {"frames": sliders}
        chosen = {name: value for name, value in parameters.items() if name in names}
        content = content_of(notebook)
        jobs.append(Job(path.stem, path.stem, content, chosen, threads, options))
    if not jobs:
        raise NotebookError("; ".join(refused))
    check_parameters(parameters, known)
    for line in refused:
        print(f"Error: {line}", file=sys.stderr)
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
        NotebookError: a notebook lies in `out` itself.
    """
    for job in jobs:
        if Path(job.options["cwd"]) == out.resolve():
            raise NotebookError(f"-o {out}: {job.key}.ipynb, which is there, would be overwritten")
    # an unwritable folder is found before the work
    write_whole(out / f"{INDEX}.html", render("index.html.j2", heading="Running", pages=[]))
    order = [job.key for job in jobs]
    pages: list[Page] = []
    # a long one that starts last would run alone in the end, and what has much to say mostly has much to do
    for done in perform_all(sorted(jobs, key=lambda job: -len(job.notebook)), executor):
        pages = sorted([*pages, _page(done, out)], key=lambda page: order.index(page.stem))
        write_whole(
            out / f"{INDEX}.html",
            render("index.html.j2", heading="Executed notebooks", pages=pages),
        )
    return pages


def _page(done: Done, out: Path) -> Page:
    """Write what came of a notebook; a full disk or a damaged record is its error."""
    page = Page(
        stem=done.job.key,
        title=title_of(done.notebook, done.job.key),
        error=done.error,
        seconds=done.seconds,
        parameters=done.job.parameters,
        records={},
        figure=None,
    )
    try:
        figure = _write(done.notebook, page, out)
        return page._replace(records=headline_of(done.notebook), figure=figure)
    except (OSError, ValueError) as error:
        return page._replace(error=reason(error))


def _write(notebook: NotebookNode, page: Page, out: Path) -> str | None:
    """Write a page, the notebook and its main figure, whose description is returned."""
    html = render("notebook.html.j2", heading=page.title, cells=cells_html(notebook))
    write_whole(out / f"{page.stem}.html", html)
    png, description = main_figure(notebook) or (None, None)
    drop_frames(notebook)
    write_whole(out / f"{page.stem}.ipynb", content_of(notebook))
    if png:
        write_whole(out / f"{page.stem}.png", png)
    return description
