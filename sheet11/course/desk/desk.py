"""Requests and replies of the marking page, as JSON without names."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sheet11.course.book.marks import Task
from sheet11.course.book.scores import Status
from sheet11.course.book.store import Store, student_folder
from sheet11.course.desk.around import around
from sheet11.course.desk.nameless import HIDDEN, pattern_of, plain_html, plain_picture
from sheet11.course.desk.piles import Json, Pile, entered, piles_of, shown
from sheet11.course.errors import CourseError, PointsError
from sheet11.course.pages.render import cells_html
from sheet11.course.submissions.people import kept_people, names_of
from sheet11.course.text import digest_of, visible

Sent = Mapping[str, Any]  # values sent by the page


class ChangedError(CourseError):
    """Error for a request about something that no longer exists; the page must reload."""


class Desk:
    """Answers of a grading, for the people who mark them.

    Every request has a method, which receives the name of the person and the values sent. Missing values, and values
    of the wrong type, raise Python's own errors.
    """

    def __init__(self, out: Path) -> None:
        """Open the folder's store.

        Raises:
            FolderError: the folder holds no grading.
            StoreError: its store is damaged.
            OSError: it cannot be written to.
        """
        self.out = out
        self.store = Store(out, create=False)
        self._started = time.time()  # every process counts versions from the start

    def overview(self, who: str, _sent: Sent) -> Json:
        """Return all tasks with the progress of marking, the statuses of answers, and the saved comments."""
        tasks = {task.name: task for task in self.store.tasks()}
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for entry in self.store.entries(whole=False):
            counts[entry.answer.task].update(
                answers=1,
                read=entry.status != Status.TO_READ,
                changed=entry.standing is not None and entry.standing.stale,
                flagged=who in entry.flagged_by,
                disputed=entry.disputed,
            )
        return {
            "who": who,
            "folder": digest_of(str(self.out.resolve()))[:12],
            "statuses": dict(Status.__members__),
            "tasks": [task._asdict() | counts[name] for name, task in tasks.items()],
            "snippets": self.store.snippets(),
        }

    def answers(self, who: str, sent: Sent) -> Json:
        """Return the answers to a task without their contents, or only the version if that is unchanged."""
        task, second = self._task(sent), bool(sent.get("second"))
        version = f"{self._started}/{self.store.version()}/{second}"
        if sent.get("version") == version:
            return {"version": version}
        names = self._names()
        piles = []
        for pile in self._piles(task, who):
            about = shown(pile, who, second)
            if about["score"]:
                about["score"]["remark"] = names.sub(HIDDEN, about["score"]["remark"])
            piles.append(about)
        items = [item._asdict() for item in self.store.items(task.name)]
        return {"version": version, "task": task._asdict(), "items": items, "piles": piles}

    def content(self, who: str, sent: Sent) -> Json:
        """Return an answer, its text when it was last marked, the sheet's answer, and its context."""
        pile, names = self._pile(who, sent), self._names()
        kind, question, figures = around(student_folder(self.out, pile.students[0]), pile.task)

        def html(source: str, attachments: Mapping[str, Any], kind: str = kind) -> str:
            source = names.sub(HIDDEN, visible(source, lines=True))
            if kind == "code":
                cell = new_code_cell(source)
            else:
                files = {names.sub(HIDDEN, name): file for name, file in attachments.items()}
                cell = new_markdown_cell(source, attachments=files)
            return plain_html(cells_html(new_notebook(cells=[cell])))

        def answer(digest: str | None) -> str | None:
            return digest and html(*self.store.content(digest))

        return {
            "now": answer(pile.digest),
            "before": answer(pile.read_before),
            "solution": html(pile.task.solution, {}),
            "asked": html(question.source, question.get("attachments", {}), question.cell_type),
            "figures": [
                {"src": plain_picture(png), "alt": names.sub(HIDDEN, alt)} for png, alt in figures
            ],
        }

    def mark(self, who: str, sent: Sent) -> Json:
        """Mark a pile; a mark sent twice counts once, so that the page may resend it until it gets a reply."""
        pile = self._pile(who, sent)
        items = sorted(set(sent["items"]))
        mark = {"points": _points(sent), "comment": sent["comment"].strip(), "items": items}
        before = [
            entered(each)
            for entry in pile.entries
            for each in entry.marks
            if each.who == who and each.digest == entry.digest
        ]
        if before != [mark] * len(pile.entries):
            # the mark applies to the answer that was read, even if it changes meanwhile
            read = {"digest": pile.digest, "amend": bool(sent.get("amend"))}
            self.store.set_mark(pile.students, pile.task.name, who, **mark | read)
        return self.answers(who, sent)

    def undo(self, who: str, sent: Sent) -> Json:
        """Withdraw a person's newest mark on a task, and reply with its pile."""
        task = self._task(sent)
        taken = set(self.store.undo(who, task.name))
        piles = self._piles(task, who)
        undone = [pile.id for pile in piles if taken.intersection(pile.students)]
        return self.answers(who, sent) | {"undone": undone}

    def flag(self, who: str, sent: Sent) -> Json:
        """Set or remove a person's flag on a pile."""
        pile = self._pile(who, sent)
        self.store.set_flag(pile.students, pile.task.name, who, sent["flagged"])
        return self.answers(who, sent)

    def rubric(self, who: str, sent: Sent) -> Json:
        """Add, change or remove an item of a task's rubric."""
        task, item = self._task(sent), sent["item"]
        if sent.get("remove"):
            self.store.remove_item(int(item))
            return self.answers(who, sent)
        worth, words = _points(sent), sent["words"].strip()
        if worth is None or not words or not abs(worth) <= task.points:  # `not <=` also refuses NaN
            raise PointsError(f"a rubric item needs words, and at most ±{task.points:g} points")
        if item is None:
            self.store.add_item(task.name, worth, words)
        else:
            self.store.change_item(item, worth, words)
        return self.answers(who, sent)

    def snippet(self, who: str, sent: Sent) -> Json:
        """Save a comment for reuse, or delete one."""
        if "remove" in sent:
            self.store.remove_snippet(int(sent["remove"]))
        elif words := sent["words"].strip():
            self.store.add_snippet(words)
        return {"snippets": self.store.snippets()}

    def _task(self, sent: Sent) -> Task:
        for task in self.store.tasks():
            if task.name == sent["task"]:
                return task
        raise ChangedError(f"there is no task {sent['task']!r}")

    def _piles(self, task: Task, who: str) -> list[Pile]:
        return piles_of(self.store.entries(task.name, whole=False), task, who)

    def _pile(self, who: str, sent: Sent) -> Pile:
        for pile in self._piles(self._task(sent), who):
            if pile.id == sent["id"]:
                return pile
        raise ChangedError("this answer has changed since it was shown")

    def _names(self) -> Any:
        """Pattern that finds names of students, but not words of the tasks."""
        people = names_of(kept_people(self.store).values())
        tasks = [f"{task.title} {task.wanted} {task.solution}" for task in self.store.tasks()]
        return pattern_of(people, " ".join(tasks))


def _points(sent: Sent) -> float | None:
    """Parse points as typed by a person, such as `0,5` or `−1`; None if the field is empty."""
    typed = sent["points"].strip()
    try:
        return float(typed.replace(",", ".").replace("−", "-")) if typed else None
    except ValueError as error:
        raise PointsError(f"points must be a number, got {typed!r:.40}") from error
