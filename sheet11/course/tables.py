"""Tables in CSV: read as spreadsheets save them, and written so that no spreadsheet finds a formula in them."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from sheet11.course.errors import TableError
from sheet11.course.text import visible

# wherever a spreadsheet may split the text into fields
FORMULA = re.compile(r"""((?:^|[,;])[\s"']*)([=+\-@＝＋－＠])""")
SEPARATOR_LINE = re.compile(r"sep=([,;\t])\s*[\r\n]+")  # Excel's own way to name it


def csv_text(rows: Iterable[Sequence[str]]) -> str:
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


def read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Read the names of the columns, and the rows; rows that are empty are left out.

    Args:
        path: a CSV file with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252.

    Raises:
        TableError: it cannot be read.
    """
    try:
        text = _text(path.read_bytes())
        declared = SEPARATOR_LINE.match(text)
        text = text[declared.end() :] if declared else text
        first = re.split(r"[\r\n]", text, maxsplit=1)[0]
        separator = declared[1] if declared else max(",;\t", key=first.count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from error
    except (csv.Error, ValueError) as error:
        raise TableError(f"{path} is no CSV: {error}") from error
    rows = [[field.strip() for field in row] for row in rows]
    rows = [row for row in rows if any(row)]
    if not rows:
        raise TableError(f"{path} is empty")
    return rows[0], rows[1:]


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
