"""Tables in CSV: read as spreadsheets save them, and written so that no spreadsheet finds a formula in them."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path

from sheet11.course.errors import TableError
from sheet11.course.text import visible

# wherever a spreadsheet may split the text into fields
FORMULA = re.compile(r"""((?:^|[,;])[\s"']*)([=+\-@＝＋－＠])""")
SEPARATOR_LINE = re.compile(r"sep=[,;\t]\s*[\r\n]+")  # in which Excel names the separator


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """Write a table as text."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def harmless_csv(rows: Iterable[Sequence[str]]) -> str:
    """Write a table as text, without formulas."""
    return csv_text([harmless(field) for field in row] for row in rows)


def harmless(field: str) -> str:
    """Escape what a spreadsheet would take for a formula; different texts stay different."""
    return FORMULA.sub(r"\1'\2", visible(field))


def read_table(path: Path) -> list[dict[str, str]]:
    """Read the rows of a table by column; empty rows are left out, and missing fields are empty.

    Args:
        path: a CSV file with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252.

    Raises:
        TableError: it cannot be read.
    """
    try:
        text = SEPARATOR_LINE.sub("", _text(path.read_bytes()), count=1)
        header = re.split(r"[\r\n]", text, maxsplit=1)[0]
        separator = max(",;\t", key=header.count)
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from error
    except (csv.Error, ValueError) as error:
        raise TableError(f"{path} is no CSV: {error}") from error
    lines = [[field.strip() for field in line] for line in lines]
    columns, *rows = [line for line in lines if any(line)] or [[]]
    if not rows:
        raise TableError(f"{path} is empty")
    for name in filter(None, columns):
        if columns.count(name) > 1:
            raise TableError(f"{path} has two columns {name!r}")
    for row in rows:
        if any(row[len(columns) :]):
            raise TableError(
                f"{path}: the row of {row[0]!r} has {len(row)} fields, and the header {len(columns)}"
            )
    return [dict(zip_longest(columns, row[: len(columns)], fillvalue="")) for row in rows]


def _text(content: bytes) -> str:
    """Decode a CSV file, in whichever encoding it was saved."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    if "\0" in text:
        raise ValueError("it is binary; save the spreadsheet as CSV")
    return text
