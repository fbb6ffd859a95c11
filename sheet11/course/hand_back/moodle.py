"""Handing back to Moodle: a zip of feedback files, and the assignment's grading worksheet."""

import contextlib
import re
import sys
from pathlib import Path

from sheet11.course.book.scores import points_text
from sheet11.course.errors import TableError
from sheet11.course.files import write_private
from sheet11.course.hand_back.returns import Outcome, Returned, zipped
from sheet11.course.submissions import roster
from sheet11.course.submissions.people import listed
from sheet11.course.submissions.roster import PARTICIPANT, find_columns
from sheet11.course.tables import csv_text, harmless, read_table

HEADER = ["Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)"]
COLUMNS = {
    "id": roster.COLUMNS["id"],
    "grade": ("grade", "bewertung"),
    "maximum": (
        "maximum grade",
        "bestwertung",
        "bestbewertung",
        "höchste bewertung",
        "beste bewertung",
    ),
}


def to_moodle(returned: Returned, into: Path, worksheet: Path | None) -> list[Path]:
    """Write the worksheet with all grades, and `moodle-feedback.zip`, with each page in the folder that Moodle gave.

    Args:
        returned: points and feedback of everybody.
        into: folder.
        worksheet: as it was downloaded; its other columns stay as they are. Without it one is made.

    Returns:
        The files in the order of their upload: Moodle ignores grades where feedback is newer than the worksheet.

    Raises:
        TableError: the worksheet is none, or is of an assignment with another maximum; or Moodle's number of a student
            is not known.
    """
    unknown = [each for each in returned.results if not each.who.id.isdecimal()]
    if unknown:
        name = unknown[0].who.shown or unknown[0].person.student
        raise TableError(
            f"Moodle's number of {name!r} is not known, of {len(unknown)} students in all: grade its own zip, "
            "or with its worksheet as --roster"
        )
    table = _filled(worksheet, returned) if worksheet else _made(returned)
    grades = into / f"moodle-grades{returned.mark}.csv"
    pages = into / f"moodle-feedback{returned.mark}.zip"
    write_private(grades, table)
    feedback = ((f"{_label(each)}/feedback.html", each.page) for each in returned.results)
    write_private(pages, zipped(feedback))
    return [grades, pages]


def _label(result: Outcome) -> str:
    """The folder by which Moodle knows a student: what stands after the first `_` must be the number."""
    label = result.person.label
    if label.split("_")[1:2] == [result.who.id]:
        return label
    name = re.sub(r'[_/\\:*?"<>|\x00-\x1f]', " ", result.who.name).strip(" .~") or "Participant"
    return f"{name}_{result.who.id}_assignsubmission_file"


def _made(returned: Returned) -> str:
    rows = [HEADER]
    maximum = points_text(returned.maximum)
    for each in returned.results:
        name = harmless(each.who.name)
        rows.append([f"Participant {each.who.id}", name, each.points, maximum, "-"])
    return csv_text(rows)


def _filled(path: Path, returned: Returned) -> str:
    """Fill in the worksheet's grades, with commas between the fields, as Moodle wants them."""
    header, rows = read_table(path)
    columns = find_columns(header, COLUMNS)
    if not columns.keys() >= {"id", "grade", "maximum"}:
        raise TableError(
            f"{path} is no grading worksheet in English or German: it needs columns 'Identifier', 'Grade' and "
            f"'Maximum grade', got {', '.join(header)[:200]!r}"
        )
    points = {each.who.id: each.points for each in returned.results}
    for row in rows:
        row += [""] * (len(header) - len(row))
        maximum = row[columns["maximum"]]
        if _decimal(maximum) != returned.maximum:
            raise TableError(
                f"{path}: the assignment's maximum grade is {maximum!r}, and the sheet's {returned.maximum:g}; "
                "change it in Moodle, and download the worksheet again"
            )
        number = PARTICIPANT.sub("", row[columns["id"]])
        row[columns["grade"]] = points.pop(number, row[columns["grade"]])
    gone = [each.who.shown for each in returned.results if each.who.id in points]
    if len(gone) == len(points) == len(returned.results):
        raise TableError(
            f"{path} is the worksheet of others: none of its participants has handed in"
        )
    if gone:
        print(f"{path} does not list {listed(gone)}, who have handed in", file=sys.stderr)
    return csv_text([header, *rows])


def _decimal(text: str) -> float | None:
    with contextlib.suppress(ValueError):
        return float(text.replace(",", "."))
    return None
