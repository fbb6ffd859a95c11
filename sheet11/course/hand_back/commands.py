"""Commands that read points and hand back results; they import what they need themselves, as in `cli`."""

from pathlib import Path

import click

from sheet11.course.options import name_option, usage_failures


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("table", required=False, metavar="[FILE]", type=click.Path(path_type=Path))
@name_option
def read_points(out: Path, table: Path | None, who: str) -> None:
    """Read points entered into FILE, which is OUT/grades.csv or a copy of it.

    A column named after a task with " comment" at the end holds comments. If anything in the file is invalid, nothing
    is changed.
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
    """Write all points and feedback pages in a platform's format to a new folder OUT/return.

    OUT is the folder of a grading. Refused while answers are still to be read.
    """
    if worksheet and platform != "moodle":
        raise click.UsageError(f"--worksheet is Moodle's, and there is none for {platform!r}")
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
