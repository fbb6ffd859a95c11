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

from sheet11.course.files import file_name, write_whole
from sheet11.course.jobs import Job, options_of, perform_all
from sheet11.course.key import circumstances, key_of
from sheet11.course.notebooks import (
    METADATA,
    SCALAR,
    check_parameters,
    content_of,
    error_of,
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

TABLE_INTERVAL = 2  # seconds between writes of the table, so that a long sweep can be watched
RESERVED = ("status", "seconds", "error", "notebook")  # columns of the table
SEED = "seed"  # parameter that figures show as error bands rather than curves


def jobs_of_grid(
    path: Path,
    grid: Mapping[str, Sequence[Any]],
    sheet: Sheet,
    threads: int | None = None,
    figures: bool = False,
    **options: Any,
) -> list[Job]:
    """Return a job for each point of the full grid.

    A job's key covers everything its result depends on (see `key`), so a file of that name is the result of exactly
    this job.

    Args:
        path: of the notebook.
        grid: values by parameter.
        sheet: provides the package that the notebook imports.
        threads: for each kernel; None leaves it to the libraries.
        figures: whether to draw the figures, which takes most of the time.
        options: of `execute`: kernel, timeout.

    Raises:
        NotebookError: the file is not a notebook, or its kernel is not installed.
        ParameterError: the notebook lacks a parameter, or a value is not a Python literal.
    """
    notebook = without_outputs(read_notebook(path))
    kernel = kernel_of(notebook, options.get("kernel"))
    names = parameters_of(notebook)
    options |= options_of(path, sheet)
    same = circumstances(notebook, sheet, path.parent, (kernel, figures))
    jobs = []
    for values in itertools.product(*grid.values()):
        point = dict(zip(grid, values, strict=True))
        check_parameters(point, names)
        assigned = [f"{name}={value}" for name, value in point.items()]
        command = shlex.join(["sheet11", "run", str(path), *(f"-p{each}" for each in assigned)])
        text = (
            None
            if figures
            else f"A figure; {command} draws it, and so does the sweep with --figures"
        )
        job = Job(
            name=" ".join(assigned) or "defaults",
            key=f"{file_name(path.stem)}-{key_of(same, point)[:16]}",
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
    points = out / "points"
    points.mkdir(parents=True, exist_ok=True)  # fails before the work if it is not writable
    rows = {job.key: row for job in jobs if (row := _finished_row(points, job))}

    def write_table() -> pd.DataFrame:
        table = pd.DataFrame([rows[job.key] for job in jobs if job.key in rows])
        write_whole(results, table.to_csv(index=False))
        return table

    written = time.monotonic()
    for done in perform_all([job for job in jobs if job.key not in rows], executor):
        done.notebook.metadata[METADATA] = {"seconds": round(done.seconds, 3)}
        rows[done.job.key] = _row(done.job, done.notebook)
        write_whole(points / f"{done.job.key}.ipynb", content_of(done.notebook))
        if time.monotonic() - written > TABLE_INTERVAL:
            write_table()
            # executions leave reference cycles, which Python collects late in a large process
            gc.collect()
            written = time.monotonic()
    table = write_table()
    if renamed := [name for name in table.columns if name.startswith(("parameter_", "record_"))]:
        print(f"names with a prefix in results.csv: {', '.join(renamed)}")
    is_new = results.read_bytes() != before
    page = render(
        "sweep.html.j2",
        heading=title_of(jobs[0].notebook, "Sweep"),
        figures=_write_figures(table, len(jobs[0].parameters), out, is_new),
        columns=table.columns,
        rows=[rows[job.key] for job in jobs],
    )
    write_whole(out / "index.html", page)
    return table


def _write_figures(table: pd.DataFrame, parameters: int, out: Path, is_new: bool) -> dict[str, str]:
    """Draw a figure of every numeric record unless it is up to date; return descriptions by file name.

    Args:
        table: its first columns are the parameters.
        parameters: their number.
        out: folder for the figures.
        is_new: the table has changed since figures were drawn.
    """
    columns = table.columns[:parameters]
    swept = [name for name in columns if table[name].nunique(dropna=False) > 1]
    if not swept:
        return {}
    axes = _axes(table, swept)
    figures = {}
    records = table.drop(columns=[*columns, *RESERVED]).select_dtypes(["number", "bool"])
    for record in records.dropna(axis="columns", how="all"):
        name = file_name(record)
        path = out / f"{name}.png"
        if is_new or not path.exists():
            write_whole(path, _figure(table, record, axes))
        low, high = table[record].agg(["min", "max"])
        figures[name] = f"{record} against {', '.join(swept)}; values from {low:.4g} to {high:.4g}"
    return figures


def _finished_row(points: Path, job: Job) -> dict[str, Any] | None:
    """Return the row of a point that an earlier sweep has executed without an error, else None."""
    try:
        notebook = parse((points / f"{job.key}.ipynb").read_text(encoding="utf-8"))
        return _row(job, notebook) if error_of(notebook) is None else None
    except (OSError, ValueError, KeyError, AttributeError):  # missing or damaged
        return None


def _row(job: Job, notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """Return a point's row; a parameter or record named like another column gets a prefix."""
    error = error_of(notebook)
    try:
        records = scalar_records(notebook)
    except ValueError as damaged:
        records, error = {}, error or str(damaged)
    row: dict[str, Any] = {}
    for kind, values in (("parameter", job.parameters), ("record", records)):
        for name, value in values.items():
            while name in row or name in RESERVED:
                name = f"{kind}_{name}"
            row[name] = value if isinstance(value, SCALAR) else repr(value)
    return row | {
        "status": "failed" if error else "ok",
        "seconds": notebook.metadata[METADATA]["seconds"],
        "error": error,
        "notebook": f"points/{job.key}.ipynb",
    }


def _axes(table: pd.DataFrame, swept: Sequence[str]) -> dict[str, str]:
    """Return which parameters are on the horizontal axis (`x`), the curves (`hue`) and the panels (`col`)."""
    counts = table[swept].nunique().drop(SEED, errors="ignore")
    names = counts.sort_values(ascending=False, kind="stable").index
    return dict(zip(("x", "hue", "col"), [*names] or [SEED], strict=False))


def _figure(table: pd.DataFrame, record: str, axes: Mapping[str, str]) -> bytes:
    """Draw a record against the swept parameter with the most values; others are curves, panels and bands."""
    # imported here: a finished sweep should not wait a second for them
    import matplotlib.pyplot as plt
    import seaborn as sns

    x, panel = table[axes["x"]], axes.get("col")
    numeric = pd.api.types.is_numeric_dtype(x)
    words = [name for name in axes.values() if name != x.name or not numeric]
    with sns.axes_style("whitegrid"), sns.color_palette("colorblind"):
        grid = sns.relplot(
            table.astype(dict.fromkeys(words, str)),
            y=record,
            **axes,
            style=axes.get("hue"),
            col_wrap=3 if panel and table[panel].nunique() > 3 else None,
            kind="line",
            marker="o",
            markers=True,
            dashes=False,
            errorbar="sd",
            height=4,
            aspect=1.4,
        )
    if numeric and 0 < 10 * x.min() <= x.max():
        grid.set(xscale="log")
    buffer = io.BytesIO()
    grid.savefig(buffer, dpi=100)
    plt.close(grid.figure)
    return buffer.getvalue()
