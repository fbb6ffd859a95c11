"""Piles of equal answers to a task, in random order and without names."""

from collections import defaultdict
from typing import Any, NamedTuple

from sheet11.course.book.marks import Entry, Mark, Task
from sheet11.course.book.scores import Status
from sheet11.course.book.store import Store
from sheet11.course.desk.nameless import Hide
from sheet11.course.text import digest_of

Json = dict[str, Any]


class Pile(NamedTuple):
    """Equal answers to a task, which are marked together."""

    id: str  # reveals no name, and changes with the answer
    task: Task
    entries: list[Entry]

    @property
    def students(self) -> list[str]:
        """Students who handed in this answer."""
        return [entry.student for entry in self.entries]

    @property
    def digest(self) -> str | None:
        """Digest of the answer, or None if the task was not answered."""
        return None if self.empty else self.entries[0].digest

    @property
    def empty(self) -> bool:
        """True if the task was not answered: the cell is missing, or unchanged since the release."""
        return self.entries[0].graded.status == Status.NOT_ANSWERED

    @property
    def read_before(self) -> str | None:
        """Digest of the answer that was marked, if an answer has changed since."""
        return next(filter(None, (entry.read_before for entry in self.entries)), None)

    @property
    def disputed(self) -> bool:
        """True if people have given an answer different points."""
        return any(entry.disputed for entry in self.entries)

    @property
    def marks(self) -> list[Mark]:
        """Newest mark of each person, oldest first; several of one person if their marks differ."""
        newest = {(mark.who, mark.at): mark for entry in self.entries for mark in entry.marks}
        return sorted(newest.values(), key=lambda mark: mark.at)


def piles_of(store: Store, task: Task, who: str) -> list[Pile]:
    """Sort the answers to a task into piles, in a random order for each person: no position reveals a student.

    Excused answers are left out. For automatically graded tasks, answers with unknown points come first, then those
    that lost points. Missing answers come last.
    """
    together: dict[str, list[Entry]] = defaultdict(list)
    for entry in store.entries(task.name):
        if entry.excused:
            continue
        same = [task.name, entry.graded.status]
        if entry.graded.status != Status.NOT_ANSWERED:
            same += [entry.digest, repr(entry.graded.points)]
        together[digest_of("\n".join(same))[:20]].append(entry)

    def place(pile: Pile) -> tuple[bool, int, str]:
        points = pile.entries[0].graded.points
        rank = -1 if points is None else points >= task.points
        return pile.empty, rank, digest_of(who + pile.id)

    return sorted((Pile(name, task, equal) for name, equal in together.items()), key=place)


def shown(pile: Pile, who: str, second: str, hide: Hide) -> Json:
    """Describe a pile for the page, without the answer.

    Args:
        pile: pile of equal answers.
        who: person who views it.
        second: not empty for a second marker, who sees the marks of others only after giving their own.
        hide: function that hides names.
    """
    scores = [entry.score for entry in pile.entries]
    markers = {mark.who for mark in pile.marks if mark.given is not None}
    hidden = second != "" and pile.task.by_hand and not pile.empty and who not in markers
    uneven = len({score.points for score in scores}) > 1 and not hidden
    overtaken = [entry.overtaken(entry.mark) for entry in pile.entries]
    to_read = hidden or Status.TO_READ in [score.status for score in scores]
    seen = [mark for mark in pile.marks if mark.who == who or not hidden]
    return {
        "id": pile.id,
        "count": len(pile.entries),
        "empty": pile.empty,
        "status": Status.TO_READ if to_read else scores[0].status,
        "points": None if hidden or uneven else scores[0].points,
        "uneven": uneven,
        "changed": max(overtaken),
        "disputed": not hidden and pile.disputed,
        "flagged": any(who in entry.flagged_by for entry in pile.entries),
        "score": _score(pile, hide),
        "marks": [_mark(mark, pile) | {"mine": mark.who == who} for mark in seen],
    }


def entered(mark: Mark) -> Json:
    """Return a mark in the form in which a person enters it."""
    items = [item.id for item in mark.items]
    return {"points": mark.points, "comment": mark.comment, "items": items}


def _mark(mark: Mark, pile: Pile) -> Json:
    """Describe a mark with its points, and the remark for the student."""
    worth, remark = mark.counted(pile.task.points)
    return {
        "who": mark.who,
        "at": mark.at,
        "entered": entered(mark),
        "worth": worth,
        "remark": remark,
        "old": all(entry.digest != mark.digest for entry in pile.entries),
    }


def _score(pile: Pile, hide: Hide) -> Json | None:
    """Return the automatic score, without remarks about files, which could reveal their author."""
    points, status, remark = pile.entries[0].graded
    if pile.empty or (points is None and not remark):
        return None
    if status == Status.FAILED:
        remark = ""
    return {"points": points, "remark": hide(remark or status)}
