"""Tasks, answers, marks, and the score that counts for an answer."""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sheet11.course.book.scores import ROUNDING, Score, Status, points_text
from sheet11.course.errors import PointsError
from sheet11.course.text import digest_of


class Task(NamedTuple):
    """A task as it is stored, shown and marked."""

    name: str  # NOTEBOOK/GRADE_ID of the cell with the points
    title: str
    wanted: str  # functions to write, with docstrings
    points: float
    by_hand: bool
    solution: str  # the sheet's own answer
    heading: str = ""  # of the notebook

    @property
    def notebook(self) -> str:
        """Stem of the notebook."""
        return self.name.partition("/")[0]

    @property
    def grade_id(self) -> str:
        """Id of the cell in nbgrader."""
        return self.name.partition("/")[2]

    @property
    def column(self) -> str:
        """Name of the column in `grades.csv`."""
        return f"{self.name} (by hand / {self.points:g})" if self.by_hand else self.name


class Answer(NamedTuple):
    """A student's answer to a task, with the score that the grading gave."""

    student: str
    task: str
    source: str
    attachments: Mapping[str, Any]  # by name, as in a notebook's cell
    points: float | None  # None if a person gives them
    status: Status
    remark: str

    @property
    def digest(self) -> str:
        """Digest of source and attachments, without trailing spaces and surrounding blank lines."""
        lines = [line.rstrip() for line in self.source.strip().splitlines()]
        return digest_of(json.dumps(["\n".join(lines), self.attachments], sort_keys=True))


class Item(NamedTuple):
    """An item of a task's rubric; changing it changes every mark that has it."""

    id: int
    points: float
    words: str


class Mark(NamedTuple):
    """One person's mark on one answer."""

    who: str
    at: str  # UTC, ISO 8601
    points: float | None  # in addition to the items'
    comment: str
    digest: str  # of the answer that the person read
    items: list[Item]
    graded: float | None = None  # points of the grading at that time
    maximum: float = math.inf  # points of the task at that time

    @property
    def given(self) -> float | None:
        """Points including those of the items; None if the mark is only a comment."""
        if self.points is None and not self.items:
            return None
        return (self.points or 0) + sum(item.points for item in self.items)

    def counted(self, maximum: float) -> tuple[float | None, str]:
        """Return the points, from 0 to the maximum, and the remark for the student."""
        remarks = [f"{item.words} ({item.points:+g})" for item in self.items]
        if self.items and self.points:
            remarks.append(f"adjustment ({self.points:+g})")
        remarks.append(self.comment)
        points = None if self.given is None else min(max(self.given, 0.0), maximum)
        return points, joined(remarks)


class Entry(NamedTuple):
    """An answer with its marks and the score that counts."""

    student: str  # who handed it in
    task: Task
    digest: str  # of the answer
    graded: Score  # by the grading
    score: Score
    history: Sequence[Mark] = ()  # oldest first
    flagged_by: Collection[str] = ()
    excused: bool = False

    @property
    def marks(self) -> list[Mark]:
        """The newest mark of each person, oldest first."""
        newest = {mark.who: mark for mark in self.history}
        return [mark for mark in self.history if mark is newest[mark.who]]

    @property
    def mark(self) -> Mark | None:
        """The mark that counts: the newest one that gives points."""
        return next((mark for mark in reversed(self.marks) if mark.given is not None), None)

    @property
    def read_before(self) -> str | None:
        """Digest of the answer that was marked, if it has changed since."""
        return self.mark.digest if self.mark and self.mark.digest != self.digest else None

    def overtaken(self, mark: Mark | None) -> str:
        """Return why a mark must be read again; empty if it need not be."""
        if mark is None:
            return ""
        if mark.digest != self.digest:
            return "the answer was changed after it was read"
        if mark.graded != self.graded.points:
            return "graded differently after it was read"
        has_more = self.task.points > mark.maximum
        return "the task was given more points after it was read" if has_more else ""

    @property
    def disputed(self) -> bool:
        """True if people have given this answer different points, and nobody has marked it knowing that."""
        if not self.mark or not self._is_uneven():
            return False
        before = self.history[: -1 - self.history[::-1].index(self.mark)]
        return not self._replace(history=before)._is_uneven()

    def _is_uneven(self) -> bool:
        """Return whether the newest marks on this answer, one of each person, differ in their points."""
        own = [mark for mark in self.marks if mark.digest == self.digest]
        counted = {points_text(mark.counted(self.task.points)[0]) for mark in own}
        return len(counted - {""}) > 1


def score_of(entry: Entry) -> Score:
    """Return the score that counts: from a person's mark if there is one, else from the grading."""
    points, status, remark = entry.graded
    if entry.disputed:
        return Score(None, Status.TO_READ, "to be read once more")
    if entry.mark:
        points, remark = entry.mark.counted(entry.task.points)
        status = Status.READ if entry.task.by_hand else Status.OVERRIDDEN
    if why := entry.overtaken(entry.mark):
        status = Status.TO_READ
        remark = joined([why, remark])
    comments = [mark.comment for mark in entry.marks if mark.given is None]
    return Score(points, status, joined([remark, *comments]))


def joined(remarks: Sequence[str]) -> str:
    """Join remarks in one line; leave out empty ones."""
    return "; ".join(filter(None, remarks))


def check_mark(task: Task, points: float | None, comment: str, has_items: bool) -> None:
    """Check the points and the reason of a mark.

    Raises:
        PointsError: the points are out of range, or a reason is missing.
    """
    least = -task.points if has_items else 0  # points may reduce those of a rubric
    # rejects NaN, too
    if points is not None and not least - ROUNDING <= points <= task.points + ROUNDING:
        raise PointsError(
            f"points of {task.name} must be a number from {least:g} to {task.points:g}, got {points:g}"
        )
    if not task.by_hand and not comment.strip() and (points is not None or has_items):
        raise PointsError(
            f"{task.name} is graded automatically; changing its points needs a reason"
        )
