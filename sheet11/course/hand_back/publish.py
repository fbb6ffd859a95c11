"""Tables and pages of a grading, which can be made from its store at any time."""

import json
import sys
from itertools import count
from pathlib import Path

import nbformat
from tqdm import tqdm

from sheet11.course.book.gradebook import GRADES, Line, Table, grades_csv, results_csv
from sheet11.course.book.scores import Score, Status
from sheet11.course.book.store import Store, student_folder
from sheet11.course.errors import reason
from sheet11.course.files import write_private
from sheet11.course.hand_back.slim import slim
from sheet11.course.pages.cells import figures_of_cells
from sheet11.course.pages.render import render
from sheet11.course.sheet import kit_digest
from sheet11.course.submissions.adjustments import table_of
from sheet11.course.submissions.people import Person, kept_people, people_csv
from sheet11.course.tasks import grade_id, is_answer
from sheet11.course.text import digest_of

RESULTS = "results.csv"


def publish(out: Path, store: Store) -> Table:
    """Write `grades.csv`, `results.csv`, `students.csv`, `index.html`, and changed feedback pages.

    Returns:
        All points; if a student's page cannot be written, the status of their answers is FAILED.

    Raises:
        OSError: `out` cannot be written to.
    """
    people = kept_people(store)
    table = table_of(store)
    lines = dict(table.lines)
    for student, line in tqdm(table.lines.items(), "write", unit="page", disable=None):
        try:
            _write_page(out, store, people[student], line, table.maximum)
        except Exception as error:  # of any kind: it affects only this student
            remark = f"the page could not be written: {reason(error)}"
            rows = [
                row._replace(score=Score(row.score.points, Status.FAILED, remark))
                for row in line.rows
            ]
            lines[student] = line._replace(rows=rows)
    table = table._replace(lines=lines)
    _write_table(store, out / RESULTS, results_csv(table))
    _write_table(store, out / GRADES, grades_csv(table))
    write_private(out / "students.csv", people_csv(people.values()))
    page = render("grades.html.j2", heading="Grades", table=table, people=people)
    write_private(out / "index.html", page)
    return table


def _write_table(store: Store, path: Path, content: str) -> None:
    """Write a table; keep an edited one under a new name."""
    if path.exists() and not store.has_written(digest_of(path.read_bytes())):
        names = (path.with_name(f"{path.stem}-edited-{number}.csv") for number in count(1))
        kept = next(name for name in names if not name.exists())
        path.rename(kept)
        print(
            f"{path} was edited, and is kept as {kept.name}; to take points from it: "
            f"sheet11 read-points {path.parent} {kept}",
            file=sys.stderr,
        )
    store.add_written(digest_of(content))
    write_private(path, content)


def _write_page(out: Path, store: Store, person: Person, line: Line, maximum: float) -> None:
    """Write a student's feedback page, unless the digest at its end shows that it is up to date."""
    folder = student_folder(out, person.student)
    path = folder / "index.html"
    executed = sorted(folder.glob("*.ipynb"))
    times = [notebook.stat().st_mtime_ns for notebook in executed]
    shown = [(row.task, row.score, row.digest) for row in line.rows]
    made_from = digest_of(json.dumps([kit_digest(), person, shown, line[1:], maximum, times]))
    ending = f"\n<!-- {made_from} -->\n"
    if path.exists() and path.read_bytes().endswith(ending.encode()):
        return
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in executed}
    texts = {
        f"{stem}/{grade_id(cell)}"
        for stem, notebook in notebooks.items()
        for cell in notebook.cells
        if cell.cell_type == "markdown" and is_answer(cell)
    }
    page = render(
        "feedback.html.j2",
        heading=person.who.shown or person.student,
        person=person,
        line=line,
        maximum=maximum,
        content_of=store.content,
        texts=texts,
        figures={
            stem: list(figures_of_cells(notebook.cells)) for stem, notebook in notebooks.items()
        },
    )
    write_private(path, slim(page) + ending)
