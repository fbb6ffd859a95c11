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
from sheet11.course.submissions.members import claims_of
from sheet11.course.submissions.people import Identity, Person, kept_people, listed
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
    claimed: list[Identity]  # members of several hand-ins, of which none counts yet
    mark: str = ""  # suffix of file names while answers are open


def collect(out: Path, store: Store, table: Table) -> Returned:
    """Collect the points and feedback pages of all students.

    Args:
        out: folder of a grading.
        store: of the grading.
        table: from `publish`.
    """
    kept = kept_people(store)
    people = {student: kept[student] for student in table.lines}  # merged ones are not in it
    claimed = list(claims_of(people.values()))
    results = []
    # somebody's own hand-in overrides the group's
    seen = {person.who for person in people.values() if person.who in person.members}
    for student, person in people.items():
        path = student_folder(out, student) / "index.html"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        page = NOTEBOOK_LINK.sub("", text)
        for who in person.members:
            if who == person.who or who not in [*seen, *claimed]:
                results.append(Outcome(who, person, table.lines[student], page))
    return Returned(store.about()["title"], table.maximum, results, claimed)


def closed(returned: Returned, out: Path, partial: bool) -> Returned:
    """Return what can be handed back, marked as partial while answers or members are open.

    Raises:
        FolderError: something is open, and `partial` is False.
    """
    rows = {
        (row.student, row.task.name): row for each in returned.results for row in each.line.rows
    }
    left = [row for row in rows.values() if row.score.status in (Status.TO_READ, Status.FAILED)]
    if left and not partial:
        raise FolderError(
            f"{len(left)} answers of {len({row.student for row in left})} students are still open, unread or marked "
            f"differently by two people: read them (sheet11 mark {out}), or hand back what there is with --partial"
        )
    if returned.claimed and not partial:
        raise FolderError(
            f"several groups have handed in for {listed([who.shown for who in returned.claimed])}: give sheet11 "
            "grade a --roster whose column 'group' decides, or hand back the others' points with --partial"
        )
    return returned._replace(mark="-partial" if left or returned.claimed else "")


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
