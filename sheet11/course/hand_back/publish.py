"""The tables and pages of a grading, made from its store; they can be made again at any time."""

import json
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import nbformat
from tqdm import tqdm

from sheet11.course.book.gradebook import (
    GRADES,
    Row,
    Table,
    grades_csv,
    results_csv,
    table_of_points,
)
from sheet11.course.book.scores import Status
from sheet11.course.book.store import Store, student_folder
from sheet11.course.errors import reason
from sheet11.course.files import write_private
from sheet11.course.hand_back.slim import slim
from sheet11.course.pages.cells import figures_of_cells
from sheet11.course.pages.render import render
from sheet11.course.sheet import kit_digest
from sheet11.course.submissions.people import Person, kept_people, people_csv
from sheet11.course.text import digest_of

RESULTS = "results.csv"


def publish(out: Path, store: Store) -> Table:
    """Write `grades.csv`, `results.csv`, `students.csv`, `index.html`, and the pages that have changed.

    Returns:
        All points; a student whose page cannot be written has failed.

    Raises:
        OSError: `out` cannot be written to.
    """
    table = table_of_points(store.tasks(), store.entries(whole=False))
    people = kept_people(store)
    written = []
    for student, rows in tqdm(table.by_student().items(), "write", unit="page", disable=None):
        try:
            _write_page(out, store, people[student], rows)
        except Exception as error:  # of any kind: it harms this student alone
            rows = [_failed(row, f"the page could not be written: {reason(error)}") for row in rows]
        written += rows
    table = table._replace(rows=written)
    _write_table(store, out / RESULTS, results_csv(table))
    _write_table(store, out / GRADES, grades_csv(table))
    write_private(out / "students.csv", people_csv(people.values()))
    page = render("grades.html.j2", heading="Grades", table=table, people=people)
    write_private(out / "index.html", page)
    return table


def _failed(row: Row, why: str) -> Row:
    return row._replace(score=row.score._replace(status=Status.FAILED, remark=why))


def _write_table(store: Store, path: Path, content: str) -> None:
    """Write a table; one that somebody has edited is kept under another name."""
    there = path.read_bytes() if path.exists() else b""
    is_ours = there == content.encode() or store.has_written(path.name, digest_of(there))
    if there and not is_ours:
        names = (path.with_name(f"{path.stem}-edited-{number}.csv") for number in count(1))
        kept = next(name for name in names if not name.exists())
        path.rename(kept)
        print(
            f"{path} was edited, and is kept as {kept.name}{_advice(path, kept)}", file=sys.stderr
        )
    store.add_written(path.name, digest_of(content))
    write_private(path, content)


def _advice(path: Path, kept: Path) -> str:
    if path.name != GRADES:
        return ""
    return f"; to take its points: sheet11 read-points {path.parent} {kept}"


def _write_page(out: Path, store: Store, person: Person, rows: Sequence[Row]) -> None:
    """Write a student's page of feedback, which ends with a digest of what it was made from."""
    folder = student_folder(out, person.student)
    path = folder / "index.html"
    notebooks = [folder / f"{stem}.ipynb" for stem in {row.task.notebook: 0 for row in rows}]
    notebooks = [notebook for notebook in notebooks if notebook.exists()]
    times = [notebook.stat().st_mtime_ns for notebook in notebooks]
    made_from = digest_of(json.dumps([kit_digest(), person, rows, times]))
    ending = f"\n<!-- {made_from} -->\n"
    if path.exists() and path.read_bytes().endswith(ending.encode()):
        return
    page = render(
        "feedback.html.j2",
        heading=person.who.shown or person.student,
        person=person,
        rows=rows,
        contents={row.digest: store.content(row.digest) for row in rows},
        figures={notebook.stem: _figures(notebook) for notebook in notebooks},
    )
    write_private(path, slim(page) + ending)


def _figures(notebook: Path) -> list[tuple[str, str]]:
    """The figures of an executed notebook, as (PNG in base64, description)."""
    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except Exception:  # nbformat raises many types for what is no notebook
        return []
    return list(figures_of_cells(cells))
