"""Answers to a task as they lie on the desk: equal ones together, shuffled, and nameless."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection
from typing import Any, NamedTuple

from sheet11.course.book.marks import Asked, Entry, Mark
from sheet11.course.book.scores import Status


class Pile(NamedTuple):
    """Equal answers to a task, which get one mark together."""

    id: str  # says nothing of whose they are, and is another one if the answer changes
    entries: list[Entry]
    empty: bool

    @property
    def students(self) -> list[str]:
        """Who handed this in."""
        return [entry.answer.student for entry in self.entries]

    @property
    def state(self) -> str:
        """That of the answer that needs a person most."""
        states = {entry.state for entry in self.entries}
        return next(state for state in ("unread", "stale", "read", "graded") if state in states)

    @property
    def read_before(self) -> str | None:
        """The digest of what was read, if it was another answer."""
        standing = self.entries[0].standing
        return standing.mark.digest if standing and standing.stale and not self.empty else None


def piles_of(entries: Collection[Entry], task: Asked, who: str) -> list[Pile]:
    """All answers to a task in an order that is one person's own: whom a mark is for must not show in its place.

    Of a task that is graded automatically, those without points come first, then those that lost some. Where nobody
    has answered comes last.
    """
    together: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        together[_hash(task.name, *_what_is_equal(entry))].append(entry)
    piles = [
        Pile(name, equal, equal[0].answer.status == Status.NOT_ANSWERED)
        for name, equal in together.items()
    ]
    return sorted(
        piles,
        key=lambda pile: (
            pile.empty,
            _lost(pile, task),
            _hash(who, task.name, pile.entries[0].digest),
        ),
    )


def summary(pile: Pile, who: str) -> dict[str, Any]:
    """What the page shows of a pile besides the answer itself."""
    points = {
        entry.standing.points if entry.standing else entry.answer.points for entry in pile.entries
    }
    marks = _marks(pile)
    own = max((mark for mark in marks if mark.who == who), key=lambda mark: mark.at, default=None)
    return {
        "id": pile.id,
        "count": len(pile.entries),
        "empty": pile.empty,
        "state": pile.state,
        "points": points.pop() if len(points) == 1 else None,
        "uneven": bool(points),  # one is left
        "disputed": any(entry.disputed for entry in pile.entries),
        "flagged": any(who in entry.flagged_by for entry in pile.entries),
        "score": _score(pile),
        "own": own
        and {
            "points": own.points,
            "comment": own.comment,
            "items": [item.id for item in own.items],
        },
        "marks": [_mark_shown(mark, who, pile) for mark in marks],
    }


def _what_is_equal(entry: Entry) -> list[Any]:
    """What two answers have in common that lie on one pile."""
    answer = entry.answer
    if answer.status == Status.NOT_ANSWERED:
        return [True]  # a cell that is missing, and one as it was given out
    before = entry.standing.mark.digest if entry.standing and entry.standing.stale else None
    return [False, entry.digest, answer.points, answer.status, before]


def _lost(pile: Pile, task: Asked) -> int:
    points = pile.entries[0].answer.points
    return 0 if task.by_hand or points is None else 1 if points < task.points else 2


def _marks(pile: Pile) -> list[Mark]:
    """The newest mark of each person on these answers, oldest first; of a person several, if they differ."""
    found = {(mark.who, mark.at): mark for entry in pile.entries for mark in entry.marks}
    return sorted(found.values(), key=lambda mark: mark.at)


def _mark_shown(mark: Mark, who: str, pile: Pile) -> dict[str, Any]:
    counts = [mark in entry.marks for entry in pile.entries]
    return {
        "who": mark.who,
        "at": mark.at,
        "mine": mark.who == who,
        "given": mark.given,
        "points": mark.points,
        "items": [
            {"id": item.id, "points": item.points, "words": item.words} for item in mark.items
        ],
        "comment": mark.comment,
        "old": mark.digest not in {entry.digest for entry in pile.entries},
        "count": sum(counts),
    }


def _score(pile: Pile) -> dict[str, Any] | None:
    """What was found automatically; what it says of files could name their author."""
    answer = pile.entries[0].answer
    if answer.points is None and not answer.remark:
        return None
    of_files = pile.empty or answer.status == Status.FAILED
    return {
        "points": answer.points,
        "status": answer.status,
        "remark": "" if of_files else answer.remark,
    }


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]
