"""The command `sheet11`.

Exit codes: 0 if everything that was asked for succeeded, 1 where notebooks failed, 2 for unusable arguments.
"""

import ast
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

# jsonschema, which nbformat imports, would spend two seconds on building this package's grammar of web addresses
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


class UsageFailure(click.ClickException):
    """An unusable argument: one line on standard error, exit code 2."""

    exit_code = 2


def parameter_option(metavar: str, text: str) -> Callable:
    """The option -p of a command."""
    return click.option("-p", "assignments", multiple=True, metavar=metavar, help=text)


def out_option(default: str) -> Callable:
    """The option -o of a command."""
    return click.option(
        "-o",
        "out",
        default=Path(default),
        show_default=True,
        type=click.Path(path_type=Path),
        help="Folder for the results.",
    )


jobs_option = click.option(
    "-j", "workers", type=click.IntRange(min=1), help="Notebooks at a time.  [default: number of cores, and one]"
)

scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS", help="Run on the Dask cluster with this scheduler (tcp://host:8786)."
)


@click.group()
@click.version_option(package_name="sheet11")
def main() -> None:
    """Run and re-run the notebooks of ML-Physics sheet 11."""


@main.command()
@click.argument("notebooks", nargs=-1, metavar="[NOTEBOOK]...")
@parameter_option("NAME=VALUE", "Set a parameter; may be repeated.")
@out_option("build/run")
@jobs_option
def run(notebooks: tuple[str, ...], assignments: tuple[str, ...], out: Path, workers: int | None) -> None:
    """Execute notebooks and write executed copies, HTML and an index.html.

    NOTEBOOK is a path, or the stem of one of the kit's own (01_encoding); without any, all of the kit's run. A
    parameter is set in every notebook that has it.
    """
    parameters = {name: literal(value) for name, value in split_assignments(assignments).items()}
    warm_up(workers)
    with usage_failures(out):
        # imported here so that --help does not wait for the notebook machinery
        from sheet11.course.jobs import local_executor
        from sheet11.course.run import prepare
        from sheet11.course.run import run as run_jobs
        from sheet11.course.sheet import find_notebook, find_sheet

        paths = [find_notebook(name, find_sheet()) for name in notebooks] or list(find_sheet().notebooks.values())
        with local_executor(workers) as (executor, threads):
            pages = run_jobs(prepare(paths, parameters, threads), executor, out)
    click.echo(out / "index.html")
    failed = [page.stem for page in pages if page.error]
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(pages)} notebooks failed: {', '.join(failed)}")


@main.command()
@click.argument("notebook")
@parameter_option(
    "NAME=V1,V2,...", "Values of a parameter: a list (16,64,256) or a range (0:20, end left out); may be repeated."
)
@out_option("build/sweep")
@jobs_option
@scheduler_option
def sweep(notebook: str, assignments: tuple[str, ...], out: Path, workers: int | None, scheduler: str | None) -> None:
    """Execute NOTEBOOK at every point of a grid, and write results.csv, figures and an index.html.

    Points that are already in the folder, from the same notebook, parameters and version, are not executed again.
    """
    refuse_workers_on_cluster(workers, scheduler)
    if not scheduler:
        warm_up(workers)
    with usage_failures(out):
        from sheet11.course.jobs import cluster_executor, local_executor
        from sheet11.course.sheet import find_notebook, find_sheet
        from sheet11.course.sweep import parse_values, prepare
        from sheet11.course.sweep import sweep as sweep_jobs

        grid = {name: parse_values(text, literal) for name, text in split_assignments(assignments).items()}
        path = find_notebook(notebook, find_sheet())
        with cluster_executor(scheduler) if scheduler else local_executor(workers) as (executor, threads):
            jobs = prepare(path, grid, threads)
            table = sweep_jobs(jobs, executor, out)
    click.echo(out / "index.html")
    failed = int((table["status"] == "failed").sum())
    if failed:
        raise click.ClickException(f"{failed} of {len(table)} points failed; results.csv has their errors")


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
def release(out: Path) -> None:
    """Write the student edition to OUT, a new folder: notebooks without answers, package without solutions."""
    with usage_failures(out):
        from sheet11.course.release import release as write_release

        write_release(out)
    click.echo(out / "README.md")


@main.command()
@click.argument("submissions", type=click.Path(path_type=Path))
@parameter_option("NAME=VALUE", "Set a parameter instead of drawing it; may be repeated.")
@out_option("build/grade")
@click.option("--seed", type=click.IntRange(min=0), help="Draw the parameters with this seed, to repeat a grading.")
@click.option("--student", "again", multiple=True, metavar="NAME", help="Grade this one again; may be repeated.")
@click.option("--gradebook", type=click.Choice(["moodle", "canvas"]), help="Also write a file that this one imports.")
@click.option("--timeout", type=click.IntRange(min=1), default=30, show_default=True, help="Seconds for an answer.")
@click.option("--memory", type=click.IntRange(min=100), default=2000, show_default=True, help="MB for an answer.")
@click.option("--no-sandbox", is_flag=True, help="Run the students' code with your rights.")
@jobs_option
@scheduler_option
def grade(
    submissions: Path,
    assignments: tuple[str, ...],
    out: Path,
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
    given = {name: literal(value) for name, value in split_assignments(assignments).items()}
    if no_sandbox:
        click.echo("Warning: the students' code runs with your rights, and can read and delete your files", err=True)
    with usage_failures(out):
        from sheet11.course.grading import grade as grading
        from sheet11.course.grading.gradebook import still_open, write_gradebook
        from sheet11.course.grading.sandbox import MEGABYTE, Limits, check_sandbox
        from sheet11.course.grading.scoring import FAILED
        from sheet11.course.jobs import cluster_executor, local_executor

        if not no_sandbox and not scheduler:
            check_sandbox()
        seed = grading.choose_seed(out, seed)
        sheets = grading.prepare(given, seed)
        found = grading.gather(submissions, sheets)
        if unknown := set(again) - {submission.student for submission in found}:
            raise UsageFailure(f"{submissions} holds no folder {sorted(unknown)[0]!r}")
        grading.describe_grading(out, seed, given, sheets)
        limits = Limits(seconds=timeout, memory=memory * MEGABYTE)
        with cluster_executor(scheduler) if scheduler else local_executor(workers, kernels=False) as (executor, _):
            table = grading.grade(found, sheets, executor, out, limits, not no_sandbox, [submissions, out], again)
        if gradebook:
            click.echo(write_gradebook(out, table, gradebook))
    click.echo(out / "index.html")
    if to_read := still_open(table.rows):
        click.echo(
            f"{to_read} answers are still to be read: enter their points into {out / 'grades.csv'}, and run again"
        )
    if failed := {row.student for row in table.rows if row.verdict.status == FAILED}:
        raise click.ClickException(f"{len(failed)} of {len(found)} students could not be graded; results.csv says why")


def refuse_workers_on_cluster(workers: int | None, scheduler: str | None) -> None:
    """Raise if both are given."""
    if scheduler and workers:
        raise UsageFailure("-j is for this machine; on a cluster the workers decide how much runs at a time")


def warm_up(workers: int | None) -> None:
    """Start the kernel server, so that it imports while this process imports the notebook machinery."""
    from sheet11.course import kernel

    kernel.server(kernel.share_cores(workers)[1])


@contextlib.contextmanager
def usage_failures(out: Path) -> Iterator[None]:
    """Turn what is wrong with the arguments into one line."""
    from sheet11.course.errors import NotebookError

    try:
        yield
    except NotebookError as error:
        raise UsageFailure(str(error)) from error
    except OSError as error:
        raise UsageFailure(f"cannot write to {out}: {error.strerror or error}") from error


def split_assignments(assignments: tuple[str, ...]) -> dict[str, str]:
    """Names and texts from NAME=TEXT."""
    texts: dict[str, str] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name.isidentifier():
            raise UsageFailure(f"-p wants NAME=VALUE, got {assignment!r}")
        if name in texts:
            raise UsageFailure(f"-p sets {name!r} twice")
        texts[name] = text
    return texts


def literal(text: str) -> Any:
    """A Python literal (64, 1e4, None, True, "text"), or else plain text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


if __name__ == "__main__":
    main()
