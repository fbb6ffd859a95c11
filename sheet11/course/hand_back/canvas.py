"""Files for Canvas: the CSV of its gradebook, and a zip of files that become comments."""

from nbformat.v4 import new_markdown_cell, new_notebook

from sheet11.course.book.scores import points_text
from sheet11.course.hand_back.returns import Files, Outcome, Returned, zipped
from sheet11.course.notebooks import content_of
from sheet11.course.pages.render import render
from sheet11.course.tables import harmless_csv

HEADER = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]


def canvas_files(returned: Returned, assignment: str) -> Files:
    """Return `canvas-gradebook.csv` and `canvas-comments.zip`.

    Canvas attaches a file under the name of the file that the student handed in, whatever its content; so the feedback
    on a notebook is a notebook, and on a zip file a zip file with the feedback page.

    Args:
        returned: points and feedback of all students.
        assignment: name in Canvas's gradebook, with its number: "Sheet 3 (4711)".
    """
    maximum = points_text(returned.maximum)
    rows = [[*HEADER, assignment], ["    Points Possible", "", "", "", "", maximum]]
    comments = {}
    for each in returned.results:
        who, label = each.who, each.person.label
        points = each.points or "EX"  # excused
        rows.append([who.name or each.person.student, who.id, "", who.login, "", points])
        # Canvas gives the comment to the whole group
        if label and who == each.person.who:
            comments[label] = _comment(each, returned.maximum)
    return {
        f"canvas-gradebook{returned.mark}.csv": harmless_csv(rows),
        f"canvas-comments{returned.mark}.zip": zipped(comments.items()),
    }


def _comment(result: Outcome, maximum: float) -> bytes | str:
    name = result.person.label.lower()
    if name.endswith(".zip"):
        return zipped([("feedback.html", result.page)])
    if not name.endswith(".ipynb"):
        return result.page
    text = render("feedback.md.j2", line=result.line, maximum=maximum)
    return content_of(new_notebook(cells=[new_markdown_cell(text, id="feedback")]))
