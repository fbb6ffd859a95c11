"""Command `overview`; as in `cli`, it imports its modules when it runs."""

from pathlib import Path

import click

from sheet11.course.options import usage_failures


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
def overview(out: Path) -> None:
    """Write an overview of the class to OUT, the folder of a grading: a page, a table of tasks, and similar answers."""
    from sheet11.course.overview.page import write_overview

    with usage_failures(out):
        page = write_overview(out)
    click.echo(page)
