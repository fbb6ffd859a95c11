"""Handing back to Moodle: a zip of feedback files, and the assignment's grading worksheet."""

import re
from pathlib import Path

from sheet11.course.book.gradebook import csv_as_it_is, harmless
from sheet11.course.errors import RosterError
from sheet11.course.files import write_private
from sheet11.course.hand_back.returns import Outcome, Returned, zipped
from sheet11.course.submissions.people import Identity
from sheet11.course.submissions.roster import COLUMNS, column_of, read_table

HEADER = ["Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)"]
GRADE, MAXIMUM = (
    ("grade", "bewertung"),
    ("maximum grade", "bestbewertung", "höchste bewertung", "beste bewertung"),
)


def to_moodle(returned: Returned, into: Path, worksheet: Path | None) -> list[Path]:
    """Write `moodle-feedback.zip`, with each page in the folder that Moodle gave, and the worksheet with all grades.

    Args:
        returned: what everybody gets.
        into: folder.
        worksheet: as it was downloaded; its other columns stay as they are. Without it one is made.

    Raises:
        RosterError: the worksheet is none, or is of an assignment with another maximum; or Moodle's number of a student
            is not known.
    """
    known = [each for each in returned.results if each.who.id.isdecimal()]
    if missing := [
        each.who.shown or each.person.student
        for each in returned.results
        if not each.who.id.isdecimal()
    ]:
        raise RosterError(
            f"Moodle's number of {missing[0]!r} is not known, of {len(missing)} students in all: grade its own zip, "
            "or with its worksheet as --roster"
        )
    table = _filled(worksheet, known, returned) if worksheet else _made(known, returned)
    pages, grades = (
        into / f"moodle-feedback{returned.mark}.zip",
        into / f"moodle-grades{returned.mark}.csv",
    )
    write_private(pages, zipped((f"{_label(each)}/feedback.html", each.page) for each in known))
    write_private(grades, table)
    return [pages, grades]


def _label(result: Outcome) -> str:
    """The folder by which Moodle knows a student: what stands behind the first `_` must be the number."""
    label = result.person.label
    if label.split("_")[1:2] == [result.who.id]:
        return label
    name = re.sub(r'[_/\\:*?"<>|\x00-\x1f]', " ", result.who.name).strip(" .~") or "Participant"
    return f"{name}_{result.who.id}_assignsubmission_file"


def _made(results: list[Outcome], returned: Returned) -> str:
    rows = [HEADER]
    for each in results:
        name = harmless(each.who.name)
        rows.append([f"Participant {each.who.id}", name, each.points, f"{returned.maximum:g}", "-"])
    return csv_as_it_is(rows)


def _filled(path: Path, results: list[Outcome], returned: Returned) -> str:
    """The worksheet as it was, with grades; Moodle wants commas."""
    header, table = read_table(path)
    grade, maximum, number = (column_of(names, header) for names in (GRADE, MAXIMUM, COLUMNS["id"]))
    if grade is None or number is None:
        raise RosterError(
            f"{path} is no grading worksheet in English or German: it has no columns 'Identifier' and 'Grade', but "
            f"{', '.join(header)[:200]!r}"
        )
    points = {each.who.id: each.points for each in results}
    rows = []
    for row in table:
        identifier = re.sub(r"^.*?(\d+)$", r"\1", row[number].strip())
        if maximum is not None and _decimal(row[maximum]) not in (None, returned.maximum):
            raise RosterError(
                f"{path}: the assignment's maximum grade is {row[maximum]!r}, and the sheet's {returned.maximum:g}; "
                "change it in Moodle, and download the worksheet again"
            )
        rows.append(
            [
                points.pop(identifier, value) if place == grade else value
                for place, value in enumerate(row)
            ]
        )
    if points:
        raise RosterError(
            f"{path} does not have {Identity(id=next(iter(points))).shown!r}, who has handed in"
        )
    return csv_as_it_is([header, *rows])


def _decimal(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
