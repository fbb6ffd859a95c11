"""Files for Moodle: a zip of feedback files, and the assignment's grading worksheet."""

import re
import sys
from pathlib import Path

from sheet11.course.book.scores import points_text
from sheet11.course.errors import TableError
from sheet11.course.hand_back.returns import Files, Outcome, Returned, zipped
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


def moodle_files(returned: Returned, worksheet: Path | None) -> Files:
    """Return the worksheet with all grades, and `moodle-feedback.zip` with a folder for each student.

    They are in upload order: Moodle ignores grades if feedback is newer than the worksheet.

    Args:
        returned: points and feedback of all students.
        worksheet: downloaded from Moodle; its other columns do not change. None makes a new one.

    Raises:
        TableError: the file is not a worksheet, the assignment has a different maximum, or a student's number in
            Moodle is unknown.
    """
    if unknown := [each.name for each in returned.results if not each.who.id.isdecimal()]:
        raise TableError(
            f"Moodle's numbers are unknown for {listed(unknown)}: grade Moodle's own zip, "
            "or give its worksheet as --roster"
        )
    rows = _filled(worksheet, returned) if worksheet else _made(returned)
    pages = zipped((_path(each), each.page) for each in returned.results)
    return {
        f"moodle-grades{returned.mark}.csv": csv_text([rows[0], *(row.values() for row in rows)]),
        f"moodle-feedback{returned.mark}.zip": pages,
    }


def _path(result: Outcome) -> str:
    """Return a page's path in the zip; Moodle finds the student by the number between the first two `_`."""
    name = re.sub(r"[\W_]+", " ", result.who.name).strip() or "Participant"
    return f"{name}_{result.who.id}_assignsubmission_file/feedback.html"


def _made(returned: Returned) -> list[dict[str, str]]:
    """Make a worksheet."""
    rows = []
    for each in returned.results:
        who = [f"Participant {each.who.id}", harmless(each.who.name)]
        fields = [*who, each.points, points_text(returned.maximum), "-"]
        rows.append(dict(zip(HEADER, fields, strict=True)))
    return rows


def _filled(path: Path, returned: Returned) -> list[dict[str, str]]:
    """Read a worksheet, and fill in its grades."""
    rows = read_table(path)
    columns = find_columns(rows[0], COLUMNS)
    if not all(columns.values()):
        raise TableError(
            f"{path} is not a grading worksheet in English or German: it needs columns 'Identifier', 'Grade' and "
            f"'Maximum grade', got {', '.join(rows[0])[:200]!r}"
        )
    maximum = rows[0][columns["maximum"]]
    number = maximum.replace(",", ".")
    if not re.fullmatch(r"\d+(\.\d*)?", number) or float(number) != returned.maximum:
        raise TableError(
            f"{path}: the assignment's maximum grade is {maximum!r}, and the sheet's {returned.maximum:g}; "
            "change it in Moodle, and download the worksheet again"
        )
    left = {each.who.id: each for each in returned.results}
    for row in rows:
        result = left.pop(PARTICIPANT.sub("", row[columns["id"]]), None)
        if result:
            row[columns["grade"]] = result.points
    if len(left) == len(returned.results):
        raise TableError(
            f"{path} belongs to another class or assignment: none of its participants has handed in"
        )
    if left:
        gone = listed([each.name for each in left.values()])
        print(f"{path} does not list {gone}, who have handed in", file=sys.stderr)
    return rows
