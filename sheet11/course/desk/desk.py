"""What the marking page asks for and sends, as JSON: this knows whose answers are whose, and says nothing of it."""

import hashlib
import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sheet11.course.book.marks import Asked
from sheet11.course.book.store import Store, student_folder
from sheet11.course.desk.nameless import (
    HIDDEN,
    pattern_of,
    plain_html,
    plain_picture,
    without_file_names,
)
from sheet11.course.desk.piles import Pile, piles_of, summary
from sheet11.course.errors import PointsError
from sheet11.course.pages.cells import cells_html, figures_of_cells
from sheet11.course.submissions.people import kept_people, names_of
from sheet11.course.tasks import marks
from sheet11.course.text import visible

LONGEST_COMMENT = 5000  # characters
PART = re.compile(r"^## ", re.MULTILINE)
Json = dict[str, Any]


class ChangedError(LookupError):
    """What a page speaks of is not there any more; it is to load again."""


class Place(NamedTuple):
    """The cells around an answer."""

    kind: str  # of the answer's cell
    asked: tuple[str, Mapping[str, Any]]  # the text above it, and pictures in that
    figures: list[
        tuple[str, str]
    ]  # of the part that the answer belongs to, as (PNG in base64, what it shows)


class Desk:
    """The answers in the folder of a grading, for those who read them."""

    def __init__(self, out: Path) -> None:
        """Open the folder's store.

        Raises:
            FolderError: the folder holds no grading.
            StoreError: its store is damaged.
            OSError: it cannot be written to.
        """
        self.out = out
        self.store = Store(out, create=False)
        self._started = time.time()  # versions of an earlier process are none of this one's
        self._names = ("", pattern_of(()))

    def overview(self, who: str) -> Json:
        """All tasks, with how much of each was read."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for entry in self.store.entries(whole=False):
            count = counts[entry.answer.task]
            count[entry.state] += 1
            count["mine"] += any(mark.who == who and mark.given is not None for mark in entry.marks)
            count["flagged"] += who in entry.flagged_by
            count["disputed"] += entry.disputed
        tasks = [_described(task) | {"counts": counts[task.name]} for task in self.store.tasks()]
        folder = hashlib.sha256(str(self.out.resolve()).encode()).hexdigest()[:12]
        return {"who": who, "folder": folder, "tasks": tasks, "snippets": self._snippets()}

    def answers(self, who: str, name: str, version: str = "") -> Json:
        """All answers to a task, without their contents; if nothing has changed since a version, that only."""
        now = f"{self._started}/{self.store.version()}"
        if version == now:
            return {"version": now}
        task = self._task(name)
        piles = [summary(pile, who) for pile in self._piles(task, who)]
        for score in filter(None, (pile["score"] for pile in piles)):
            score["remark"] = self._hidden(score["remark"])
        items = [
            {"id": item.id, "points": item.points, "words": item.words}
            for item in self.store.items(name)
        ]
        return {"version": now, "task": _described(task), "items": items, "piles": piles}

    def content(self, who: str, name: str, pile: str) -> Json:
        """What there is to read: an answer, what it was when it was read, and what is around it."""
        task = self._task(name)
        found = self._pile(task, who, pile)
        place = place_of(
            student_folder(self.out, found.students[0]) / f"{task.notebook}.ipynb", task
        )
        before, first = found.read_before, found.entries[0]
        return {
            "now": None
            if found.empty
            else self._html(*self.store.content(first.digest), place.kind),
            "before": before and self._html(*self.store.content(before), place.kind),
            "solution": self._html(task.solution, {}, place.kind),
            "asked": self._html(*place.asked, "markdown"),
            "figures": [
                {"src": plain_picture(png), "alt": self._hidden(text)}
                for png, text in place.figures
            ],
        }

    def mark(self, who: str, sent: Mapping[str, Any]) -> Json:
        """Mark a pile; the same mark once more changes nothing, so that a page may send it until it hears of it."""
        task = self._task(_string(sent, "task"))
        pile = self._pile(task, who, _string(sent, "id"))
        points, comment, items = (
            _points(sent["points"]),
            _string(sent, "comment").strip(),
            _ids(sent["items"]),
        )
        new = (points, comment, items)
        same = [
            any(
                (m.who, m.points, m.comment, [i.id for i in m.items], m.digest)
                == (who, *new, e.digest)
                for m in e.marks
            )
            for e in pile.entries
        ]
        if not all(same):
            digest = (
                None if pile.empty else pile.entries[0].digest
            )  # if it changes now, the mark is on what was read
            amend = sent.get("amend") is True
            self.store.set_mark(
                pile.students, task.name, who, points, comment, items, digest, amend
            )
        return self.answers(who, task.name)

    def undo(self, who: str, sent: Mapping[str, Any]) -> Json:
        """Take back the newest mark on a task; says on which pile it was."""
        task = self._task(_string(sent, "task"))
        taken = {student for student, _ in self.store.undo(who, task.name)}
        piles = self._piles(task, who)
        return self.answers(who, task.name) | {
            "undone": next((pile.id for pile in piles if taken & set(pile.students)), None)
        }

    def flag(self, who: str, sent: Mapping[str, Any]) -> Json:
        """Remember to come back to a pile, or not to."""
        task = self._task(_string(sent, "task"))
        pile = self._pile(task, who, _string(sent, "id"))
        self.store.set_flag(pile.students, task.name, who, sent["flagged"] is True)
        return self.answers(who, task.name)

    def rubric(self, who: str, sent: Mapping[str, Any]) -> Json:
        """Add, change or remove one item of a task's rubric."""
        task, item = self._task(_string(sent, "task")), sent.get("item")
        known = {each.id for each in self.store.items(task.name)}
        if item is not None and item not in known:
            raise ChangedError("this item of the rubric is not there any more")
        if sent.get("remove") is True:
            self.store.remove_item(_ids([item])[0])
            return self.answers(who, task.name)
        points, words = _points(sent["points"]), _string(sent, "words").strip()
        if points is None or not words or abs(points) > task.points:
            raise PointsError(
                f"an item wants words, and points from {-task.points:g} to {task.points:g}"
            )
        if item is None:
            self.store.add_item(task.name, points, words)
        else:
            self.store.change_item(_ids([item])[0], points, words)
        return self.answers(who, task.name)

    def snippet(self, who: str, sent: Mapping[str, Any]) -> Json:
        """Keep a comment for later, or forget one."""
        if (known := sent.get("remove")) is not None:
            self.store.remove_snippet(int(known))
        elif words := _string(sent, "words").strip():
            self.store.add_snippet(words)
        return {"snippets": self._snippets()}

    def _snippets(self) -> list[Json]:
        return [{"id": number, "words": words} for number, words in self.store.snippets()]

    def _task(self, name: str) -> Asked:
        found = next((task for task in self.store.tasks() if task.name == name), None)
        if found is None:
            raise ChangedError(f"there is no task {name!r}")
        return found

    def _piles(self, task: Asked, who: str) -> list[Pile]:
        return piles_of(self.store.entries(task.name, whole=False), task, who)

    def _pile(self, task: Asked, who: str, name: str) -> Pile:
        found = next((pile for pile in self._piles(task, who) if pile.id == name), None)
        if found is None:
            raise ChangedError("this answer has changed since it was shown")
        return found

    def _html(self, source: str, attachments: Mapping[str, Any], kind: str) -> str:
        source, attachments = without_file_names(visible(source, lines=True), attachments)
        cell = new_markdown_cell(self._hidden(source), attachments=attachments)
        if kind == "code":
            cell = new_code_cell(self._hidden(source))
        return plain_html(cells_html(new_notebook(cells=[cell])))

    def _hidden(self, text: str) -> str:
        """A text without the names of students."""
        version = self.store.version()
        if self._names[0] != version:
            names = names_of(kept_people(self.store).values())
            subject = " ".join(
                f"{task.title} {task.wanted} {task.solution}" for task in self.store.tasks()
            )
            self._names = (version, pattern_of(names, subject))
        return self._names[1].sub(HIDDEN, text)


def place_of(notebook: Path, task: Asked) -> Place:
    """What is around an answer in a student's executed notebook; nothing if there is none."""
    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except (
        Exception
    ):  # nbformat raises many types for what is no notebook; this one need not be there
        cells = []
    at = next((index for index, cell in enumerate(cells) if cell.get("id") == task.grade_id), None)
    if at is None:
        return Place("markdown" if task.by_hand else "code", ("", {}), [])
    part = _part(cells, at)
    return Place(
        str(cells[at].cell_type), _asked_above(part, cells[at]), list(figures_of_cells(part))
    )


def _part(cells: Sequence[NotebookNode], at: int) -> Sequence[NotebookNode]:
    """The cells from the heading of a part to that of the next one."""
    begins = [
        index
        for index, cell in enumerate(cells)
        if cell.cell_type == "markdown" and PART.search(cell.source)
    ]
    first = max((index for index in begins if index <= at), default=0)
    return cells[first : min((index for index in begins if index > at), default=len(cells))]


def _asked_above(
    part: Sequence[NotebookNode], answer: NotebookNode
) -> tuple[str, Mapping[str, Any]]:
    """The last text before the answer that is not itself an answer."""
    texts = [
        cell
        for cell in part[: part.index(answer)]
        if cell.cell_type == "markdown" and not marks(cell).get("solution")
    ]
    return (texts[-1].source, texts[-1].get("attachments", {})) if texts else ("", {})


def _described(task: Asked) -> Json:
    """What the page shows of a task; the solution comes with an answer."""
    return {name: value for name, value in task._asdict().items() if name != "solution"}


def _string(sent: Mapping[str, Any], key: str) -> str:
    text = sent[key]
    if not isinstance(text, str) or len(text) > LONGEST_COMMENT:
        raise PointsError(f"{key} must be a text of at most {LONGEST_COMMENT} characters")
    return text


def _points(value: Any) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not math.isfinite(value):
        raise PointsError(f"points must be a number, got {value!r:.40}")
    return float(value)


def _ids(value: Any) -> list[int]:
    if not isinstance(value, list) or not all(type(each) is int for each in value):
        raise PointsError(f"items must be a list of numbers, got {value!r:.40}")
    return sorted(set(value))
