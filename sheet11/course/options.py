"""Options shared by commands, the values of `-p`, and one-line messages for wrong arguments."""

import ast
import contextlib
import getpass
import math
import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from sheet11.course.errors import CourseError

PATH = click.Path(path_type=Path)
LONGEST_RANGE = 1_000_000  # values in a range


def out_option(default: str) -> Callable[[Any], Any]:
    """Return the option -o of a command."""
    return click.option(
        "-o",
        "out",
        metavar="FOLDER",
        default=default,
        show_default=True,
        type=PATH,
        help="Folder for the results.",
    )


sheet_option = click.option(
    "--sheet",
    "sheet_folder",
    metavar="FOLDER",
    type=PATH,
    help="Another sheet: notebooks in FOLDER or FOLDER/notebooks, and a package beside them.",
)
jobs_option = click.option(
    "-j",
    "workers",
    metavar="N",
    type=click.IntRange(min=1),
    help="Notebooks at a time.  [default: number of cores]",
)
kernel_option = click.option(
    "-k", "--kernel", metavar="NAME", help="Kernel to use instead of the notebook's own."
)
timeout_option = click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(min=1),
    help="Time limit of a cell.  [default: none]",
)
scheduler_option = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Run on the Dask cluster with this scheduler (tcp://host:8786).",
)


def login() -> str:
    """Return the user's name on the Hub or on this machine."""
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (KeyError, OSError):  # users in a container may have no name
        return "somebody"


name_option = click.option(
    "--name",
    "who",
    metavar="NAME",
    default=login,
    show_default="login",
    help="Name of the person who gives these marks.",
)


def refuse_workers_on_cluster(workers: int | None, scheduler: str | None) -> None:
    """Raise an error if both are given."""
    if scheduler and workers:
        raise click.UsageError(
            "-j is for this machine; on a cluster the workers decide how much runs at a time"
        )


@contextlib.contextmanager
def usage_failures(out: Path) -> Iterator[None]:
    """Turn errors of this kit and of the file system into one-line usage errors."""
    try:
        yield
    except CourseError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.UsageError(f"cannot write to {out}: {error.strerror or error}") from error


def value(text: str) -> Any:
    """Parse a Python literal (64, 1e4, None, "text") or one of papermill (true, 007, nan), else plain text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (ast.literal_eval, int, float):
        with contextlib.suppress(ValueError, SyntaxError):
            return kind(text.strip())
    return text


def values(text: str) -> list[Any]:
    """Parse V1,V2,… into its values; ranges (0:20, 0:1:0.25) exclude their end, as in Python.

    Raises:
        ValueError: an item is missing, or a range is empty or too long.
    """
    parsed: list[Any] = []
    for item in _items(text):
        if not item.strip():
            raise ValueError(f"a value is missing in {text!r}")
        parsed += _range(item) or [value(item)]
    return parsed


def _items(text: str) -> Iterator[str]:
    """Split at commas outside brackets and quotes."""
    item = ""
    for part in text.split(","):
        item = f"{item},{part}" if item else part
        if item.strip()[:1] not in set("[({'\"") or value(item) != item:
            yield item
            item = ""
    if item:
        yield from item.split(",")  # the bracket or quote belongs to plain text


def _range(item: str) -> list[int | float]:
    """Return the values of a range; empty if an item is not a range.

    Fractions keep the values exact: 0:1:0.1 has ten values, and 0.3 is one of them.

    Raises:
        ValueError: the range is empty or too long.
    """
    bounds = f"{item}:1" if item.count(":") == 1 else item
    try:
        start, stop, step = map(Fraction, bounds.split(":"))
    except (ValueError, ZeroDivisionError):
        return []
    count = math.ceil((stop - start) / step) if step else 0
    if not 0 < count <= LONGEST_RANGE:
        raise ValueError(f"the range {item!r} must have 1 to {LONGEST_RANGE:,} values")
    kind = int if start.denominator == step.denominator == 1 else float
    return [kind(start + number * step) for number in range(count)]


def percent(text: str) -> float:
    """Parse a share such as 10%."""
    number = text.removesuffix("%")
    if not number.isdecimal():
        raise ValueError(f"{text!r} is no percentage such as 10%")
    return int(number) / 100


def parameter_option(parse: Callable[[str], Any], metavar: str, text: str) -> Callable[[Any], Any]:
    """Return the option -p of a command, whose value is a dictionary."""

    def by_name(_ctx: object, _param: object, given: Iterable[str]) -> dict[str, Any]:
        parameters: dict[str, Any] = {}
        for option in given:
            name, _, assigned = option.partition("=")
            if "=" not in option or not name.isidentifier() or name in parameters:
                raise click.BadParameter(f"{option!r} must be {metavar}, with each name once")
            try:
                parameters[name] = parse(assigned)
            except ValueError as error:
                raise click.BadParameter(f"{name}: {error}") from error
        return parameters

    return click.option(
        "-p", "parameters", multiple=True, callback=by_name, metavar=metavar, help=text
    )
