"""The command of the marking page; what it needs is imported inside of it, as in `cli`."""

from pathlib import Path

import click

from sheet11.course.options import usage_failures


@click.command()
@click.argument("out", default="build/grade", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", default="", help="Who marks.  [default: the Hub's user, or the system's]")
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(1, 65535),
    default=8811,
    show_default=True,
    help="On this machine; another one if it is taken.",
)
@click.option("--no-browser", is_flag=True, help="Print the address only.")
def mark(out: Path, name: str, port: int, no_browser: bool) -> None:
    """Read and mark what is in OUT, the folder of a grading, on a page in the browser.

    One task at a time across all students, without names. Several people can mark in the same folder at the same time,
    each with a server of their own. Ctrl-C ends it, and writes the marks into tables and feedback.
    """
    with usage_failures(out):
        from sheet11.course.desk.extension import serve_desk

        left = serve_desk(out, name, port, not no_browser)
    click.echo(out / "index.html")
    if left:
        click.echo(f"{left} answers are still to be read")
