"""The commands of grading; what they need is imported inside of them, as in `cli`."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sheet11.course.options import (
    UsageFailure,
    jobs_option,
    name_option,
    out_option,
    parameter_option,
    refuse_workers_on_cluster,
    scheduler_option,
    sheet_option,
    usage_failures,
    value,
)
from sheet11.course.text import visible

MOST_LINES = 50  # of students who could not be graded


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
    help="Grade this one again; may be repeated.",
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
    help="Local time (2026-11-21T12:00), against nbgrader's timestamps; what is late is shown.",
)
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
    roster_file: Path | None,
    deadline: datetime | None,
    timeout: int,
    memory: int,
    no_sandbox: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Grade what is in SUBMISSIONS; write tables and feedback.

    SUBMISSIONS is what Moodle or Canvas let you download, zip or folder, nbgrader's folder `submitted`, GitHub
    Classroom's clones, or a folder with a folder for each student. A notebook is known by its cells, whatever it is
    called.

    Students whose answers have not changed are not graded again. What people have marked is kept.
    """
    refuse_workers_on_cluster(workers, scheduler)
    if no_sandbox:
        click.echo(
            "Warning: the students' code runs with your rights, and can read and delete your files",
            err=True,
        )
    from sheet11.course.book.gradebook import still_open
    from sheet11.course.book.scores import Status
    from sheet11.course.files import alone_in
    from sheet11.course.grading.grade import grade as grade_class
    from sheet11.course.jobs import cluster_executor, local_executor
    from sheet11.course.sandbox.bubblewrap import MEGABYTE
    from sheet11.course.sandbox.cgroup import described
    from sheet11.course.sandbox.sandbox import Limits, check_sandbox
    from sheet11.course.sheet import find_sheet
    from sheet11.course.submissions.roster import NO_ROSTER, read_roster

    with usage_failures(out):
        sheet = find_sheet(sheet_folder)
        if not no_sandbox and not scheduler:
            check_sandbox()
        if not scheduler:
            click.echo(described())
        limits = Limits(seconds=timeout, memory=memory * MEGABYTE)
        with (
            alone_in(out),
            cluster_executor(scheduler)
            if scheduler
            else local_executor(workers, kernels=False) as (executor, _),
        ):
            roster = read_roster(roster_file) if roster_file else NO_ROSTER
            due = deadline.astimezone() if deadline else None
            table, strange = grade_class(
                *(
                    sheet,
                    submissions,
                    out,
                    executor,
                    parameters,
                    seed,
                    limits,
                    not no_sandbox,
                    again,
                    roster,
                    due,
                )
            )
    click.echo(out / "index.html")
    if to_read := still_open(table.rows):
        click.echo(
            f"{to_read} answers are still to be read: sheet11 mark {out}; or enter their points into "
            f"{out / 'grades.csv'}, and give: sheet11 read-points {out}"
        )
    if failed := {
        row.student: row.score.remark for row in table.rows if row.score.status == Status.FAILED
    }:
        graded = len(table.by_student())
        for student, why in list(failed.items())[:MOST_LINES]:
            click.echo(visible(f"{student}: {why}"))
        raise click.ClickException(
            f"{len(failed)} of {graded} students could not be graded; results.csv says why"
        )
    if strange:
        raise click.ClickException(visible("; ".join(strange[:MOST_LINES])))


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("table", required=False, metavar="[FILE]", type=click.Path(path_type=Path))
@name_option
def read_points(out: Path, table: Path | None, who: str) -> None:
    """Take the points that were entered into FILE, which is OUT/grades.csv or a copy of it.

    A column for comments may stand beside that of a task, called as that one, with " comment" at the end. If there is
    anything in the file that is not understood, nothing is taken.
    """
    from sheet11.course.book.gradebook import GRADES
    from sheet11.course.book.store import Store
    from sheet11.course.files import alone_in
    from sheet11.course.hand_back.points import take_points
    from sheet11.course.hand_back.publish import publish

    with usage_failures(out):
        with Store(out, create=False) as store, alone_in(out):
            taken = take_points(store, table or out / GRADES, who)
            publish(out, store)
    counts = zip(("point", "comment", "student"), taken, strict=True)
    points, comments, students = (
        f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts
    )
    click.echo(f"{points} and {comments} for {students}, from {table or out / GRADES}")


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
def overview(out: Path) -> None:
    """Write a page about what the class did to OUT, the folder of a grading, and lists of tasks and of like answers."""
    from sheet11.course.overview.page import write_overview

    with usage_failures(out):
        page = write_overview(out)
    click.echo(page)


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("platform", type=click.Choice(["moodle", "canvas", "folder"]))
@click.option("--partial", is_flag=True, help="Also where answers are still to be read.")
@click.option(
    "--worksheet",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Moodle's grading worksheet, to be filled in.",
)
@click.option(
    "--assignment", metavar="TEXT", help="As Canvas's gradebook calls it: 'Sheet 3 (4711)'."
)
def give_back(
    out: Path, platform: str, partial: bool, worksheet: Path | None, assignment: str | None
) -> None:
    """Write what a platform takes as it is: everybody's points and page of feedback, in a new folder OUT/return.

    OUT is the folder of a grading. Refused as long as answers are to be read.
    """
    if worksheet and platform != "moodle":
        raise UsageFailure(f"--worksheet is Moodle's, and there is none for {platform!r}")
    from sheet11.course.book.store import Store
    from sheet11.course.files import alone_in, whole_folder
    from sheet11.course.hand_back.canvas import to_canvas
    from sheet11.course.hand_back.moodle import to_moodle
    from sheet11.course.hand_back.publish import publish
    from sheet11.course.hand_back.returns import collect, to_folder

    with usage_failures(out):
        with Store(out, create=False) as store, alone_in(out):
            # marks may be newer than the pages
            returned = collect(out, store, publish(out, store), partial)
            with whole_folder(out / "return") as into:
                if platform == "moodle":
                    written = to_moodle(returned, into, worksheet)
                elif platform == "canvas":
                    written = to_canvas(returned, into, assignment or returned.title)
                else:
                    written = to_folder(returned, into)
    for path in written:
        click.echo(out / "return" / path.name)
