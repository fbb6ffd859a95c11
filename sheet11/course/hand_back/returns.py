"""Points and feedback pages of all students, collected for a platform or as plain folders."""

import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sheet11.course.book.gradebook import Line, Table, still_open
from sheet11.course.book.scores import Status, points_text
from sheet11.course.book.store import Store, student_folder
from sheet11.course.errors import FolderError
from sheet11.course.submissions.people import Identity, Person, kept_people
from sheet11.course.submissions.submissions import key_of
from sheet11.course.tables import harmless_csv

# its target is not handed back
NOTEBOOK_LINK = re.compile(r'<p><a href="[^"]*\.ipynb">[^<]*</a></p>\n?')

Files = dict[str, str | bytes]  # content by path in the folder that is handed back


class Outcome(NamedTuple):
    """Points and feedback of one person."""

    who: Identity
    person: Person  # of the hand-in
    line: Line
    page: str  # of feedback

    @property
    def name(self) -> str:
        """Name for people to read."""
        return self.who.shown or self.person.student

    @property
    def points(self) -> str:
        """Total so far; empty if excused from the sheet."""
        return points_text(self.line.total)


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
    students = [row.student for row in table.rows if row.score.status in is_open]
    if students and not partial:
        raise FolderError(
            f"{len(students)} answers of {len(set(students))} students are still open: read them (sheet11 mark {out}), "
            "or hand back what there is with --partial"
        )
    kept = kept_people(store)
    people = {student: kept[student] for student in table.lines}  # merged ones are not in it
    results = []
    # somebody's own hand-in overrides the group's
    seen = {person.who for person in people.values() if person.who in person.members}
    for student, person in people.items():
        path = student_folder(out, student) / "index.html"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        page = NOTEBOOK_LINK.sub("", text)
        for who in person.members:
            if who == person.who or who not in seen:
                seen.add(who)
                results.append(Outcome(who, person, table.lines[student], page))
    title = store.about()["title"]
    return Returned(title, table.maximum, results, "-partial" if students else "")


def folder_files(returned: Returned) -> Files:
    """Return a folder for each student with the feedback page, named by login or name, and a table of points."""
    header = "folder login name id e-mail points max late".split()
    rows = [[*header, "to read", "adjustments"]]
    pages = {}
    for each in returned.results:
        who = each.who
        name = key_of((who.login or each.name).replace("/", "-"))
        if name in pages:  # another student has the same name
            name = key_of(f"{name} {who.id or each.person.student}".replace("/", "-"))
        pages[name] = each.page
        known = [name, who.login, who.name, who.id, who.email]
        points = [each.points, points_text(returned.maximum)]
        words = "; ".join(each.line.adjustments)
        rows.append([*known, *points, each.person.late, str(still_open(each.line.rows)), words])
    folder = f"students{returned.mark}"
    files: Files = {f"{folder}/{name}/feedback.html": page for name, page in pages.items()}
    return files | {f"points{returned.mark}.csv": harmless_csv(rows)}


def zipped(files: Iterable[tuple[str, str | bytes]]) -> bytes:
    """Return a zip file of (name, content)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()
