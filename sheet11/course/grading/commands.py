"""Commands `check` and `grade`; as in `cli`, they import their modules when they run."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sheet11.course.errors import SolutionError
from sheet11.course.options import (
    jobs_option,
    out_option,
    parameter_option,
    percent,
    refuse_workers_on_cluster,
    scheduler_option,
    sheet_option,
    usage_failures,
    value,
)
from sheet11.course.text import visible

cell_timeout_option = click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Processor time of a cell; a notebook gets ten times as much.",
)
memory_option = click.option(
    "--memory",
    metavar="MB",
    type=click.IntRange(min=100),
    default=2000,
    show_default=True,
    help="Memory for a notebook.",
)
sandbox_option = click.option(
    "--no-sandbox", is_flag=True, help="Run the students' code with your permissions."
)


@click.command()
@parameter_option(value, "NAME=VALUE", "Set a parameter instead of drawing it; may be repeated.")
@sheet_option
@cell_timeout_option
@memory_option
@sandbox_option
@jobs_option
def check(
    parameters: dict[str, Any],
    sheet_folder: Path | None,
    timeout: int,
    memory: int,
    no_sandbox: bool,
    workers: int | None,
) -> None:
    """Check that a sheet can be graded: its own notebooks must earn full points in the sandbox."""
    from sheet11.course.grading.draws import check_sheet
    from sheet11.course.jobs import local_executor
    from sheet11.course.sandbox.bubblewrap import MEGABYTE
    from sheet11.course.sandbox.sandbox import Limits, check_sandbox
    from sheet11.course.sheet import find_sheet

    with usage_failures(Path()), sheet_failures():
        sheet = find_sheet(sheet_folder)
        if not no_sandbox:
            check_sandbox()
        with local_executor(workers) as (executor, _):
            limits = Limits(seconds=timeout, memory=memory * MEGABYTE)
            check_sheet(sheet, executor, parameters, limits, not no_sandbox)
    click.echo(f"{sheet.title} can be graded")


@contextlib.contextmanager
def sheet_failures() -> Iterator[None]:
    """Print the problems of a sheet that cannot be graded, one a line, and exit with code 1."""
    try:
        yield
    except SolutionError as error:
        for problem in error.args:
            click.echo(visible(problem))
        raise click.ClickException("the sheet cannot be graded; the lines above say why") from error


@click.command()
@click.argument("submissions", type=click.Path(path_type=Path))
@parameter_option(value, "NAME=VALUE", "Set a parameter instead of drawing it; may be repeated.")
@out_option("build/grade")
@sheet_option
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(min=0),
    help="Draw the parameters with this seed, to repeat a grading.",
)
@click.option(
    "--student",
    "again",
    multiple=True,
    metavar="NAME",
    help="Grade this student again, given by id, login or name; may be repeated.",
)
@click.option(
    "--roster",
    "roster_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A CSV with columns id, login, name, group, e-mail, or what a platform exports.",
)
@click.option(
    "--deadline",
    metavar="TIME",
    type=click.DateTime(
        ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]
    ),
    help="Local time (2026-11-21T12:00); hand-ins whose nbgrader timestamp is later are shown as late.",
)
@click.option(
    "--adjustments",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A CSV with columns id, excused, bonus, deduction, deadline, days late, merged with, reason.",
)
@click.option(
    "--late-penalty",
    metavar="PERCENT",
    type=percent,
    help="Share of the points that each day late takes, such as 10%.",
)
@cell_timeout_option
@memory_option
@sandbox_option
@jobs_option
@scheduler_option
def grade(
    submissions: Path,
    parameters: dict[str, Any],
    out: Path,
    sheet_folder: Path | None,
    seed: int | None,
    again: tuple[str, ...],
    roster_file: Path | None,
    deadline: datetime | None,
    adjustments: Path | None,
    late_penalty: float | None,
    timeout: int,
    memory: int,
    no_sandbox: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Grade the hand-ins in SUBMISSIONS, and write tables and feedback.

    SUBMISSIONS is a download from Moodle or Canvas, zip or folder; nbgrader's folder `submitted`; GitHub Classroom's
    clones; or a folder with a folder for each student. Notebooks are recognised by their cells, not by their names.

    Students whose answers have not changed are not graded again. All marks given by people are kept.
    """
    refuse_workers_on_cluster(workers, scheduler)
    if no_sandbox:
        click.echo(
            "Warning: the students' code runs with your permissions, and can read and delete your files",
            err=True,
        )
    from sheet11.course.book.gradebook import open_answers, still_open
    from sheet11.course.book.scores import Status
    from sheet11.course.files import alone_in
    from sheet11.course.grading.grade import grade as grade_class
    from sheet11.course.jobs import cluster_executor, local_executor
    from sheet11.course.sandbox.bubblewrap import MEGABYTE
    from sheet11.course.sandbox.cgroup import description
    from sheet11.course.sandbox.sandbox import Limits, check_sandbox
    from sheet11.course.sheet import find_sheet
    from sheet11.course.submissions.roster import NO_ROSTER, read_roster

    with usage_failures(out), sheet_failures():
        sheet = find_sheet(sheet_folder)
        if not no_sandbox and not scheduler:
            check_sandbox()
        if not scheduler:
            click.echo(description())
        with (
            alone_in(out),
            cluster_executor(scheduler) if scheduler else local_executor(workers) as (executor, _),
        ):
            roster = read_roster(roster_file) if roster_file else NO_ROSTER
            due = deadline.astimezone() if deadline else None
            table, unrecognised = grade_class(
                sheet,
                submissions,
                out,
                executor,
                given=parameters,
                seed=seed,
                limits=Limits(seconds=timeout, memory=memory * MEGABYTE),
                isolated=not no_sandbox,
                again=again,
                roster=roster,
                deadline=due,
                adjustments=adjustments,
                late_penalty=late_penalty,
            )
    click.echo(out / "index.html")
    if to_read := still_open(table.rows):
        click.echo(
            f"{open_answers(to_read)}: sheet11 mark {out}; or enter their points into "
            f"{out / 'grades.csv'}, and give: sheet11 read-points {out}"
        )
    if failed := {
        row.student: row.score.remark for row in table.rows if row.score.status == Status.FAILED
    }:
        graded = len(table.lines)
        for student, why in failed.items():
            click.echo(visible(f"{student}: {why}"))
        raise click.ClickException(
            f"{len(failed)} of {graded} students could not be graded; results.csv says why"
        )
    if unrecognised:
        raise click.ClickException(visible("; ".join(unrecognised)))
