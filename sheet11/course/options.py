"""What commands have in common: options, and the one line that says what is wrong with them."""

import contextlib
import getpass
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from sheet11.course.arguments import Decorated
from sheet11.course.errors import CourseError


class UsageFailure(click.ClickException):
    """An unusable argument: one line on standard error, exit code 2."""

    exit_code = 2


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


def login() -> str:
    """How the Hub or the system calls who works here."""
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (KeyError, OSError):  # in a container, perhaps
        return "somebody"


name_option = click.option(
    "--name", "who", metavar="NAME", default=login, show_default="login", help="Whose marks these are."
)


def refuse_workers_on_cluster(workers: int | None, scheduler: str | None) -> None:
    """Raise if both are given."""
    if scheduler and workers:
        raise UsageFailure("-j is for this machine; on a cluster the workers decide how much runs at a time")


@contextlib.contextmanager
def usage_failures(out: Path) -> Iterator[None]:
    """Turn what is wrong with the arguments into one line."""
    try:
        yield
    except CourseError as error:
        raise UsageFailure(str(error)) from error
    except OSError as error:
        raise UsageFailure(f"cannot write to {out}: {error.strerror or error}") from error
