"""What stands behind `-p` on the command line, as click parameter types: one value of a parameter, or several."""

import ast
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def value(text: str) -> tuple[str, Any]:
    """NAME=VALUE, as a pair of the name and a Python literal or plain text.

    Raises:
        click.BadParameter: there is no name, or no equals sign.
    """
    name, assigned = _split(text, "NAME=VALUE")
    return name, literal(assigned)


def values(text: str) -> tuple[str, list[Any]]:
    """NAME=V1,V2,… with single values and ranges (0:20, 0:20:5) that leave their end out, as in Python.

    Raises:
        click.BadParameter: there is no name, an item is missing, or a range is empty.
    """
    name, assigned = _split(text, "NAME=V1,V2,...")
    found: list[Any] = []
    for item in assigned.split(","):
        if not item:
            raise click.BadParameter(f"a value is missing in {text!r}")
        bounds = [literal(bound) for bound in item.split(":")]
        if 2 <= len(bounds) <= 3 and all(type(bound) is int for bound in bounds):
            if bounds[2:] == [0] or not range(*bounds):
                raise click.BadParameter(f"the range {item!r} in {text!r} is empty")
            found.extend(range(*bounds))
        else:
            found.append(literal(item))
    return name, found


def literal(text: str) -> Any:
    """A Python literal (64, 1e4, None, True, "text"), or else plain text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def parameter_option(
    kind: Callable[[str], tuple[str, Any]], metavar: str, text: str
) -> Callable[[Decorated], Decorated]:
    """The option -p of a command; it gives a dictionary."""
    return click.option("-p", "parameters", type=kind, multiple=True, callback=_by_name, metavar=metavar, help=text)


def _split(text: str, form: str) -> tuple[str, str]:
    name, equals, assigned = text.partition("=")
    if not equals or not name.isidentifier():
        raise click.BadParameter(f"{text!r} is not {form}")
    return name, assigned


def _by_name(ctx: click.Context, param: click.Parameter, pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    by_name: dict[str, Any] = {}
    for name, assigned in pairs:
        if name in by_name:
            raise click.BadParameter(f"{name!r} is set twice", ctx, param)
        by_name[name] = assigned
    return by_name
