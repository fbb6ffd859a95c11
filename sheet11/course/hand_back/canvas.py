"""Handing back to Canvas: its gradebook's CSV, and a zip of files that become comments."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

from sheet11.course.book.gradebook import still_open
from sheet11.course.files import write_private
from sheet11.course.hand_back.returns import Outcome, Returned, zipped
from sheet11.course.tables import harmless_csv
from sheet11.course.text import encodable, visible

HEADER = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]


def to_canvas(returned: Returned, into: Path, assignment: str) -> list[Path]:
    """Write `canvas-gradebook.csv` and `canvas-comments.zip`.

    Canvas attaches a file to the comment under the name of the file that the student has handed in, whatever is in it;
    so what comes back for a notebook is a notebook, for a zip file a zip file with the page of feedback.

    Args:
        returned: what everybody gets.
        into: folder.
        assignment: as the gradebook calls it, with its number, "Sheet 3 (4711)".
    """
    rows = [[*HEADER, assignment], ["    Points Possible", "", "", "", "", f"{returned.maximum:g}"]]
    for each in returned.results:
        who = each.who
        rows.append([who.name or each.person.student, who.id, "", who.login, "", each.points])
    gradebook = into / f"canvas-gradebook{returned.mark}.csv"
    comments = into / f"canvas-comments{returned.mark}.zip"
    write_private(gradebook, harmless_csv(rows))
    # Canvas gives the comment to the whole group
    first = (each for each in returned.results if each.who == each.person.who and each.person.label)
    write_private(comments, zipped((each.person.label, _comment(each)) for each in first))
    return [gradebook, comments]


def _comment(result: Outcome) -> bytes | str:
    name = result.person.label.lower()
    if name.endswith(".zip"):
        return zipped([("feedback.html", result.page)])
    return _notebook(result) if name.endswith(".ipynb") else result.page


def _notebook(result: Outcome) -> str:
    """Points and remarks as a notebook of one cell."""
    to_read = still_open(result.rows)
    maximum = sum(row.task.points for row in result.rows)
    lines = [f"# {result.points} of {maximum:g} points{' so far' if to_read else ''}", ""]
    lines += ["| task | points | remark |", "|---|---|---|"]
    for row in result.rows:
        points = "–" if row.score.points is None else f"{row.score.points:g}"
        fields = (
            row.task.title,
            f"{points} of {row.task.points:g}",
            row.score.remark or row.score.status,
        )
        lines.append(
            "| "
            + " | ".join(
                visible(field).replace("|", "\\|").replace("<", "&lt;") for field in fields
            )
            + " |"
        )
    return encodable(
        nbformat.writes(new_notebook(cells=[new_markdown_cell("\n".join(lines), id="feedback")]))
    )
