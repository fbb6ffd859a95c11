"""Answers and what people say of them: what a mark is worth, and which of several counts."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sheet11.course.book.scores import Status
from sheet11.course.errors import PointsError

READ = "read"
OVERRIDE = "override"


class Asked(NamedTuple):
    """A task as it is to be marked."""

    name: str  # of the notebook and of the answer: 01_waves/proof
    title: str
    wanted: str
    points: float
    by_hand: bool
    solution: str  # the sheet's own answer
    heading: str = ""  # of the notebook

    @property
    def notebook(self) -> str:
        """The stem."""
        return self.name.partition("/")[0]

    @property
    def answer(self) -> str:
        """Id of the cell."""
        return self.name.partition("/")[2]

    @property
    def column(self) -> str:
        """Name in the table in which points are entered."""
        return f"{self.name} (by hand / {self.points:g})" if self.by_hand else self.name


class Answer(NamedTuple):
    """What one student has handed in for one task, and what the grading found by itself."""

    student: str
    task: str
    source: str
    attachments: Mapping[str, Any]  # by name, as a notebook's cell has them
    points: float | None  # None if a person is to give them
    status: Status
    remark: str

    @property
    def digest(self) -> str:
        """Equal for equal answers, and only for those; spaces at the ends of lines and of the whole do not count."""
        lines = [line.rstrip() for line in self.source.strip().splitlines()]
        return hashlib.sha256(
            json.dumps(["\n".join(lines), self.attachments], sort_keys=True).encode()
        ).hexdigest()


class Item(NamedTuple):
    """An entry of a task's rubric: what it says can change, and then does for everybody who has it."""

    id: int
    task: str
    points: float
    words: str


class Mark(NamedTuple):
    """What one person has said of one answer."""

    who: str
    at: str  # UTC, ISO 8601
    kind: str  # read, or override of points that were given automatically
    points: float | None  # besides those of the items
    comment: str
    digest: str  # of the answer that was read
    items: tuple[Item, ...]

    @property
    def given(self) -> float | None:
        """All points of this mark, None if it is only a comment."""
        if self.points is None and not self.items:
            return None
        return (self.points or 0) + sum(item.points for item in self.items)


class Standing(NamedTuple):
    """What counts of all marks on an answer."""

    mark: Mark
    points: float  # from 0 to what the task gives
    remark: str  # for the student: items, comments, and what became of the points
    stale: bool  # the answer that was read is another one than the one that is there


class Entry(NamedTuple):
    """An answer with all that people have said of it."""

    answer: Answer
    marks: list[Mark]  # the newest of each person, oldest first
    standing: Standing | None  # what counts of them, None if nothing does yet
    flagged_by: frozenset[str]
    digest: str  # of the answer

    @property
    def state(self) -> str:
        """Either `unread`, `stale` (read before the answer changed), `read`, or `graded` (needs nobody)."""
        if self.standing:
            return "stale" if self.standing.stale else "read"
        return "unread" if self.answer.points is None else "graded"

    @property
    def disputed(self) -> bool:
        """Whether two people have given different points."""
        return len({mark.given for mark in self.marks if mark.given is not None}) > 1


def decide(marks: Sequence[Mark], maximum: float, digest: str) -> Standing | None:
    """What counts: the newest mark that gives points, with the comments of those that give none.

    Args:
        marks: the newest of each person, oldest first.
        maximum: what the task gives.
        digest: of the answer that is there.
    """
    deciding = [mark for mark in marks if mark.given is not None]
    if not deciding:
        return None
    mark, given = deciding[-1], deciding[-1].given or 0.0
    points = min(max(given, 0.0), maximum)
    said = [f"{item.words} ({item.points:+g})" for item in mark.items]
    if mark.items and mark.points:
        said.append(f"besides ({mark.points:+g})")
    said += [mark.comment] if mark.comment else []
    said += mere_comments(marks)
    if given > maximum:
        said.append(f"{given:g} points were given, of which {maximum:g} can be had")
    return Standing(mark, points, "; ".join(said), mark.digest != digest)


def mere_comments(marks: Sequence[Mark]) -> list[str]:
    """What those say who give no points."""
    return [mark.comment for mark in marks if mark.comment and mark.given is None]


def check_mark(
    task: Asked, points: float | None, comment: str, rubric: set[int], items: set[int]
) -> str:
    """The kind of a mark that can be set.

    Args:
        task: of the answer.
        points: besides those of the items.
        comment: for the student, or the reason.
        rubric: ids of the task's items.
        items: ids of those that the mark has.

    Raises:
        PointsError: it cannot be set.
    """
    least = -task.points if items else 0  # from what a rubric gives, something may be taken away
    if points is not None and not least <= points <= task.points:  # NaN is none of them, too
        raise PointsError(
            f"points of {task.name} must be a number from {least:g} to {task.points:g}, got {points:g}"
        )
    if unknown := items - rubric:
        raise PointsError(f"the rubric of {task.name} has no item {min(unknown)}")
    if not task.by_hand and not comment.strip() and (points is not None or items):
        raise PointsError(
            f"points of {task.name}, which is graded automatically, are changed with a reason only"
        )
    return READ if task.by_hand else OVERRIDE
