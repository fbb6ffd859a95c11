"""What must not be lost of a grading: the answers as they were handed in, and what people have made of them.

`OUT/grading.sqlite` is written to by `sheet11 grade`, by `sheet11 read-points` and by the marking page, also at the
same time; tables and pages are made from it. Marks are only ever added, and answers that were once handed in stay.
"""

import contextlib
import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sheet11.course.book.database import connect
from sheet11.course.book.marks import Answer, Asked, Entry, Item, Mark, check_mark, decide
from sheet11.course.book.scores import Status
from sheet11.course.errors import FolderError, PointsError, StoreError
from sheet11.course.files import make_private
from sheet11.course.text import encodable

DATABASE = "grading.sqlite"


class Store:
    """The open file; a context that closes it.

    Args:
        out: folder of a grading.
        create: whether the file is made if it is not there.

    Raises:
        FolderError: it is not there, and is not to be made.
        StoreError: it is damaged, or another version's.
        OSError: it cannot be made here.
    """

    def __init__(self, out: Path, create: bool = True) -> None:
        self.path = out / DATABASE
        if not create and not (self.path.exists() and self.path.stat().st_size):
            raise FolderError(f"{out} holds no grading")
        make_private(out)
        self._db = connect(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """What is done in this context is done whole or not at all, and nobody else writes meanwhile."""
        if self._db.in_transaction:  # it is within another one
            yield
            return
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                yield
        except (
            sqlite3.OperationalError
        ) as error:  # the disk is full, or somebody else has been writing all the time
            raise StoreError(f"{self.path} cannot be written to: {error}") from error

    def version(self) -> str:
        """Another one after anything was written, by whomever."""
        (others,) = self._db.execute("PRAGMA data_version").fetchone()
        return f"{others}.{self._db.total_changes}"

    def replace_answers(self, tasks: Iterable[Asked], answers: Iterable[Answer]) -> None:
        """Take the place of all tasks and answers that are there; marks, and what they are of, stay."""
        with self.writing():
            self._db.execute("DELETE FROM answer")
            self._db.execute("DELETE FROM task")
            for position, task in enumerate(tasks):
                self._db.execute(
                    "INSERT INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (task.name, position, *task[1:]),
                )
            for answer in answers:
                answer = answer._replace(
                    source=encodable(answer.source), remark=encodable(answer.remark)
                )
                content = (answer.digest, answer.source, json.dumps(answer.attachments))
                self._db.execute("INSERT OR IGNORE INTO content VALUES (?, ?, ?)", content)
                row = (answer.student, answer.task, answer.digest, *answer[4:])
                self._db.execute("INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?)", row)

    def tasks(self) -> list[Asked]:
        """All tasks, in the order of the sheet."""
        columns = "name, title, wanted, points, by_hand, solution, heading"
        found = [
            Asked(*row) for row in self._db.execute(f"SELECT {columns} FROM task ORDER BY position")
        ]
        return [task._replace(by_hand=bool(task.by_hand)) for task in found]

    def students(self) -> list[str]:
        """All students, sorted."""
        return [
            student
            for (student,) in self._db.execute(
                "SELECT DISTINCT student FROM answer ORDER BY student"
            )
        ]

    def replace_people(self, people: Mapping[str, str]) -> None:
        """Take the place of what is there about everybody who has handed in; as JSON, by student."""
        with self.writing():
            self._db.execute("DELETE FROM person")
            self._db.executemany("INSERT INTO person VALUES (?, ?)", people.items())

    def people(self) -> dict[str, str]:
        """What `replace_people` has been given."""
        return dict(self._db.execute("SELECT student, about FROM person"))

    def content(self, digest: str) -> tuple[str, dict[str, Any]]:
        """Source and attachments of an answer that is there or was read.

        Raises:
            KeyError: there was none.
        """
        row = self._db.execute(
            "SELECT source, attachments FROM content WHERE digest = ?", (digest,)
        ).fetchone()
        if row is None:
            raise KeyError(digest)
        return row[0], json.loads(row[1])

    def entries(self, task: str | None = None, whole: bool = True) -> list[Entry]:
        """The answers to a task, or to all, by student and in the order of the tasks; sources only if `whole`."""
        marks, flags = self._newest_marks(task), defaultdict(set)
        for student, of, who in self._db.execute("SELECT student, task, who FROM flag"):
            flags[student, of].add(who)
        rows = self._db.execute(
            """SELECT answer.student, task.name, iif(?2, source, ''), iif(?2, attachments, '{}'), answer.points, status,
                      remark, digest, task.points
               FROM answer JOIN content USING (digest) JOIN task ON task.name = answer.task
               WHERE ?1 IS NULL OR task.name = ?1 ORDER BY answer.student, position""",
            (task, whole),
        )
        found = []
        for student, name, source, attachments, points, status, remark, digest, maximum in rows:
            answer = Answer(
                student, name, source, json.loads(attachments), points, Status(status), remark
            )
            its_marks = marks.get((student, name), [])
            standing = decide(its_marks, maximum, digest)
            found.append(
                Entry(answer, its_marks, standing, frozenset(flags[student, name]), digest)
            )
        return found

    def set_mark(
        self,
        students: Collection[str],
        task: str,
        who: str,
        points: float | None = None,
        comment: str = "",
        items: Collection[int] = (),
        digest: str | None = None,
        amend: bool = False,
    ) -> int:
        """Add a person's mark on the same answer of one or several students; one `undo` takes it back.

        Args:
            students: who have handed it in.
            task: its name.
            who: the person.
            points: besides those of the items; with neither, it is only a comment.
            comment: for the student.
            items: those that hold, by id.
            digest: of the answer that was read, if that is not the one that is there now.
            amend: take back the person's newest mark of the task, if it is on the same answers: it was half written.

        Returns:
            The number of this action.

        Raises:
            PointsError: these are no points for the task, an automatic mark is changed without a reason, or there is
                no such answer, task or item.
        """
        row = (who, datetime.now(UTC).isoformat(timespec="milliseconds"), points, comment.strip())
        with self.writing():
            asked = next((each for each in self.tasks() if each.name == task), None)
            if asked is None:
                raise PointsError(f"there is no task {task!r}")
            kind = check_mark(
                asked, points, comment, {item.id for item in self.items(task)}, set(items)
            )
            newest, taken = self._newest_action(who, task)
            if amend and {student for student, _ in taken} == set(students):
                self._db.execute("UPDATE mark SET undone = 1 WHERE action = ?", (newest,))
            (action,) = self._db.execute("SELECT coalesce(max(action), 0) + 1 FROM mark").fetchone()
            for student in students:
                read = digest or self._digest(student, task)
                added = self._db.execute(
                    """INSERT INTO mark (action, student, task, kind, digest, who, at, points, comment)
                       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                    (action, student, task, kind, read, *row),
                )
                links = [(added.lastrowid, item) for item in set(items)]
                self._db.executemany("INSERT INTO mark_item VALUES (?, ?)", links)
        return int(action)

    def _digest(self, student: str, task: str) -> str:
        query = "SELECT digest FROM answer WHERE student = ? AND task = ?"
        row = self._db.execute(query, (student, task)).fetchone()
        if row is None:
            raise PointsError(f"there is no answer of {student!r} to {task}")
        return str(row[0])

    def undo(self, who: str, task: str | None = None) -> list[tuple[str, str]]:
        """Take back the newest mark that a person has set, of a task or of any; whose it was, as (student, task)."""
        with self.writing():
            newest, taken = self._newest_action(who, task)
            self._db.execute("UPDATE mark SET undone = 1 WHERE action = ?", (newest,))
        return taken

    def _newest_action(
        self, who: str, task: str | None
    ) -> tuple[int | None, list[tuple[str, str]]]:
        newest = "SELECT max(action) FROM mark WHERE who = ?1 AND NOT undone AND (?2 IS NULL OR task = ?2)"
        (action,) = self._db.execute(newest, (who, task)).fetchone()
        return action, self._db.execute(
            "SELECT student, task FROM mark WHERE action = ?", (action,)
        ).fetchall()

    def items(self, task: str | None = None, removed: bool = False) -> list[Item]:
        """The rubric of a task, or of all, in the order in which it was made; also what was removed, if asked for."""
        found = """SELECT id, task, points, words FROM item
                   WHERE (?2 OR NOT removed) AND (?1 IS NULL OR task = ?1) ORDER BY id"""
        return [Item(*row) for row in self._db.execute(found, (task, removed))]

    def add_item(self, task: str, points: float, words: str) -> int:
        """Add an item to a task's rubric; its id."""
        with self.writing():
            row = (task, _finite(points), words.strip())
            return int(
                self._db.execute(
                    "INSERT INTO item (task, points, words) VALUES (?, ?, ?)", row
                ).lastrowid
                or 0
            )

    def change_item(self, item: int, points: float, words: str) -> None:
        """Change an item, for everybody who has it."""
        with self.writing():
            self._db.execute(
                "UPDATE item SET points = ?, words = ? WHERE id = ?",
                (_finite(points), words.strip(), item),
            )

    def remove_item(self, item: int, removed: bool = True) -> None:
        """Take an item out of its rubric, and its points from everybody who has it; or put it back."""
        with self.writing():
            self._db.execute("UPDATE item SET removed = ? WHERE id = ?", (removed, item))

    def set_flag(
        self, students: Collection[str], task: str, who: str, flagged: bool = True
    ) -> None:
        """Remember that a person wants to come back to these students' answers, or does no longer."""
        change = "INSERT OR IGNORE INTO flag VALUES (?, ?, ?)"
        if not flagged:
            change = "DELETE FROM flag WHERE student = ? AND task = ? AND who = ?"
        with self.writing():
            self._db.executemany(change, [(student, task, who) for student in students])

    def snippets(self) -> list[tuple[int, str]]:
        """Comments to use again, as (id, words)."""
        return self._db.execute("SELECT id, words FROM snippet ORDER BY id").fetchall()

    def add_snippet(self, words: str) -> None:
        """Keep a comment for later."""
        with self.writing():
            self._db.execute("INSERT OR IGNORE INTO snippet (words) VALUES (?)", (words.strip(),))

    def remove_snippet(self, snippet: int) -> None:
        """Forget a comment."""
        with self.writing():
            self._db.execute("DELETE FROM snippet WHERE id = ?", (snippet,))

    def has_written(self, file: str, digest: str) -> bool:
        """Whether a table with this digest is what this kit wrote to the file, or a person's that was read."""
        found = self._db.execute(
            "SELECT 1 FROM written WHERE file = ? AND digest = ?", (file, digest)
        )
        return found.fetchone() is not None

    def add_written(self, file: str, digest: str) -> None:
        """Remember what is written to a file."""
        with self.writing():
            self._db.execute("INSERT OR IGNORE INTO written VALUES (?, ?)", (file, digest))

    def _newest_marks(self, task: str | None) -> dict[tuple[str, str], list[Mark]]:
        """Everybody's newest mark that was not taken back, by student and task, oldest first."""
        items = defaultdict(list)
        for mark, *item in self._db.execute(
            "SELECT mark, id, task, points, words FROM mark_item JOIN item ON id = item WHERE NOT removed ORDER BY id"
        ):
            items[mark].append(Item(*item))
        newest: dict[tuple[str, str], dict[str, Mark]] = defaultdict(dict)
        for number, student, name, *row in self._db.execute(
            """SELECT id, student, task, who, at, kind, points, comment, digest FROM mark
               WHERE NOT undone AND (?1 IS NULL OR task = ?1) ORDER BY id""",
            (task,),
        ):
            mark = Mark._make([*row, tuple(items[number])])
            newest[student, name].pop(mark.who, None)
            newest[student, name][mark.who] = mark
        return {key: list(by_person.values()) for key, by_person in newest.items()}


def _finite(points: float) -> float:
    if not math.isfinite(points):
        raise PointsError(f"points of a rubric item must be a number, got {points!r}")
    return float(points)
