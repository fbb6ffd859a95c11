"""`sheet11 sweep`: one notebook over a grid of parameters, with a table and figures of its scalar records."""

import gc
import io
import itertools
import shlex
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from sheet11.course.errors import NotebookError
from sheet11.course.files import file_name, write_whole
from sheet11.course.jobs import Job, options_of, perform_all
from sheet11.course.key import circumstances, key_of
from sheet11.course.notebooks import (
    METADATA,
    PARAMETERS,
    check_parameters,
    content_of,
    error_of,
    is_scalar,
    kernel_of,
    parameters_of,
    parse,
    read_notebook,
    scalar_records,
    title_of,
    without_outputs,
)
from sheet11.course.pages.render import render
from sheet11.course.sheet import Sheet

OFTEN = 2  # seconds between writes of the table, so that a long sweep can be watched
RESERVED = ("status", "seconds", "error", "notebook")  # columns of the table
SEED = "seed"  # parameter that figures show as error bands, not as curves


def jobs_of_grid(
    path: Path,
    grid: Mapping[str, Sequence[Any]],
    threads: int | None = None,
    sheet: Sheet | None = None,
    kernel: str | None = None,
    timeout: int | None = None,
    figures: bool = False,
) -> list[Job]:
    """Return a job for each point of the full grid.

    A job's key covers everything its result depends on (see `key`), so a file of that name is the result of exactly
    this job.

    Args:
        path: of the notebook.
        grid: values by parameter.
        threads: for each kernel; None leaves it to the libraries.
        sheet: provides the package that the notebook imports; None if it is installed.
        kernel: name of the kernel; by default the one the notebook asks for.
        timeout: limit for each cell in seconds; None is no limit.
        figures: whether to draw the figures, which takes most of the time.

    Raises:
        NotebookError: the file is not a notebook, its kernel is not installed, or it has no parameters cell.
        ParameterError: the notebook lacks a parameter, or a value is not a Python literal.
    """
    notebook = read_notebook(path)
    kernel_of(notebook, kernel)
    names = parameters_of(notebook)
    if not names:
        raise NotebookError(
            f"{path} has no cell tagged {PARAMETERS!r}, so there is nothing to sweep"
        )
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    for point in points:
        check_parameters(point, set(names))
    notebook = without_outputs(notebook)
    options = options_of(path, sheet, kernel, timeout)
    same = circumstances(notebook, sheet, path.parent, (kernel, figures))
    stem = file_name(path.stem)
    jobs = []
    for point in points:
        assigned = [f"{name}={value}" for name, value in point.items()]
        command = shlex.join(["sheet11", "run", str(path), *(f"-p{each}" for each in assigned)])
        text = None if figures else f"A figure, which {command} draws; or the sweep, with --figures"
        job = Job(
            name=" ".join(assigned) or "defaults",
            key=f"{stem}-{key_of(same, point)[:16]}",
            notebook=notebook,
            parameters=point,
            threads=threads,
            options=options | {"instead_of_figures": text},
        )
        jobs.append(job)
    return jobs


def sweep(jobs: Sequence[Job], executor: Executor, out: Path) -> pd.DataFrame:
    """Execute the points that are not yet in `out`, and write the table, figures and page.

    Each point is written to `points/` as soon as it is done, so that an interrupted sweep continues where it stopped.
    The table is updated while points finish. A failed point is a row with its error, and the next sweep tries it again.

    Args:
        jobs: from `jobs_of_grid`.
        executor: runs the jobs.
        out: folder for the results.

    Returns:
        A row for each point, with parameters, scalar records, status, seconds and error.

    Raises:
        OSError: `out` cannot be written to.
    """
    results = out / "results.csv"
    before = results.read_bytes() if results.exists() else None
    running = render("sweep.html.j2", heading="Running", figures={}, columns=[], rows=[])
    write_whole(out / "index.html", running)
    points = out / "points"
    rows = {job.key: row for job in jobs if (row := _finished_row(points, job))}
    written = time.monotonic()
    for done in perform_all([job for job in jobs if job.key not in rows], executor):
        done.notebook.metadata[METADATA] = {"seconds": round(done.seconds, 3)}
        rows[done.job.key] = _row(done.job, done.notebook)
        write_whole(points / f"{done.job.key}.ipynb", content_of(done.notebook))
        if time.monotonic() - written > OFTEN:
            _write_table(jobs, rows, out)
            # executions leave reference cycles, which Python collects late in a large process
            gc.collect()
            written = time.monotonic()
    table = _write_table(jobs, rows, out)
    for column in table.columns:
        kind, _, name = column.partition("_")
        if kind in ("parameter", "record") and name in (*RESERVED, *table.columns):
            print(f"{kind} {name!r} is in the column {column!r} of results.csv")
    title = title_of(jobs[0].notebook, "Sweep")
    is_new = results.read_bytes() != before
    page = render(
        "sweep.html.j2",
        heading=title,
        figures=_write_figures(table, jobs[0].parameters, out, is_new),
        columns=table.columns,
        rows=table.astype(object).where(table.notna(), None).to_dict("records"),
    )
    write_whole(out / "index.html", page)
    return table


def _write_table(
    jobs: Sequence[Job], rows: Mapping[str, dict[str, Any]], out: Path
) -> pd.DataFrame:
    table = pd.DataFrame([rows[job.key] for job in jobs if job.key in rows])
    write_whole(out / "results.csv", table.to_csv(index=False))
    return table


def _write_figures(
    table: pd.DataFrame, parameters: Mapping[str, Any], out: Path, is_new: bool
) -> dict[str, str]:
    """Draw a figure of every numeric record unless it is up to date; return descriptions by file name."""
    columns = [_column(name) for name in parameters]
    swept = [name for name in columns if table[name].nunique(dropna=False) > 1]
    figures = {}
    records = table.select_dtypes(["number", "bool"]).dropna(axis="columns", how="all")
    for record in records.columns.difference([*columns, *RESERVED], sort=False):
        if swept:
            name = file_name(record)
            if is_new or not (out / f"{name}.png").exists():
                write_whole(out / f"{name}.png", _figure(table, record, swept))
            figures[name] = _description(table, record, swept)
    return figures


def _finished_row(points: Path, job: Job) -> dict[str, Any] | None:
    """Return the row of a point that an earlier sweep has executed without an error, else None."""
    try:
        notebook = parse((points / f"{job.key}.ipynb").read_text(encoding="utf-8"))
        return _row(job, notebook) if error_of(notebook) is None else None
    except (OSError, ValueError, KeyError, AttributeError):  # missing or damaged
        return None


def _column(name: str) -> str:
    """Return the column of a parameter: its name, unless that is reserved."""
    return f"parameter_{name}" if name in RESERVED else name


def _row(job: Job, notebook: nbformat.NotebookNode) -> dict[str, Any]:
    error = error_of(notebook)
    row = {
        _column(name): value if is_scalar(value) else repr(value)
        for name, value in job.parameters.items()
    }
    try:
        records = scalar_records(notebook)
    except ValueError as damaged:
        records, error = {}, error or str(damaged)
    for name, value in records.items():
        while name in row or name in RESERVED:
            name = f"record_{name}"
        row[name] = value
    return row | {
        "status": "failed" if error else "ok",
        "seconds": notebook.metadata[METADATA]["seconds"],
        "error": error,
        "notebook": f"points/{job.key}.ipynb",
    }


def _axes(
    table: pd.DataFrame, swept: Sequence[str]
) -> tuple[str, str | None, str | None, list[str]]:
    """Return the parameters on the horizontal axis, of the curves, of the panels, and of the bands."""
    others = sorted(
        (name for name in swept if name != SEED), key=lambda name: -table[name].nunique()
    )
    x, *rest = others or [SEED]
    hue, panel = [*rest, None, None][:2]
    return x, hue, panel, [name for name in swept if name not in (x, hue, panel)]


def _description(table: pd.DataFrame, record: str, swept: Sequence[str]) -> str:
    """Describe a figure in words."""
    x, hue, panel, bands = _axes(table, swept)
    text = f"{record} against {x}; "
    if hue:
        text += f"a curve for each {hue}; "
    if panel:
        text += f"a panel for each {panel}; "
    if bands:
        text += f"bands of one standard deviation over {', '.join(bands)}; "
    return text + f"values from {table[record].min():.4g} to {table[record].max():.4g}"


def _figure(table: pd.DataFrame, record: str, swept: Sequence[str]) -> bytes:
    """Draw a record against the swept parameter with the most values; others are curves, panels and bands."""
    # imported here: a finished sweep should not wait a second for them
    import matplotlib.pyplot as plt
    import seaborn as sns

    x, hue, panel, _ = _axes(table, swept)
    numeric = pd.api.types.is_numeric_dtype(table[x])
    words = [name for name in (hue, panel, None if numeric else x) if name]
    data = table.astype(dict.fromkeys(words, str))
    curves: dict[str, Any] = {"marker": "o"}
    if hue:
        curves = {"hue": hue, "style": hue, "markers": True, "palette": "colorblind"}
    wrap = 3 if panel and data[panel].nunique() > 3 else None
    with plt.rc_context({"axes.grid": True, "grid.alpha": 0.3}):
        grid = sns.relplot(
            data,
            x=x,
            y=record,
            col=panel,
            col_wrap=wrap,
            kind="line",
            dashes=False,
            errorbar="sd",
            height=4,
            aspect=1.4,
            **curves,
        )
    values = table[x].dropna()
    if numeric and (values > 0).all() and values.max() >= 10 * values.min():
        grid.set(xscale="log")
    buffer = io.BytesIO()
    grid.savefig(buffer, dpi=100)
    plt.close(grid.figure)
    return buffer.getvalue()
