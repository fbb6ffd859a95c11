"""The command `sheet11`: its arguments, output and exit codes; other modules do the work.

Exit codes: 0 if everything succeeded, 1 if notebooks failed, 2 for invalid arguments.
"""

import io
import sys
from pathlib import Path
from typing import Any

import click

from sheet11.course.desk.commands import keep_rubric, mark
from sheet11.course.grading.commands import check, grade
from sheet11.course.hand_back.commands import give_back, read_points
from sheet11.course.options import (
    PATH,
    jobs_option,
    kernel_option,
    out_option,
    parameter_option,
    refuse_workers_on_cluster,
    scheduler_option,
    sheet_option,
    timeout_option,
    usage_failures,
    value,
    values,
)
from sheet11.course.overview.commands import overview

# Commands import what they need themselves, so that `--help` is fast. jsonschema, which nbformat imports, would
# spend two seconds building the grammar of rfc3987_syntax.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


class Commands(click.Group):
    """A group whose commands report wrong arguments in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; with a context, an error would be printed in three lines."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # names that a terminal cannot write
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            error.ctx = None
            raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sheet11", prog_name="sheet11")
def main() -> None:
    """Run, re-run, release and grade the notebooks of a sheet."""


@main.command()
@click.argument("notebooks", nargs=-1, metavar="[NOTEBOOK]...")
@parameter_option(value, "NAME=VALUE", "Set a parameter; may be repeated.")
@out_option("build/run")
@click.option(
    "--sliders",
    "frames",
    is_flag=True,
    help="Also draw pictures for several settings of the sliders.",
)
@sheet_option
@jobs_option
@kernel_option
@timeout_option
def run(
    notebooks: tuple[str, ...],
    parameters: dict[str, Any],
    out: Path,
    sheet_folder: Path | None,
    workers: int | None,
    **options: Any,
) -> None:
    """Execute notebooks and write executed copies, HTML and an index.html.

    NOTEBOOK is a path, or the stem of a notebook of the sheet (01_encoding); the default is all of them. A parameter
    is set in every notebook that has it.
    """
    warm_up(workers)
    from sheet11.course.jobs import local_executor
    from sheet11.course.run import jobs_of_notebooks
    from sheet11.course.run import run as run_jobs
    from sheet11.course.sheet import find_notebook, find_sheet

    with usage_failures(out):
        sheet = find_sheet(sheet_folder)
        paths = [find_notebook(name, sheet) for name in notebooks or sheet.notebooks]
        with local_executor(workers) as (executor, threads):
            jobs = jobs_of_notebooks(paths, parameters, sheet, threads, **options)
            pages = run_jobs(jobs, executor, out)
    click.echo(out / "index.html")
    failed = [page.stem for page in pages if page.error]
    if failed or len(pages) < len(paths):
        raise click.ClickException(
            f"{len(pages)} of {len(paths)} notebooks were executed; failed: {', '.join(failed) or 'none'}"
        )


@main.command()
@click.argument("notebook")
@parameter_option(
    values,
    "NAME=V1,V2,...",
    "Values of a parameter: a list (16,64,256) or a range (0:20, end left out); may be repeated.",
)
@out_option("build/sweep")
@click.option("--figures", is_flag=True, help="Also draw the figures of every point's notebook.")
@sheet_option
@jobs_option
@kernel_option
@timeout_option
@scheduler_option
def sweep(
    notebook: str,
    parameters: dict[str, list[Any]],
    out: Path,
    sheet_folder: Path | None,
    workers: int | None,
    scheduler: str | None,
    **options: Any,
) -> None:
    """Execute NOTEBOOK at every point of a grid, and write results.csv, figures and an index.html.

    Points already in the folder are executed again only if something they depend on has changed: notebook, package,
    versions.
    """
    refuse_workers_on_cluster(workers, scheduler)
    if not scheduler:
        warm_up(workers)
    from sheet11.course.jobs import cluster_executor, local_executor
    from sheet11.course.sheet import find_notebook, find_sheet
    from sheet11.course.sweep import jobs_of_grid
    from sheet11.course.sweep import sweep as sweep_jobs

    with usage_failures(out):
        sheet = find_sheet(sheet_folder)
        path = find_notebook(notebook, sheet)
        chosen = cluster_executor(scheduler) if scheduler else local_executor(workers)
        with chosen as (executor, threads):
            jobs = jobs_of_grid(path, parameters, sheet, threads, **options)
            table = sweep_jobs(jobs, executor, out)
    click.echo(out / "index.html")
    if failed := list(table.status).count("failed"):
        raise click.ClickException(
            f"{failed} of {len(table)} points failed; results.csv has their errors"
        )


@main.command()
@click.argument("out", type=PATH)
@sheet_option
def release(out: Path, sheet_folder: Path | None) -> None:
    """Write the student edition to OUT, a new folder: notebooks without answers, package without solutions."""
    from sheet11.course.release import release as write_release
    from sheet11.course.sheet import find_sheet

    with usage_failures(out):
        write_release(find_sheet(sheet_folder), out)
    click.echo(out)


def warm_up(workers: int | None) -> None:
    """Start the kernel server, so that it imports its modules while this process imports its own."""
    from sheet11.course.engine import warm

    warm.server(warm.share_cores(workers)[1])


for command in (check, grade, read_points, overview, mark, keep_rubric):
    main.add_command(command)
main.add_command(give_back, "return")


if __name__ == "__main__":
    main()
