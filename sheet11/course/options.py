"""Options shared by commands, the values of `-p`, and one-line messages for wrong arguments."""

import ast
import contextlib
import getpass
import math
import os
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import click

from sheet11.course.errors import CourseError

MOST = 1_000_000  # values in a range

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class UsageFailure(click.ClickException):
    """An unusable argument: one line on standard error, exit code 2."""

    exit_code = 2


def out_option(default: str) -> Callable[[Decorated], Decorated]:
    """Return the option -o of a command."""
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
kernel_option = click.option(
    "-k", "--kernel", metavar="NAME", help="Kernel, not the one a notebook asks for."
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
    except (KeyError, OSError):  # perhaps in a container
        return "somebody"


name_option = click.option(
    "--name",
    "who",
    metavar="NAME",
    default=login,
    show_default="login",
    help="Whose marks these are.",
)


def refuse_workers_on_cluster(workers: int | None, scheduler: str | None) -> None:
    """Raise `UsageFailure` if both are given."""
    if scheduler and workers:
        raise UsageFailure(
            "-j is for this machine; on a cluster the workers decide how much runs at a time"
        )


@contextlib.contextmanager
def usage_failures(out: Path) -> Iterator[None]:
    """Turn errors of this kit and of the file system into one-line usage errors."""
    try:
        yield
    except CourseError as error:
        raise UsageFailure(str(error)) from error
    except OSError as error:
        raise UsageFailure(f"cannot write to {out}: {error.strerror or error}") from error


def value(text: str) -> tuple[str, Any]:
    """Split NAME=VALUE into the name and a Python literal or plain text.

    Raises:
        click.BadParameter: the name or the equals sign is missing.
    """
    name, assigned = _split(text, "NAME=VALUE")
    return name, literal(assigned)


def values(text: str) -> tuple[str, list[Any]]:
    """Split NAME=V1,V2,… into the name and its values; ranges (0:20, 0:1:0.25) exclude their end, as in Python.

    Raises:
        click.BadParameter: the name or an item is missing, or a range is empty or too long.
    """
    name, assigned = _split(text, "NAME=V1,V2,...")
    found: list[Any] = []
    for item in _items(assigned):
        if not item.strip():
            raise click.BadParameter(f"a value is missing in {text!r}")
        found += _range(item) or [literal(item)]
    return name, found


def _items(text: str) -> Iterator[str]:
    """Split at commas outside brackets and quotes."""
    item = ""
    for part in text.split(","):
        item = f"{item},{part}" if item else part
        if item.strip()[:1] not in set("[({'\"") or _is_literal(item):
            yield item
            item = ""
    if item:
        yield from item.split(",")  # the bracket or quote belongs to plain text


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return False
    return True


def _range(item: str) -> list[int | float]:
    """Return the values of a range; empty if an item is not a range.

    Decimal arithmetic keeps the values exact: 0:1:0.1 has ten values, and 0.3 is one of them.

    Raises:
        click.BadParameter: the range is empty or too long.
    """
    try:
        bounds = [Decimal(part) for part in item.split(":")]
    except InvalidOperation:
        return []
    if len(bounds) not in (2, 3) or not all(map(Decimal.is_finite, bounds)):
        return []
    start, stop, step = [*bounds, Decimal(1)][:3]
    count = math.ceil((stop - start) / step) if step else 0
    if not 0 < count <= MOST:
        raise click.BadParameter(f"the range {item!r} must have 1 to {MOST:,} values")
    kind = int if all(bound == int(bound) for bound in bounds) else float
    return [kind(start + number * step) for number in range(count)]


def literal(text: str) -> Any:
    """Parse a Python literal (64, 1e4, None, "text") or one of papermill (true, 007, nan), else plain text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (ast.literal_eval, int, float):
        with contextlib.suppress(ValueError, SyntaxError):
            return kind(text.strip())
    return text


def parameter_option(
    kind: Callable[[str], tuple[str, Any]], metavar: str, text: str
) -> Callable[[Decorated], Decorated]:
    """Return the option -p of a command, which gives a dictionary."""
    return click.option(
        "-p", "parameters", type=kind, multiple=True, callback=_by_name, metavar=metavar, help=text
    )


def _split(text: str, form: str) -> tuple[str, str]:
    name, equals, assigned = text.partition("=")
    if not equals or not name.isidentifier():
        raise click.BadParameter(f"{text!r} is not {form}")
    return name, assigned


def _by_name(
    ctx: click.Context, param: click.Parameter, pairs: Iterable[tuple[str, Any]]
) -> dict[str, Any]:
    by_name: dict[str, Any] = {}
    for name, assigned in pairs:
        if name in by_name:
            raise click.BadParameter(f"{name!r} is set twice", ctx, param)
        by_name[name] = assigned
    return by_name
