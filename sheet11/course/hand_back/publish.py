"""Tables and pages for people, made from what the store holds; they can be made again at any time."""

import json
import sys
from collections.abc import Mapping, Sequence
from itertools import count, groupby
from pathlib import Path
from typing import Any

from tqdm import tqdm

from sheet11.course.book.gradebook import (
    GRADES,
    Row,
    Table,
    grades_csv,
    results_csv,
    table_of_points,
)
from sheet11.course.book.marks import Entry
from sheet11.course.book.scores import Status
from sheet11.course.book.store import Store
from sheet11.course.errors import reason
from sheet11.course.files import write_private
from sheet11.course.grading.report import figures_of, student_folder
from sheet11.course.pages.render import render
from sheet11.course.sheet import kit_digest
from sheet11.course.submissions.people import Person, kept_people, people_csv
from sheet11.course.text import digest_of


def publish(out: Path, store: Store) -> Table:
    """Write `grades.csv`, `results.csv`, `students.csv`, `index.html`, and all pages; what has not changed stays.

    Returns:
        All points; a student whose page cannot be written has failed.

    Raises:
        OSError: `out` cannot be written to.
    """
    entries = store.entries(
        whole=False
    )  # with their images, those of a class would fill the memory
    table, written = table_of_points(store.tasks(), entries), []
    of_student = {
        name: list(own) for name, own in groupby(entries, lambda entry: entry.answer.student)
    }
    people = kept_people(store)
    for student, rows in tqdm(table.by_student().items(), "write", unit="page", disable=None):
        try:
            _write_page(out, store, people[student], rows, of_student[student])
        except Exception as error:  # whatever it is, it is about this student alone
            rows = [_failed(row, f"the page could not be written: {reason(error)}") for row in rows]
        written += rows
    table = table._replace(rows=written)
    for name, content in (("results.csv", results_csv(table)), (GRADES, grades_csv(table))):
        _write_table(store, out / name, content)
    write_private(out / "students.csv", people_csv(people.values()))
    write_private(
        out / "index.html", render("grades.html.j2", heading="Grades", table=table, people=people)
    )
    return table


def _write_table(store: Store, path: Path, content: str) -> None:
    """Write a table; what somebody has entered into the one that is there is kept under another name."""
    there = path.read_bytes() if path.exists() else b""
    if there and there != content.encode() and not store.has_written(path.name, digest_of(there)):
        names = (path.with_name(f"{path.stem}-edited-{number}.csv") for number in count(1))
        kept = next(name for name in names if not name.exists())
        path.rename(kept)
        advice = (
            f"; to take its points: sheet11 read-points {path.parent} {kept}"
            if path.name == GRADES
            else ""
        )
        print(f"{path} was edited, and is kept as {kept.name}{advice}", file=sys.stderr)
    store.add_written(path.name, digest_of(content))
    write_private(path, content)


def _write_page(
    out: Path, store: Store, person: Person, rows: Sequence[Row], entries: Sequence[Entry]
) -> None:
    """Write a student's page of feedback, which ends with a digest of what it was made from."""
    path, pairs = (
        student_folder(out, person.student) / "index.html",
        list(zip(rows, entries, strict=True)),
    )
    notebooks = {row.task.notebook: path.with_name(f"{row.task.notebook}.ipynb") for row in rows}
    written = [notebook.stat().st_mtime_ns for notebook in notebooks.values() if notebook.exists()]
    made_from = json.dumps(
        [kit_digest(), person, rows, [entry.digest for entry in entries], written]
    )
    ending = f"\n<!-- {digest_of(made_from)} -->\n"
    if path.exists() and path.read_bytes().endswith(ending.encode()):
        return
    sections: list[dict[str, Any]] = [
        {
            "stem": stem,
            "title": next(row.task.heading for row in rows if row.task.notebook == stem),
            "has_notebook": notebook.exists(),
            "answers": [
                (row, *_shown(*store.content(entry.digest)))
                for row, entry in pairs
                if row.task.notebook == stem
            ],
            "figures": figures_of(notebook),
        }
        for stem, notebook in notebooks.items()
    ]
    shown = {
        "heading": person.who.shown or person.student,
        "person": person,
        "rows": rows,
        "sections": sections,
    }
    write_private(path, render("feedback.html.j2", **shown) + ending)


def _failed(row: Row, why: str) -> Row:
    """The row of a student with whom something went wrong, points included; unless that is said already."""
    score = row.score
    return (
        row
        if score.status == Status.FAILED
        else row._replace(score=score._replace(status=Status.FAILED, remark=why))
    )


def _shown(source: str, attachments: Mapping[str, Any]) -> tuple[str | None, list[tuple[str, str]]]:
    """The text of an answer, None if there is nothing to show, and its images as (name, address)."""
    images = [
        (name, f"data:{kind};base64,{content}")
        for name, bundle in attachments.items()
        for kind, content in bundle.items()
    ]
    return source or ("" if images else None), images
