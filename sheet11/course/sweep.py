"""`sheet11 sweep`: one notebook over a grid of parameters, with a table and figures of its scalar records."""

import gc
import hashlib
import io
import itertools
import json
import shlex
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import seaborn as sns

from sheet11.course import VERSION
from sheet11.course.errors import NotebookError, ParameterError
from sheet11.course.files import write_whole
from sheet11.course.jobs import Job, perform_all
from sheet11.course.notebooks import (
    METADATA,
    PARAMETERS,
    check_parameters,
    error_of,
    kernel_of,
    parameters_of,
    read_notebook,
    scalar_records,
    title_of,
)
from sheet11.course.pages.render import render
from sheet11.course.sheet import Sheet

OFTEN = 2  # seconds after which the table is written again, so that a long sweep can be watched
SEED = "seed"  # the parameter over which figures show error bands instead of curves


def jobs_of_grid(
    path: Path,
    grid: Mapping[str, Sequence[Any]],
    threads: int | None = None,
    sheet: Sheet | None = None,
    kernel: str | None = None,
    timeout: int | None = None,
    figures: bool = False,
) -> list[Job]:
    """One job for each point of the full grid.

    A job's key is a hash of the notebook's cells, the parameters, the sheet's package and the kit's version: a file of
    that name is the result of exactly this job.

    Args:
        path: of the notebook.
        grid: values by parameter.
        threads: for each kernel; None leaves it to the libraries.
        sheet: whose package the notebook imports; None if that is installed.
        kernel: name of the kernel; None is the one that the notebook asks for.
        timeout: seconds that a cell may take; None is as long as it wants.
        figures: whether the points' notebooks have figures, which take most of the time.

    Raises:
        NotebookError: no notebook, or it wants a kernel that is not installed, or has no parameters cell.
        ParameterError: the notebook lacks one of the parameters, or a list is empty.
    """
    notebook = read_notebook(path)
    kernel_of(notebook, kernel)
    names = parameters_of(notebook)
    if not names:
        raise NotebookError(
            f"{path} has no cell tagged {PARAMETERS!r}, so there is nothing to sweep"
        )
    check_parameters(grid, set(names))
    for name, values in grid.items():
        if not values:
            raise ParameterError(f"the list of values for {name!r} is empty")
    for cell in notebook.cells:  # stored outputs are no part of what a result depends on
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    content = nbformat.writes(notebook)
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    cwd = str(path.parent.resolve())
    imports_from = sheet.imports_from if sheet else None
    same = [VERSION, sheet.package_digest() if sheet else None, content, kernel, figures]
    jobs = []
    for point in points:
        assigned = [f"{name}={value}" for name, value in point.items()]
        key, name = _file_name(path.stem, [*same, point]), " ".join(assigned) or "defaults"
        job = Job(name, key, content, point, cwd, threads, imports_from)
        command = shlex.join(["sheet11", "run", str(path), *(f"-p{each}" for each in assigned)])
        text = None if figures else f"A figure, which {command} draws; or the sweep, with --figures"
        jobs.append(job._replace(kernel=kernel, timeout=timeout, instead_of_figures=text))
    return jobs


def sweep(jobs: Sequence[Job], executor: Executor, out: Path) -> pd.DataFrame:
    """Execute the points that are not yet in `out`, and write table, figures and page.

    The table is written again and again while points finish. Every point is written to `points/` as soon as it is
    done, so that a sweep that was interrupted, or killed, goes on where it stopped when it is started again. A point
    that failed becomes a row with its error, and is tried again.

    Args:
        jobs: from `jobs_of_grid`.
        executor: where they are executed.
        out: folder for the results.

    Returns:
        The table: a row for each point, with parameters, scalar records, status, seconds and error.

    Raises:
        OSError: `out` cannot be written to.
    """
    write_whole(
        out / "index.html",
        render("sweep.html.j2", heading="Running", figures={}, columns=[], rows=[]),
    )
    points = out / "points"
    rows_by_key = {job.key: row for job in jobs if (row := _finished_row(points, job))}

    def write_table() -> pd.DataFrame:
        table = pd.DataFrame([rows_by_key[job.key] for job in jobs if job.key in rows_by_key])
        write_whole(out / "results.csv", table.to_csv(index=False))
        return table

    written = time.monotonic()
    for done in perform_all([job for job in jobs if job.key not in rows_by_key], executor):
        done.notebook.metadata[METADATA] = {"seconds": round(done.seconds, 3)}
        write_whole(points / f"{done.job.key}.ipynb", nbformat.writes(done.notebook))
        rows_by_key[done.job.key] = _row(done.job, done.notebook)
        if time.monotonic() - written > OFTEN:
            write_table()
            gc.collect()  # each execution leaves cycles, for which Python looks late where much has been imported
            written = time.monotonic()
    table = write_table()
    swept = [name for name in jobs[0].parameters if table[name].nunique(dropna=False) > 1]
    figures = {}
    for record in table.columns:
        is_record = record not in jobs[0].parameters and record not in (
            "status",
            "seconds",
            "error",
            "notebook",
        )
        if (
            is_record
            and pd.api.types.is_numeric_dtype(table[record])
            and table[record].notna().any()
            and swept
        ):
            write_whole(out / f"{record}.png", _figure(table, record, swept))
            figures[record] = _description(table, record, swept)
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    title = title_of(nbformat.reads(jobs[0].notebook, as_version=4), "Sweep")
    shown = {"heading": title, "figures": figures, "columns": table.columns, "rows": rows}
    write_whole(out / "index.html", render("sweep.html.j2", **shown))
    return table


def _file_name(stem: str, identity: list[Any]) -> str:
    content = json.dumps(identity, sort_keys=True, default=repr)
    return f"{stem}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def _finished_row(points: Path, job: Job) -> dict[str, Any] | None:
    """The row of a point that is there already, and did not fail."""
    try:
        notebook = nbformat.read(points / f"{job.key}.ipynb", as_version=4)
    except (OSError, ValueError, nbformat.ValidationError):
        return None
    return (
        _row(job, notebook)
        if METADATA in notebook.metadata and error_of(notebook) is None
        else None
    )


def _row(job: Job, notebook: nbformat.NotebookNode) -> dict[str, Any]:
    error = error_of(notebook)
    row = dict(job.parameters)
    for name, value in scalar_records(notebook).items():
        row[f"record_{name}" if name in row else name] = value
    return row | {
        "status": "failed" if error else "ok",
        "seconds": notebook.metadata[METADATA]["seconds"],
        "error": error,
        "notebook": f"points/{job.key}.ipynb",
    }


def _axes(
    table: pd.DataFrame, swept: Sequence[str]
) -> tuple[str, str | None, str | None, list[str]]:
    """The parameters that are the horizontal axis, the curves, the panels, and the bands of a figure."""
    others = sorted(
        (name for name in swept if name != SEED), key=lambda name: -table[name].nunique()
    )
    x, *rest = others or [SEED]
    hue, panel = [*rest, None, None][:2]
    return x, hue, panel, [name for name in swept if name not in (x, hue, panel)]


def _description(table: pd.DataFrame, record: str, swept: Sequence[str]) -> str:
    """What a figure shows, in words."""
    x, hue, panel, bands = _axes(table, swept)
    parts = [f"{record} against {x}"]
    parts += [f"a curve for each {hue}"] if hue else []
    parts += [f"a panel for each {panel}"] if panel else []
    parts += [f"bands of one standard deviation over {', '.join(bands)}"] if bands else []
    parts += [f"values from {table[record].min():.4g} to {table[record].max():.4g}"]
    return "; ".join(parts)


def _figure(table: pd.DataFrame, record: str, swept: Sequence[str]) -> bytes:
    """A record against the swept parameter with the most values; others are curves and panels, the seed a band."""
    x, hue, panel, _ = _axes(table, swept)
    numeric = pd.api.types.is_numeric_dtype(table[x])
    data = table.assign(**{name: table[name].astype(str) for name in (hue, panel) if name})
    if not numeric:
        data[x] = data[x].astype(str)
    curves = (
        {"hue": hue, "style": hue, "markers": True, "palette": "colorblind"}
        if hue
        else {"marker": "o"}
    )
    wrap = 3 if panel and data[panel].nunique() > 3 else None
    size = {"height": 4, "aspect": 1.4}
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
            **curves,
            **size,
        )
    values = table[x].dropna()
    if numeric and (values > 0).all() and values.max() >= 10 * values.min():
        ticks = sorted(values.unique())
        grid.set(xscale="log", xticks=ticks, xticklabels=[f"{tick:g}" for tick in ticks])
        for ax in grid.axes.flat:
            ax.minorticks_off()
    buffer = io.BytesIO()
    grid.savefig(buffer, dpi=100)
    plt.close(grid.figure)
    return buffer.getvalue()
