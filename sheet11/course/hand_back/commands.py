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

    table = table or out / GRADES
    with usage_failures(out):
        with Store(out, create=False) as store, alone_in(out):
            marks, students = take_points(store, table, who)
            publish(out, store)
    click.echo(f"Read {table}: marks {marks}, students {students}")


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("platform", type=click.Choice(["moodle", "canvas", "folder"]))
@click.option(
    "--partial", is_flag=True, help="Return points so far, even if answers are still to be read."
)
@click.option(
    "--worksheet",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Moodle's grading worksheet, to be filled in.",
)
@click.option(
    "--assignment",
    metavar="TEXT",
    help="Name of the assignment in Canvas's gradebook: 'Sheet 3 (4711)'.",
)
def give_back(
    out: Path, platform: str, partial: bool, worksheet: Path | None, assignment: str | None
) -> None:
    """Write all points and feedback pages in a platform's format to a new folder OUT/return.

    OUT is the folder of a grading. Refused while answers are still to be read.
    """
    if worksheet and platform != "moodle":
        raise click.UsageError(f"--worksheet is only for moodle, not for {platform!r}")
    if platform == "moodle" and not worksheet:
        raise click.UsageError(
            "moodle needs --worksheet, downloaded with 'Download grading worksheet'"
        )
    from sheet11.course.book.store import Store
    from sheet11.course.files import alone_in, whole_folder, write_private
    from sheet11.course.hand_back.canvas import canvas_files
    from sheet11.course.hand_back.moodle import ORDER, in_course, moodle_files, read_worksheet
    from sheet11.course.hand_back.publish import publish
    from sheet11.course.hand_back.returns import closed, collect, folder_files

    with usage_failures(out):
        with Store(out, create=False) as store, alone_in(out):
            # marks may be newer than the pages
            table = publish(out, store)
            returned = collect(out, store, table)
            sheet = read_worksheet(worksheet, table.maximum) if worksheet else None
            if sheet:  # who has left the course has no open answers
                returned = in_course(returned, sheet)
            returned = closed(returned, out, partial)
            if sheet:
                files = moodle_files(returned, sheet)
            elif platform == "canvas":
                files = canvas_files(returned, assignment or returned.title)
            else:
                files = folder_files(returned)
            with whole_folder(out / "return") as into:
                for name, content in files.items():
                    write_private(into / name, content)
    for name in dict.fromkeys(Path(name).parts[0] for name in files):
        click.echo(out / "return" / name)
    if sheet:
        click.echo(ORDER)
