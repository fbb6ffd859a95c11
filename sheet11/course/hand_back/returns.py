"""Handing back: the files in which Moodle, Canvas, or anybody else takes points and pages of feedback as they are."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from sheet11.course.book.gradebook import Row, Table, still_open, table_of_points, total
from sheet11.course.book.scores import Status, points_text
from sheet11.course.book.store import Store
from sheet11.course.errors import FolderError
from sheet11.course.files import write_private
from sheet11.course.grading.report import DESCRIPTION, stored, student_folder
from sheet11.course.hand_back.slim import slim
from sheet11.course.submissions.people import Identity, Person, kept_people
from sheet11.course.submissions.submissions import key_of
from sheet11.course.tables import harmless_csv


class Outcome(NamedTuple):
    """What one human being gets."""

    who: Identity
    person: Person  # whose hand-in it is
    rows: list[Row]
    page: str  # of feedback

    @property
    def points(self) -> str:
        """So far."""
        return points_text(total(self.rows))


class Returned(NamedTuple):
    """What is handed back."""

    title: str
    maximum: float
    results: list[Outcome]
    mark: str  # in the names of files, where answers are still open


def collect(out: Path, partial: bool) -> Returned:
    """What everybody gets, once everything is read.

    Args:
        out: folder of a grading, whose pages are made from what is in its store.
        partial: whether answers may be open; then it is what was given so far.

    Raises:
        FolderError: it holds no grading, or answers are open.
        StoreError: the store is damaged.
    """
    with Store(out, create=False) as store:
        table = table_of_points(store.tasks(), store.entries(whole=False))
        people = kept_people(store)
    open_rows = [row for row in table.rows if row.score.status in (Status.TO_READ, Status.FAILED)]
    if open_rows and not partial:
        students = len({row.student for row in open_rows})
        raise FolderError(
            f"{len(open_rows)} answers of {students} students are still open: read them (sheet11 mark {out}), or hand "
            "back what there is with --partial"
        )
    results = list(_results(out, table, people))
    title = stored(out / DESCRIPTION, "title", str) or "Sheet"
    return Returned(title, table.maximum, results, "-partial" if open_rows else "")


def to_folder(returned: Returned, into: Path) -> list[Path]:
    """Write a folder for each student, called by login, or else by name, with the page of feedback; and all points."""
    folder = into / f"students{returned.mark}"
    rows = [["folder", "login", "name", "id", "e-mail", "points", "max", "late", "to read"]]
    for each in returned.results:
        name = key_of((each.who.login or each.who.shown or each.person.student).replace("/", "-"))
        if (folder / name).exists():  # somebody else has this name, too
            name = key_of(f"{name} {each.who.id or each.person.student}".replace("/", "-"))
        write_private(folder / name / "feedback.html", each.page)
        known = [name, each.who.login, each.who.name, each.who.id, each.who.email]
        rows.append(
            [
                *known,
                each.points,
                f"{returned.maximum:g}",
                each.person.late,
                str(still_open(each.rows)),
            ]
        )
    table = into / f"points{returned.mark}.csv"
    write_private(table, harmless_csv(rows))
    return [folder, table]


def zipped(files: Iterable[tuple[str, str | bytes]]) -> bytes:
    """A zip of files, given as pairs of name and content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def _results(out: Path, table: Table, people: dict[str, Person]) -> Iterator[Outcome]:
    """What every member of every group gets; of two results of one person, the one that came alone counts."""
    of_student = table.by_student()
    seen = {person.who for person in people.values() if person.who in person.members}
    for student, person in tqdm(people.items(), "write", unit="page", disable=None):
        path = student_folder(out, student) / "index.html"
        page = slim(path.read_text(encoding="utf-8")) if path.exists() else ""
        for who in person.members:
            if who == person.who or who not in seen:
                seen.add(who)
                yield Outcome(who, person, of_student.get(student, []), page)
