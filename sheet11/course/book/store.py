"""The store of a grading: tasks, answers, results and marks.

`sheet11 grade`, `sheet11 read-points` and the marking page may write to `OUT/grading.sqlite` at the same time; tables
and pages are made from it. Marks and the answers they refer to are never deleted.
"""

import contextlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.book.database import connect
from sheet11.course.book.marks import Answer, Entry, Item, Mark, Task, check_mark, score_of
from sheet11.course.book.scores import Score, Status
from sheet11.course.errors import FolderError, PointsError, StoreError
from sheet11.course.files import make_private
from sheet11.course.text import encodable

DATABASE = "grading.sqlite"
# the marks that a person set last, all at once
NEWEST = """who = ?1 AND task = ?2 AND at = (
    SELECT at FROM mark WHERE who = ?1 AND task = ?2 AND NOT undone ORDER BY id DESC LIMIT 1)"""


def student_folder(out: Path, student: str) -> Path:
    """Return the folder of a student's executed notebooks and feedback page."""
    return out / "students" / student


class Result(NamedTuple):
    """The grading of one student, without the scores, which are stored with the answers."""

    key: str  # equal keys mean equal results
    error: str | None  # why the grading failed
    seconds: float = 0.0
    draw: int = 0  # number of the drawn parameters, in the column `drawing`


class Store(contextlib.ExitStack):
    """The open file, as a context manager that closes it.

    Args:
        out: folder of a grading.
        create: create the file if it is missing.

    Raises:
        FolderError: the file is missing and `create` is False.
        StoreError: the file is damaged or of a newer version.
        OSError: the file cannot be created.
    """

    def __init__(self, out: Path, create: bool = True) -> None:
        super().__init__()
        self.path = out / DATABASE
        if not create and not (self.path.exists() and self.path.stat().st_size):
            raise FolderError(f"{out} holds no grading")
        make_private(out)
        self._db = connect(self.path)
        self.callback(self._db.close)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Run the block as a transaction: written whole or not at all, without other writers; may be nested.

        Raises:
            StoreError: the disk is full, or another process has locked the file for long.
        """
        if self._db.in_transaction:
            yield
            return
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        finally:
            self._db.rollback()  # nothing if it is committed

    def _execute(self, statement: str, *values: Any) -> list[Any]:
        """Execute a statement and return its rows; half characters are escaped; errors as for `writing`.

        Raises:
            TypeError, OverflowError: a value is of another type, or a number that is too large.
        """
        values = tuple(encodable(each) if isinstance(each, str) else each for each in values)
        try:
            return self._db.execute(statement, values).fetchall()
        except (sqlite3.ProgrammingError, sqlite3.InterfaceError) as error:
            raise TypeError(f"cannot be stored: {error}") from error
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.path} cannot be read or written: {error}") from error

    def version(self) -> str:
        """Return a text that changes after every write by any connection."""
        ((others,),) = self._execute("PRAGMA data_version")
        return f"{others}.{self._db.total_changes}"

    # written by the grading

    def set_about(self, **facts: Any) -> None:
        """Store facts about the grading by name, as JSON."""
        for name, value in facts.items():
            self._execute("INSERT OR REPLACE INTO about VALUES (?, ?)", name, json.dumps(value))

    def about(self) -> dict[str, Any]:
        """Return facts about the grading, such as its title and seed."""
        return {name: json.loads(value) for name, value in self._execute("SELECT * FROM about")}

    def begin(self, tasks: Iterable[Task]) -> None:
        """Replace all tasks, and remove answers to others; results and marks stay."""
        with self.writing():
            self._execute("PRAGMA defer_foreign_keys = ON")
            self._execute("DELETE FROM task")
            for task in tasks:
                self._execute("INSERT INTO task VALUES (?, ?, ?, ?, ?, ?, ?)", *task)
            self._execute("DELETE FROM answer WHERE task NOT IN (SELECT name FROM task)")

    def keep(self, student: str, result: Result, answers: Iterable[Answer]) -> None:
        """Replace a student's result and answers; marks and the content they refer to stay."""
        with self.writing():
            self._execute("DELETE FROM answer WHERE student = ?", student)
            for answer in answers:
                digest, attachments = answer.digest, json.dumps(answer.attachments)
                self._execute(
                    "INSERT OR IGNORE INTO content VALUES (?, ?, ?)",
                    *(digest, answer.source, attachments),
                )
                self._execute(
                    "INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?)",
                    *(student, answer.task, digest, answer.points, answer.status, answer.remark),
                )
            self._execute("INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?)", student, *result)

    def results(self) -> dict[str, Result]:
        """Return the result of each student."""
        query = "SELECT * FROM result ORDER BY student"
        return {student: Result(*row) for student, *row in self._execute(query)}

    # tasks and answers

    def tasks(self) -> list[Task]:
        """Return all tasks, in the order of the sheet."""
        return [Task(*row) for row in self._execute("SELECT * FROM task ORDER BY rowid")]

    def task(self, name: str) -> Task:
        """Return a task.

        Raises:
            PointsError: there is none of this name.
        """
        for row in self._execute("SELECT * FROM task WHERE name = ?", name):
            return Task(*row)
        raise PointsError(f"there is no task {name!r}")

    def content(self, digest: str) -> tuple[str, dict[str, Any]]:
        """Return source and attachments of an answer, or of an earlier one that was marked."""
        query = "SELECT source, attachments FROM content WHERE digest = ?"
        ((source, attachments),) = self._execute(query, digest)
        return source, json.loads(attachments)

    def entries(self, task: str | None = None) -> list[Entry]:
        """Return the answers to a task, or to all, sorted by student and in the order of the tasks."""
        marks = self._marks(task)
        tasks = {each.name: each for each in self.tasks()}
        rows = self._execute(
            """WITH excused AS MATERIALIZED
                   (SELECT own.key AS who, each.value ->> 'excused' AS what
                    FROM about, json_each(about.value) AS own, json_each(own.value) AS each
                    WHERE name = 'adjusted')
               SELECT student, answer.task, digest, answer.points, status, remark,
                      (SELECT json_group_array(who) FROM flag
                       WHERE (flag.student, flag.task) = (answer.student, answer.task)),
                      EXISTS (SELECT 1 FROM excused WHERE who = student AND what IN (answer.task, 'sheet'))
               FROM answer JOIN task ON task.name = answer.task
               WHERE ?1 IS NULL OR answer.task = ?1 ORDER BY student, task.rowid""",
            task,
        )
        found = []
        for student, name, digest, points, status, remark, flags, excused in rows:
            graded = Score(points, Status(status), remark)
            about = (marks[student, name], json.loads(flags), excused)
            entry = Entry(student, tasks[name], digest, graded, graded, *about)
            found.append(entry._replace(score=score_of(entry)))
        return found

    def _marks(self, task: str | None) -> dict[tuple[str, str], list[Mark]]:
        """Return the marks that were not undone, by student and task, oldest first."""
        marks = defaultdict(list)
        for student, name, items, *row, graded, maximum in self._execute(
            """SELECT student, mark.task,
                      json_group_array(json_array(item.id, json(printf('%!.17g', item.points)), words))
                      FILTER (WHERE item.id), -- json_array would round the points to 15 digits
                      who, at, mark.points, comment, digest, graded, maximum
               FROM mark LEFT JOIN json_each(items) LEFT JOIN item ON item.id = value AND NOT removed
               WHERE NOT undone AND (?1 IS NULL OR mark.task = ?1)
               GROUP BY mark.id ORDER BY mark.id""",
            task,
        ):
            own = sorted(Item(*item) for item in json.loads(items))
            marks[student, name].append(Mark._make([*row, own, graded, maximum]))
        return marks

    # marks

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
    ) -> None:
        """Add a person's mark on the equal answers of one or more students; one `undo` takes it back.

        Args:
            students: students with this answer.
            task: its name.
            who: the person who marks.
            points: in addition to the items'; without points and items, the mark is only a comment.
            comment: for the student.
            items: ids of rubric items.
            digest: of the answer that was read; None is the current answer.
            amend: replace the person's newest mark of the task if it is for the same students.

        Raises:
            PointsError: the points are out of range, an automatic score is changed without a reason, or the answer,
                task or item does not exist.
        """
        at = datetime.now(UTC).isoformat()
        with self.writing():
            check_mark(self.task(task), points, comment, bool(items))
            if unknown := set(items) - {item.id for item in self.items(task)}:
                raise PointsError(f"the rubric of {task} has no item {min(unknown)}")
            newest = self._execute(f"SELECT student FROM mark WHERE {NEWEST}", who, task)
            if amend and {student for (student,) in newest} == set(students):
                self.undo(who, task)
            for student in students:
                added = self._execute(
                    """INSERT INTO mark
                           (student, task, who, at, points, comment, digest, items, graded, maximum)
                       SELECT student, task, ?, ?, ?, ?, coalesce(?, digest), ?, answer.points, task.points
                       FROM answer JOIN task ON name = task WHERE student = ? AND task = ? RETURNING id""",
                    *(who, at, points, comment, digest, json.dumps(list(items)), student, task),
                )
                if not added:
                    raise PointsError(f"there is no answer of {student!r} to {task}")

    def undo(self, who: str, task: str) -> set[str]:
        """Take back a person's newest mark on a task; return its students."""
        take_back = f"UPDATE mark SET undone = 1 WHERE {NEWEST} RETURNING student"
        return {student for (student,) in self._execute(take_back, who, task)}

    # rubrics, flags and snippets

    def items(self, task: str, removed: bool = False) -> list[Item]:
        """Return the rubric items of a task, oldest first; `removed` includes removed ones."""
        query = """SELECT id, points, words FROM item
                   WHERE task = ? AND (? OR NOT removed) ORDER BY id"""
        return [Item(*row) for row in self._execute(query, task, removed)]

    def set_item(self, task: str, points: float, words: str, item: int | None = None) -> None:
        """Add an item to a task's rubric, or change one, removed or not, for every mark that has it."""
        self._execute(
            """INSERT INTO item (id, task, points, words) VALUES (?, ?, ?, ?)
               ON CONFLICT (id) DO UPDATE
               SET points = excluded.points, words = excluded.words, removed = 0""",
            *(item, task, points, words),
        )

    def remove_item(self, item: int) -> None:
        """Remove an item from its rubric and from every mark that has it."""
        self._execute("UPDATE item SET removed = 1 WHERE id = ?", item)

    def set_flag(
        self, students: Collection[str], task: str, who: str, flagged: bool = True
    ) -> None:
        """Set or remove a person's flag on students' answers, to come back to them later."""
        change = "INSERT OR IGNORE INTO flag SELECT value, ?2, ?3 FROM json_each(?1)"
        if not flagged:
            change = """DELETE FROM flag WHERE student IN (SELECT value FROM json_each(?1))
                        AND (task, who) = (?2, ?3)"""
        self._execute(change, json.dumps(list(students)), task, who)

    def snippets(self) -> list[tuple[int, str]]:
        """Return the comments kept for reuse, as (id, words)."""
        return self._execute("SELECT id, words FROM snippet ORDER BY id")

    def add_snippet(self, words: str) -> None:
        """Keep a comment for reuse."""
        self._execute("INSERT OR IGNORE INTO snippet (words) VALUES (?)", words)

    def remove_snippet(self, snippet: int) -> None:
        """Remove a comment."""
        self._execute("DELETE FROM snippet WHERE id = ?", snippet)

    # written tables

    def has_written(self, digest: str) -> bool:
        """Return whether a table with this digest was written or read."""
        return bool(self._execute("SELECT 1 FROM written WHERE digest = ?", digest))

    def add_written(self, digest: str) -> None:
        """Remember the digest of a table that was written or read."""
        self._execute("INSERT OR IGNORE INTO written VALUES (?)", digest)
