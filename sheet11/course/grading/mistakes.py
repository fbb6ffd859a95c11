"""Common mistakes: wrong answers, each with a hint for students who make the same mistake.

They are in `mistakes/STEM.toml` beside the notebooks, by id of the answer cell:

    [[encoding]]
    hint = "Rows 2k and 2k+1 share one frequency; here every row has its own."
    of = "k = row // 2"        # text of the sheet's solution
    instead = "k = row"        # replaces it everywhere

    [[encoding]]
    hint = "…"
    answer = '''…'''           # in place of both, the whole cell
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.errors import SheetError
from sheet11.course.notebooks import nearest
from sheet11.course.sheet import read_toml


class Mistake(NamedTuple):
    """A wrong answer that is common, and the hint for it."""

    hint: str
    answer: str


def read_mistakes(path: Path, solutions: Mapping[str, str]) -> dict[str, list[Mistake]]:
    """Return the common mistakes in a notebook's answers, by id; empty if the file is missing.

    Args:
        path: the file.
        solutions: the sheet's own answers, by id.

    Raises:
        SheetError: the file is invalid; the message says where.
    """
    mistakes = {}
    for name, tables in read_toml(path).items():
        if name not in solutions:
            raise SheetError(f"{path}: no answer has the id {name!r}{nearest(name, solutions)}")
        tables = tables if isinstance(tables, list) else [tables]
        try:
            mistakes[name] = [_mistake(table, solutions[name]) for table in tables]
        except ValueError as error:
            raise SheetError(f"{path}: {name} {error}") from error
    return mistakes


def _mistake(table: Any, solution: str) -> Mistake:
    """Return the mistake that a table describes.

    Raises:
        ValueError: the table is invalid.
    """
    match table:
        case {"hint": str(hint), "answer": str(answer)} if len(table) == 2:
            return Mistake(hint, answer)
        case {"hint": str(hint), "of": str(old), "instead": str(new)} if len(table) == 3:
            if not old or old not in solution:
                raise ValueError(f"quotes text that is not in the solution: {old!r:.60}")
            return Mistake(hint, solution.replace(old, new))
    raise ValueError(
        f"must have texts hint and answer, or hint, of and instead, got {table!r:.100}"
    )
