"""The marking page's requests and replies, as JSON without names."""

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sheet11.course.book.marks import Entry, Task
from sheet11.course.book.scores import Status
from sheet11.course.book.store import Store, student_folder
from sheet11.course.desk.around import around
from sheet11.course.desk.fields import Sent, points, text
from sheet11.course.desk.nameless import (
    HIDDEN,
    pattern_of,
    plain_html,
    plain_picture,
    without_file_names,
)
from sheet11.course.desk.piles import Json, Pile, entered, piles_of, shown
from sheet11.course.errors import PointsError
from sheet11.course.pages.cells import cells_html
from sheet11.course.submissions.people import kept_people, names_of
from sheet11.course.text import digest_of, visible


class ChangedError(LookupError):
    """The request is about something that is not there any more; the page must load again."""


class Desk:
    """The answers of a grading, for the people who read them.

    A request has a method of its own: it gets who asks, and the values that were sent.
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
        self._started = time.time()  # another process counts its versions anew

    def overview(self, who: str, _sent: Sent) -> Json:
        """All tasks with how much of each is read, the statuses of answers, and the comments to use again."""
        tasks = {task.name: task for task in self.store.tasks()}
        counts: dict[str, Counter[str]] = {name: Counter() for name in tasks}
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
            "statuses": {status.name: status for status in Status},
            "tasks": [_described(task) | counts[name] for name, task in tasks.items()],
            "snippets": self.store.snippets(),
        }

    def answers(self, who: str, sent: Sent) -> Json:
        """The answers to a task, without their contents; only the version if that has not changed."""
        task, second = self._task(sent), sent.get("second") == "yes"
        version = f"{self._started}/{self.store.version()}/{second}"
        if sent.get("version") == version:
            return {"version": version}
        names = self._names()
        piles = []
        for pile in self._piles(task, who):
            about = shown(pile, task, who, second)
            if about["score"]:
                about["score"]["remark"] = names.sub(HIDDEN, about["score"]["remark"])
            piles.append(about)
        items = [item._asdict() for item in self.store.items(task.name)]
        return {"version": version, "task": _described(task), "items": items, "piles": piles}

    def content(self, who: str, sent: Sent) -> Json:
        """An answer, what it was when it was read, the sheet's own, and what is around it."""
        task, pile = self._pile(who, sent)
        names = self._names()
        notebook = student_folder(self.out, pile.students[0]) / f"{task.notebook}.ipynb"
        place = around(notebook, task)

        def html(source: str, attachments: Mapping[str, Any], kind: str = place.kind) -> str:
            source, attachments = without_file_names(visible(source, lines=True), attachments)
            source = names.sub(HIDDEN, source)
            if kind == "code":
                cell = new_code_cell(source)
            else:
                cell = new_markdown_cell(source, attachments=attachments)
            return plain_html(cells_html(new_notebook(cells=[cell])))

        def answer(digest: str | None) -> str | None:
            return digest and html(*self.store.content(digest))

        return {
            "now": answer(pile.digest),
            "before": answer(pile.read_before),
            "solution": html(task.solution, {}),
            "asked": html(place.question, place.attachments, "markdown"),
            "figures": [
                {"src": plain_picture(png), "alt": names.sub(HIDDEN, alt)}
                for png, alt in place.figures
            ],
        }

    def mark(self, who: str, sent: Sent) -> Json:
        """Mark a pile; the same mark sent twice counts once, so that the page may send it until it gets a reply."""
        task, pile = self._pile(who, sent)
        items = sorted(set(sent["items"]))
        mark = {"points": points(sent), "comment": text(sent, "comment"), "items": items}
        self._give(pile, task, who, mark, amend=sent.get("amend") is True)
        return self.answers(who, sent)

    def repeat(self, who: str, sent: Sent) -> Json:
        """Give the mark that a pile has once more, to all its answers as they are now."""
        task, pile = self._pile(who, sent)
        if mark := pile.mark_of(who):
            self._give(pile, task, who, entered(mark))
        return self.answers(who, sent)

    def undo(self, who: str, sent: Sent) -> Json:
        """Take back a person's newest mark on a task, and say on which pile it was."""
        task = self._task(sent)
        taken = set(self.store.undo(who, task.name))
        undone = None
        for pile in self._piles(task, who):
            if taken.intersection(pile.students):
                undone = pile.id
        return self.answers(who, sent) | {"undone": undone}

    def flag(self, who: str, sent: Sent) -> Json:
        """Remember to come back to a pile, or forget it."""
        task, pile = self._pile(who, sent)
        self.store.set_flag(pile.students, task.name, who, sent["flagged"] is True)
        return self.answers(who, sent)

    def rubric(self, who: str, sent: Sent) -> Json:
        """Add, change or remove one item of a task's rubric."""
        task, item = self._task(sent), sent["item"]
        if item is not None and item not in {each.id for each in self.store.items(task.name)}:
            raise ChangedError("this item is not in the rubric any more")
        if sent.get("remove") is True:
            self.store.remove_item(int(item))
            return self.answers(who, sent)
        worth, words = points(sent), text(sent, "words")
        if worth is None or not words or abs(worth) > task.points:
            bounds = f"from {-task.points:g} to {task.points:g}"
            raise PointsError(f"a rubric item needs words, and points {bounds}")
        if item is None:
            self.store.add_item(task.name, worth, words)
        else:
            self.store.change_item(item, worth, words)
        return self.answers(who, sent)

    def snippet(self, who: str, sent: Sent) -> Json:
        """Keep a comment to use again, or forget one."""
        if "remove" in sent:
            self.store.remove_snippet(int(sent["remove"]))
        elif words := text(sent, "words"):
            self.store.add_snippet(words)
        return {"snippets": self.store.snippets()}

    def _give(self, pile: Pile, task: Task, who: str, mark: Json, amend: bool = False) -> None:
        """Set a mark, unless all answers of the pile have it already."""
        if all(_has(entry, who, mark) for entry in pile.entries):
            return
        # on what was read, even if the answer changes at this moment
        mark = mark | {"digest": pile.digest, "amend": amend}
        self.store.set_mark(pile.students, task.name, who, **mark)

    def _task(self, sent: Sent) -> Task:
        name = text(sent, "task")
        for task in self.store.tasks():
            if task.name == name:
                return task
        raise ChangedError(f"there is no task {name!r}")

    def _piles(self, task: Task, who: str) -> list[Pile]:
        return piles_of(self.store.entries(task.name, whole=False), task, who)

    def _pile(self, who: str, sent: Sent) -> tuple[Task, Pile]:
        task, name = self._task(sent), text(sent, "id")
        for pile in self._piles(task, who):
            if pile.id == name:
                return task, pile
        raise ChangedError("this answer has changed since it was shown")

    def _names(self) -> Any:
        """The pattern that finds names of students; words of the tasks are none."""
        people = names_of(kept_people(self.store).values())
        tasks = [f"{task.title} {task.wanted} {task.solution}" for task in self.store.tasks()]
        return pattern_of(people, " ".join(tasks))


def _described(task: Task) -> Json:
    """A task as the page shows it; the solution comes with an answer."""
    return {name: value for name, value in task._asdict().items() if name != "solution"}


def _has(entry: Entry, who: str, mark: Json) -> bool:
    """A person has given this very mark to the answer as it is now."""
    own = [each for each in entry.marks if (each.who, each.digest) == (who, entry.digest)]
    return [entered(each) for each in own] == [mark]
