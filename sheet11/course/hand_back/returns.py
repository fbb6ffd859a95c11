"""Points and feedback pages of all students, collected for a platform or written as plain folders."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from sheet11.course.book.gradebook import Table, still_open, total
from sheet11.course.book.marks import Entry
from sheet11.course.book.scores import Status, points_text
from sheet11.course.book.store import Store, student_folder
from sheet11.course.errors import FolderError
from sheet11.course.files import write_private
from sheet11.course.submissions.people import Identity, Person, kept_people
from sheet11.course.submissions.submissions import key_of
from sheet11.course.tables import harmless_csv

# its target is not handed back
NOTEBOOK_LINK = re.compile(r'<p><a href="[^"]*\.ipynb">[^<]*</a></p>\n?')


class Outcome(NamedTuple):
    """Points and feedback of one person."""

    who: Identity
    person: Person  # of the hand-in
    rows: list[Entry]
    page: str  # of feedback

    @property
    def name(self) -> str:
        """Name for people to read."""
        return self.who.shown or self.person.student

    @property
    def points(self) -> str:
        """Total so far."""
        return points_text(total(self.rows))


class Returned(NamedTuple):
    """Everything that is handed back."""

    title: str
    maximum: float
    results: list[Outcome]
    mark: str  # suffix of file names while answers are open


def collect(out: Path, store: Store, table: Table, partial: bool) -> Returned:
    """Collect the points and feedback pages of all students.

    Args:
        out: folder of a grading.
        store: of the grading.
        table: from `publish`.
        partial: whether to collect while answers are open, with the points so far.

    Raises:
        FolderError: answers are open, and `partial` is False.
    """
    is_open = (Status.TO_READ, Status.FAILED)
    students = [row.student for row in table.rows if row.status in is_open]
    if students and not partial:
        raise FolderError(
            f"{len(students)} answers of {len(set(students))} students are still open: read them (sheet11 mark {out}), "
            "or hand back what there is with --partial"
        )
    results = list(_results(out, table, kept_people(store)))
    title = store.about()["title"]
    return Returned(title, table.maximum, results, "-partial" if students else "")


def to_folder(returned: Returned, into: Path) -> list[Path]:
    """Write a table of points, and a folder for each student with the feedback page, named by login or name."""
    folder = into / f"students{returned.mark}"
    rows = [["folder", "login", "name", "id", "e-mail", "points", "max", "late", "to read"]]
    maximum = points_text(returned.maximum)
    for each in returned.results:
        who = each.who
        name = key_of((who.login or each.name).replace("/", "-"))
        if (folder / name).exists():  # another student has the same name
            name = key_of(f"{name} {who.id or each.person.student}".replace("/", "-"))
        write_private(folder / name / "feedback.html", each.page)
        known = [name, who.login, who.name, who.id, who.email]
        to_read = str(still_open(each.rows))
        rows.append([*known, each.points, maximum, each.person.late, to_read])
    table = into / f"points{returned.mark}.csv"
    write_private(table, harmless_csv(rows))
    return [folder, table]


def zipped(files: Iterable[tuple[str, str | bytes]]) -> bytes:
    """Return a zip file of (name, content)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def _results(out: Path, table: Table, people: dict[str, Person]) -> Iterator[Outcome]:
    """Yield outcomes of all members of all groups; a student's own hand-in overrides the group's."""
    by_student = table.by_student()
    seen = {person.who for person in people.values() if person.who in person.members}
    for student, person in tqdm(people.items(), "write", unit="page", disable=None):
        path = student_folder(out, student) / "index.html"
        page = path.read_text(encoding="utf-8") if path.exists() else ""
        for who in person.members:
            if who == person.who or who not in seen:
                seen.add(who)
                yield Outcome(who, person, by_student[student], NOTEBOOK_LINK.sub("", page))
