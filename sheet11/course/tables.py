"""CSV tables: read as spreadsheets save them, and written so that spreadsheets do not find formulas in them."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from sheet11.course.errors import TableError
from sheet11.course.text import visible

FORMULA = re.compile(r"""[\s"']*[=+\-@＝＋－＠]""")  # at the start of a cell
SEPARATOR_LINE = re.compile(r"sep=[,;\t]\s*[\r\n]+")  # Excel's line for the separator


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """Return a table as CSV text."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def harmless_csv(rows: Iterable[Sequence[str]]) -> str:
    """Return a table as CSV text without formulas."""
    return csv_text([harmless(field) for field in row] for row in rows)


def harmless(field: str) -> str:
    """Put an apostrophe before text that a spreadsheet would read as a formula; `read_table` removes it."""
    text = visible(field)
    return f"'{text}" if FORMULA.match(text) else text


def read_table(path: Path, as_is: bool = False) -> list[dict[str, str]]:
    """Read the rows of a table by column; empty rows are left out, and missing fields are empty.

    Args:
        path: a CSV file with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252.
        as_is: keep the apostrophes before formulas.

    Raises:
        TableError: the file cannot be read.
    """
    rows = []
    try:
        text = SEPARATOR_LINE.sub("", _text(path.read_bytes()), count=1).lstrip("\r\n")
        first = re.split(r"[\r\n]", text, maxsplit=1)[0]
        separator = max(",;\t", key=first.count)
        lines = csv.DictReader(
            io.StringIO(text, newline=""), restval="", delimiter=separator, strict=True
        )
        names = list(filter(None, lines.fieldnames or []))
        if len(set(names)) < len(names):
            raise ValueError("two columns have the same name")
        for line in lines:
            if any(line.pop(None, [])):
                raise ValueError(f"line {lines.line_num} has more fields than the first one")
            row = {name.strip(): field.strip() for name, field in line.items()}
            if not as_is:
                row = {_without_escape(name): _without_escape(field) for name, field in row.items()}
            if any(row.values()):
                rows.append(row)
        if not rows:
            raise ValueError("it is empty")
    except (OSError, csv.Error, ValueError) as error:
        raise TableError(f"{path} cannot be read: {getattr(error, 'strerror', error)}") from error
    return rows


def _without_escape(field: str) -> str:
    return field[1:] if field.startswith("'") and FORMULA.match(field) else field


def _text(content: bytes) -> str:
    """Decode a CSV file in UTF-8, UTF-16 or Windows-1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    if "\0" in text:
        raise ValueError("it is binary; save the spreadsheet as CSV")
    return text
