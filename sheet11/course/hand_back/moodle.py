"""Files for Moodle: a zip of feedback files, and the assignment's grading worksheet."""

import itertools
import sys
from pathlib import Path
from typing import NamedTuple

from sheet11.course.errors import TableError
from sheet11.course.hand_back.returns import Files, Returned, zipped
from sheet11.course.submissions.people import listed
from sheet11.course.submissions.roster import PARTICIPANT, read_roster
from sheet11.course.tables import csv_text, read_table

ORDER = """Upload the worksheet first: Moodle ignores it if grades or feedback are newer, unless you tick
'Allow updating records that have been modified more recently'"""


class Worksheet(NamedTuple):
    """A grading worksheet, as downloaded from Moodle in any language."""

    path: Path
    rows: dict[str, dict[str, str]]  # by the participant's number
    grade: str  # name of the column


def read_worksheet(path: Path, maximum: float) -> Worksheet:
    """Read a worksheet: the grade stands before the column with the maximum, which is the same number in every row.

    Raises:
        TableError: it is not a worksheet, or the assignment has another maximum grade, or a scale.
    """
    rows = read_table(path, as_is=True)
    numbers = [name for name in rows[0] if all(PARTICIPANT.match(row[name]) for row in rows)]
    grades = [
        grade
        for grade, largest in itertools.pairwise(rows[0])
        if all(abs(_number(row[largest]) - maximum) < 0.005 for row in rows)
        and all(row[grade] in ("", "-") or _number(row[grade]) >= 0 for row in rows)
    ]
    if not numbers or len(grades) != 1:
        raise TableError(
            f"{path} is not a grading worksheet with the sheet's maximum grade, {maximum:g}: if the assignment has "
            f"another one, or a scale, change it in Moodle, and download again; the first row is {dict(rows[0])!r:.300}"
        )
    return Worksheet(path, {PARTICIPANT.sub("", row[numbers[0]]): row for row in rows}, grades[0])


def in_course(returned: Returned, sheet: Worksheet) -> Returned:
    """Return the results of those in the worksheet, and name the others, who have left the course.

    Raises:
        TableError: the worksheet has a name with another number, or as a group's, or has nobody of this class.
    """
    roster = read_roster(sheet.path)
    there, gone, others = [], [], []
    for each in returned.results:
        same = roster.find(each.who._replace(id=""))
        if roster.group(each.who.name) or same and same.id != each.who.id:
            others.append(each.name)
        elif each.who.id in sheet.rows:
            there.append(each)
        else:
            gone.append(each.name)
    if others or not there:
        raise TableError(
            f"{sheet.path} has other numbers for {listed(others or gone)}: it belongs to another class, or they are "
            "groups, or come from another list; grade again with it as --roster, which executes nothing again"
        )
    if gone:
        print(f"{sheet.path} does not list {listed(gone)}: left out", file=sys.stderr)
    claimed = [who for who in returned.claimed if who.id in sheet.rows]
    return returned._replace(results=there, claimed=claimed)


def moodle_files(returned: Returned, sheet: Worksheet) -> Files:
    """Return the worksheet with all grades, and `moodle-feedback.zip`, in the order of upload.

    Moodle finds the student of a page by the number between the first two `_`; other columns do not change.
    """
    pages = {}
    for each in returned.results:
        sheet.rows[each.who.id][sheet.grade] = each.points
        pages[f"Participant_{each.who.id}_assignsubmission_file/feedback.html"] = each.page
    rows = list(sheet.rows.values())
    return {
        f"moodle-grades{returned.mark}.csv": csv_text([rows[0], *(row.values() for row in rows)]),
        f"moodle-feedback{returned.mark}.zip": zipped(pages.items()),
    }


def _number(text: str) -> float:
    """Parse a number with a decimal point or comma; NaN if it is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")
