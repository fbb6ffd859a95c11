"""The command `sheet11`.

Exit codes: 0 if everything that was asked for succeeded, 1 where notebooks failed, 2 for unusable arguments.
"""

import ast
from pathlib import Path
from typing import Any

import click


class UsageFailure(click.ClickException):
    """An unusable argument: one line on standard error, exit code 2."""

    exit_code = 2


@click.group()
@click.version_option(package_name="sheet11")
def main() -> None:
    """Run the notebooks of ML-Physics sheet 11."""


@main.command()
@click.argument("notebooks", nargs=-1, metavar="[NOTEBOOK]...")
@click.option("-p", "assignments", multiple=True, metavar="NAME=VALUE", help="Set a parameter; may be repeated.")
@click.option(
    "-o",
    "out",
    default=Path("build/run"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for the results.",
)
def run(notebooks: tuple[str, ...], assignments: tuple[str, ...], out: Path) -> None:
    """Execute notebooks and write executed copies, HTML and an index.html.

    NOTEBOOK is a path, or the stem of one of the kit's own (01_encoding); without any, all of the kit's run. A
    parameter is set in every notebook that has it.
    """
    # imported here so that --help does not wait for the notebook machinery
    from sheet11.course.execute import NotebookError
    from sheet11.course.library import find_notebook, kit_notebooks
    from sheet11.course.run import run as run_notebooks

    parameters = parse_assignments(assignments)
    try:
        paths = [find_notebook(name) for name in notebooks] or list(kit_notebooks().values())
        pages = run_notebooks(paths, parameters, out)
    except NotebookError as error:
        raise UsageFailure(str(error)) from error
    except OSError as error:
        raise UsageFailure(f"cannot write to {out}: {error.strerror or error}") from error
    click.echo(f"{out / 'index.html'}")
    failed = [page.stem for page in pages if page.error]
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(pages)} notebooks failed: {', '.join(failed)}")


def parse_assignments(assignments: tuple[str, ...]) -> dict[str, Any]:
    """Parameters from NAME=VALUE: a value is a Python literal (64, 1e4, None, True, "text") or else plain text."""
    parameters = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.isidentifier():
            raise UsageFailure(f"-p wants NAME=VALUE, got {assignment!r}")
        if name in parameters:
            raise UsageFailure(f"-p sets {name!r} twice")
        try:
            parameters[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            parameters[name] = value
    return parameters


if __name__ == "__main__":
    main()
