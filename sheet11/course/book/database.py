"""The SQLite file of a grading: create it, check it, and upgrade it to the newest schema."""

import sqlite3
from pathlib import Path

from sheet11.course.errors import StoreError

# scripts that upgrade the schema from each version to the next; `;` ends a line only where it ends a statement
STEPS = [Path(__file__).with_name("schema_1.sql").read_text()]
PATIENCE = 30  # seconds to wait for another writer


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, or create it, readable by its owner only; callers begin every transaction.

    Raises:
        StoreError: it is damaged or has a newer schema.
        OSError: it cannot be created here.
    """
    # only if missing: closing a file that this process has open drops SQLite's locks on it
    if not path.exists():
        path.touch(0o600)  # SQLite gives its journal files the same permissions
    database = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        database.executescript("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;")
        if _version(database) < len(STEPS):
            _upgrade(database)
        if _version(database) > len(STEPS):
            raise sqlite3.DatabaseError(f"its schema is newer than version {len(STEPS)}")
        (problem,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if problem != "ok":
            raise sqlite3.DatabaseError(" ".join(problem.split()))
    except sqlite3.DatabaseError as error:
        database.close()
        raise StoreError(f"{path}, which holds the marks, cannot be read: {error}") from error
    return database


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    return version


def _upgrade(database: sqlite3.Connection) -> None:
    """Bring the schema to the newest version in one transaction, unless another process has done so meanwhile."""
    database.execute("BEGIN IMMEDIATE")
    for step in STEPS[_version(database) :]:
        for statement in step.split(";\n"):
            database.execute(statement)
    database.execute("COMMIT")
