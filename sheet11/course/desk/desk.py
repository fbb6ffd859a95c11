"""Requests and replies of the marking page, as JSON without names."""

import functools
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sheet11.course.book.scores import ROUNDING, Status, number_in
from sheet11.course.book.store import Store, student_folder
from sheet11.course.desk.context import context_of
from sheet11.course.desk.nameless import Hide, hider, nameless_html, plain_picture
from sheet11.course.desk.piles import Json, Pile, entered, piles_of, shown
from sheet11.course.errors import CourseError, PointsError
from sheet11.course.submissions.people import kept_people, names_of
from sheet11.course.text import digest_of

Sent = Mapping[str, Any]  # values sent by the page


class Desk:
    """Answers of a grading, for the people who mark them.

    Every request has a method in lowercase letters, the page's only way in, which receives the name of the person and
    the values sent. One that returns nothing is replied to with the `answers` to its task. Missing values, and values
    of the wrong type, raise Python's own errors.
    """

    def __init__(self, out: Path) -> None:
        """Serve the grading in a folder, which may not have begun yet."""
        self.out = out
        self._started = time.time()  # every process counts versions from the start

    @functools.cached_property
    def store(self) -> Store:
        """The folder's store.

        Raises:
            FolderError: the folder holds no grading.
            StoreError: its store is damaged.
            OSError: it cannot be written to.
        """
        return Store(self.out, create=False)

    def overview(self, who: str, _sent: Sent) -> Json:
        """Return all tasks with the progress of marking, the statuses of answers, and the saved comments."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for entry in self.store.entries():
            counts[entry.task.name].update(
                answers=not entry.excused,
                read=not entry.excused and entry.score.status != Status.TO_READ,
                changed=entry.overtaken(entry.mark) != "",
                flagged=who in entry.flagged_by,
                disputed=entry.disputed,
            )
        return {
            "who": who,
            "folder": digest_of(str(self.out.resolve()))[:12],
            "statuses": dict(Status.__members__),
            "tasks": [task._asdict() | counts[task.name] for task in self.store.tasks()],
            "snippets": self.store.snippets(),
        }

    def answers(self, who: str, sent: Sent) -> Json:
        """Return the answers to a task without their contents, or only the version if that is unchanged."""
        task, second = self.store.task(sent["task"]), sent.get("second", "")
        version = f"{self._started}/{self.store.version()}/{second}"
        if sent.get("version") == version:
            return {"version": version}
        hide = self._hider()
        piles = [shown(pile, who, second, hide) for pile in piles_of(self.store, task, who)]
        items = [item._asdict() for item in self.store.items(task.name)]
        return {"version": version, "task": task._asdict(), "items": items, "piles": piles}

    def content(self, who: str, sent: Sent) -> Json:
        """Return an answer, its text when it was last marked, the sheet's answer, and its context."""
        pile, hide = self._pile(who, sent), self._hider()
        kind, question, figures = context_of(student_folder(self.out, pile.students[0]), pile.task)
        asked = question.source, question.get("attachments", {})
        versions = {
            name: digest and nameless_html(hide, kind, *self.store.content(digest))
            for name, digest in (("now", pile.digest), ("before", pile.read_before))
        }
        return versions | {
            "solution": nameless_html(hide, kind, pile.task.solution, {}),
            "asked": nameless_html(hide, "markdown", *asked),
            "figures": [{"src": plain_picture(png), "alt": hide(alt)} for png, alt in figures],
        }

    def mark(self, who: str, sent: Sent) -> None:
        """Mark a pile; a mark sent twice counts once, so that the page may resend it until it gets a reply."""
        pile = self._pile(who, sent)
        items = sorted(set(sent["items"]))
        mark = {"points": _points(sent), "comment": sent["comment"].strip(), "items": items}
        before = [
            entered(each)
            for entry in pile.entries
            for each in entry.marks
            if each.who == who and not entry.overtaken(each)
        ]
        if before != [mark] * len(pile.entries) or sent.get("decides") and pile.disputed:
            self.store.set_mark(
                pile.students,
                pile.task.name,
                who,
                **mark,
                digest=pile.digest,  # of the answer that was read, even if it changes meanwhile
                amend=sent.get("amend", False),
            )

    def undo(self, who: str, sent: Sent) -> Json:
        """Withdraw a person's newest mark on a task, and reply with its pile."""
        task = self.store.task(sent["task"])
        taken = self.store.undo(who, task.name)
        piles = piles_of(self.store, task, who)
        undone = [pile.id for pile in piles if taken.intersection(pile.students)]
        return self.answers(who, sent) | {"undone": undone}

    def flag(self, who: str, sent: Sent) -> None:
        """Set or remove a person's flag on a pile."""
        pile = self._pile(who, sent)
        self.store.set_flag(pile.students, pile.task.name, who, sent["flagged"])

    def rubric(self, _who: str, sent: Sent) -> None:
        """Add, change or remove an item of a task's rubric."""
        task, item = self.store.task(sent["task"]), sent["item"]
        if sent.get("remove"):
            self.store.remove_item(item)
            return
        worth, words = _points(sent), sent["words"].strip()
        # `not <=` also refuses NaN
        if worth is None or not words or not abs(worth) <= task.points + ROUNDING:
            raise PointsError(f"a rubric item needs words, and at most ±{task.points:g} points")
        self.store.set_item(task.name, worth, words, item)

    def snippet(self, _who: str, sent: Sent) -> Json:
        """Save a comment for reuse, or delete one."""
        if "remove" in sent:
            self.store.remove_snippet(sent["remove"])
        elif words := sent["words"].strip():
            self.store.add_snippet(words)
        return {"snippets": self.store.snippets()}

    def _pile(self, who: str, sent: Sent) -> Pile:
        for pile in piles_of(self.store, self.store.task(sent["task"]), who):
            if pile.id == sent["id"]:
                return pile
        raise CourseError("this answer has changed since it was shown")

    def _hider(self) -> Hide:
        """Return a function that hides names of students, but not words of the tasks."""
        people = names_of(kept_people(self.store).values())
        tasks = [f"{task.title} {task.wanted} {task.solution}" for task in self.store.tasks()]
        return hider(people, " ".join(tasks))


def _points(sent: Sent) -> float | None:
    """Parse points as typed by a person, such as `0,5` or `−1`; None if the field is empty."""
    typed = sent["points"].strip()
    try:
        return number_in(typed) if typed else None
    except ValueError as error:
        raise PointsError(f"points must be a number, got {typed!r:.40}") from error
