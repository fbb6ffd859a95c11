"""The command `sheet11`: arguments in, words and an exit code out; what it does stands in the modules it calls.

Exit codes: 0 if everything that was asked for succeeded, 1 where notebooks failed, 2 for unusable arguments.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from sheet11.course import VERSION
from sheet11.course.arguments import Decorated, parameter_option, value, values
from sheet11.course.errors import CourseError

# What the commands need is imported inside of them, so that `--help` does not wait for the notebook machinery.
# jsonschema, which nbformat imports, would spend two seconds on building a package's grammar of web addresses.
_modules: dict[str, Any] = sys.modules
_modules.setdefault("rfc3987_syntax", None)


class UsageFailure(click.ClickException):
    """An unusable argument: one line on standard error, exit code 2."""

    exit_code = 2


class Commands(click.Group):
    """A group whose commands say in one line what is wrong with their arguments."""

    def invoke(self, ctx: click.Context) -> Any:
        """Called by click, which would print three lines."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise UsageFailure(error.format_message()) from error


def out_option(default: str) -> Callable[[Decorated], Decorated]:
    """The option -o of a command."""
    return click.option(
        "-o",
        "out",
        metavar="FOLDER",
        default=default,
        show_default=True,
        type=click.Path(path_type=Path),
        help="Folder for the results.",
    )


sheet_option = click.option(
    "--sheet",
    "sheet_folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Another sheet: notebooks in FOLDER or FOLDER/notebooks, and a package beside them.",
)
jobs_option = click.option(
    "-j",
    "workers",
    metavar="N",
    type=click.IntRange(min=1),
    help="Notebooks at a time.  [default: number of cores]",
)
kernel_option = click.option("-k", "--kernel", metavar="NAME", help="Kernel, not the one a notebook asks for.")
timeout_option = click.option(
    "--timeout", metavar="SECONDS", type=click.IntRange(min=1), help="Time limit of a cell.  [default: none]"
)
scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS", help="Run on the Dask cluster with this scheduler (tcp://host:8786)."
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="sheet11")
def main() -> None:
    """Run, re-run, release and grade the notebooks of a sheet."""


@main.command()
@click.argument("notebooks", nargs=-1, metavar="[NOTEBOOK]...")
@parameter_option(value, "NAME=VALUE", "Set a parameter; may be repeated.")
@out_option("build/run")
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
    kernel: str | None,
    timeout: int | None,
) -> None:
    """Execute notebooks and write executed copies, HTML and an index.html.

    NOTEBOOK is a path, or the stem of one of the sheet's own (01_encoding); without any, all of the sheet's run. A
    parameter is set in every notebook that has it.
    """
    warm_up(workers)
    with usage_failures(out):
        from sheet11.course.jobs import local_executor
        from sheet11.course.run import jobs_of_notebooks
        from sheet11.course.run import run as run_jobs
        from sheet11.course.sheet import find_notebook, find_sheet

        sheet = find_sheet(sheet_folder)
        paths = [find_notebook(name, sheet) for name in notebooks] or list(sheet.notebooks.values())
        with local_executor(workers) as (executor, threads):
            pages = run_jobs(jobs_of_notebooks(paths, parameters, threads, sheet, kernel, timeout), executor, out)
    click.echo(out / "index.html")
    if failed := [page.stem for page in pages if page.error]:
        raise click.ClickException(f"{len(failed)} of {len(pages)} notebooks failed: {', '.join(failed)}")


@main.command()
@click.argument("notebook")
@parameter_option(
    values,
    "NAME=V1,V2,...",
    "Values of a parameter: a list (16,64,256) or a range (0:20, end left out); may be repeated.",
)
@out_option("build/sweep")
@click.option("--figures", is_flag=True, help="Draw the figures of every point's notebook, too.")
@sheet_option
@jobs_option
@kernel_option
@timeout_option
@scheduler_option
def sweep(
    notebook: str,
    parameters: dict[str, list[Any]],
    out: Path,
    figures: bool,
    sheet_folder: Path | None,
    workers: int | None,
    kernel: str | None,
    timeout: int | None,
    scheduler: str | None,
) -> None:
    """Execute NOTEBOOK at every point of a grid, and write results.csv, figures and an index.html.

    Points that are already in the folder, from the same notebook, parameters and version, are not executed again.
    """
    refuse_workers_on_cluster(workers, scheduler)
    if not scheduler:
        warm_up(workers)
    with usage_failures(out):
        from sheet11.course.jobs import cluster_executor, local_executor
        from sheet11.course.sheet import find_notebook, find_sheet
        from sheet11.course.sweep import jobs_of_grid
        from sheet11.course.sweep import sweep as sweep_jobs

        sheet = find_sheet(sheet_folder)
        path = find_notebook(notebook, sheet)
        with cluster_executor(scheduler) if scheduler else local_executor(workers) as (executor, threads):
            jobs = jobs_of_grid(path, parameters, threads, sheet, kernel, timeout, figures)
            table = sweep_jobs(jobs, executor, out)
    click.echo(out / "index.html")
    if failed := int((table["status"] == "failed").sum()):
        raise click.ClickException(f"{failed} of {len(table)} points failed; results.csv has their errors")


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
@sheet_option
def release(out: Path, sheet_folder: Path | None) -> None:
    """Write the student edition to OUT, a new folder: notebooks without answers, package without solutions."""
    with usage_failures(out):
        from sheet11.course.release import release as write_release
        from sheet11.course.sheet import find_sheet

        write_release(find_sheet(sheet_folder), out)
    click.echo(out)


@main.command()
@click.argument("submissions", type=click.Path(path_type=Path))
@parameter_option(value, "NAME=VALUE", "Set a parameter instead of drawing it; may be repeated.")
@out_option("build/grade")
@sheet_option
@click.option(
    "--seed", metavar="N", type=click.IntRange(min=0), help="Draw the parameters with this seed, to repeat a grading."
)
@click.option("--student", "again", multiple=True, metavar="NAME", help="Grade this one again; may be repeated.")
@click.option("--gradebook", type=click.Choice(["moodle", "canvas"]), help="Also write a file that this one imports.")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Time for an answer.",
)
@click.option(
    "--memory",
    metavar="MB",
    type=click.IntRange(min=100),
    default=2000,
    show_default=True,
    help="Memory for an answer.",
)
@click.option("--no-sandbox", is_flag=True, help="Run the students' code with your rights.")
@jobs_option
@scheduler_option
def grade(
    submissions: Path,
    parameters: dict[str, Any],
    out: Path,
    sheet_folder: Path | None,
    seed: int | None,
    again: tuple[str, ...],
    gradebook: str | None,
    timeout: int,
    memory: int,
    no_sandbox: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Grade what is in SUBMISSIONS, a folder with a folder for each student; write tables and feedback.

    Students whose answers have not changed are not graded again. Points for answers that a person reads are entered
    into grades.csv, and kept.
    """
    refuse_workers_on_cluster(workers, scheduler)
    if no_sandbox:
        click.echo("Warning: the students' code runs with your rights, and can read and delete your files", err=True)
    with usage_failures(out):
        from sheet11.course.grading.grade import grade as grade_class
        from sheet11.course.grading.gradebook import still_open, write_gradebook
        from sheet11.course.grading.sandbox import MEGABYTE, Limits, check_sandbox
        from sheet11.course.grading.scoring import FAILED
        from sheet11.course.jobs import cluster_executor, local_executor
        from sheet11.course.sheet import find_sheet

        sheet = find_sheet(sheet_folder)
        if not no_sandbox and not scheduler:
            check_sandbox()
        limits = Limits(seconds=timeout, memory=memory * MEGABYTE)
        with cluster_executor(scheduler) if scheduler else local_executor(workers, kernels=False) as (executor, _):
            table = grade_class(sheet, submissions, out, executor, parameters, seed, limits, not no_sandbox, again)
        if gradebook:
            click.echo(write_gradebook(out, table, gradebook, sheet.title))
    click.echo(out / "index.html")
    if to_read := still_open(table.rows):
        click.echo(
            f"{to_read} answers are still to be read: enter their points into {out / 'grades.csv'}, and run again"
        )
    if failed := {row.student for row in table.rows if row.verdict.status == FAILED}:
        graded = len(table.by_student())
        raise click.ClickException(f"{len(failed)} of {graded} students could not be graded; results.csv says why")


def refuse_workers_on_cluster(workers: int | None, scheduler: str | None) -> None:
    """Raise if both are given."""
    if scheduler and workers:
        raise UsageFailure("-j is for this machine; on a cluster the workers decide how much runs at a time")


def warm_up(workers: int | None) -> None:
    """Start the kernel server, so that it imports while this process imports the notebook machinery."""
    from sheet11.course.forks import warm

    warm.server(warm.share_cores(workers)[1])


@contextlib.contextmanager
def usage_failures(out: Path) -> Iterator[None]:
    """Turn what is wrong with the arguments into one line."""
    try:
        yield
    except CourseError as error:
        raise UsageFailure(str(error)) from error
    except OSError as error:
        raise UsageFailure(f"cannot write to {out}: {error.strerror or error}") from error


if __name__ == "__main__":
    main()
