"""Commands of the marking page; as in `cli`, they import their modules when they run."""

from pathlib import Path

import click

from sheet11.course.options import name_option, sheet_option, usage_failures

graded = click.argument("out", default="build/grade", type=click.Path(path_type=Path))


@click.command()
@graded
@name_option
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(1, 65535),
    default=8811,
    show_default=True,
    help="Port on this machine; if it is taken, the next free one.",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def mark(out: Path, who: str, port: int, no_browser: bool) -> None:
    """Read and mark the answers in OUT, the folder of a grading, on a page in the browser.

    The page shows one task at a time across all students, without names. Several people can mark in the same folder
    at the same time, each with a server of their own. Ctrl-C ends the server, and writes the marks into tables and
    feedback.
    """
    from sheet11.course.book.gradebook import open_answers
    from sheet11.course.desk.extension import serve_desk

    with usage_failures(out):
        left = serve_desk(out, who, port, not no_browser)
    click.echo(out / "index.html")
    if left:
        click.echo(open_answers(left))


@click.command()
@graded
@sheet_option
def keep_rubric(out: Path, sheet_folder: Path | None) -> None:
    """Write the rubrics that were made while marking OUT into the sheet's notebooks, for next time."""
    from sheet11.course.book.rubric import keep_rubrics
    from sheet11.course.book.store import Store
    from sheet11.course.sheet import find_sheet

    with usage_failures(out):
        with Store(out, create=False) as store:
            changed = keep_rubrics(store, find_sheet(sheet_folder))
    for path in changed:
        click.echo(path)
    if not changed:
        click.echo("The notebooks already hold these rubrics")
