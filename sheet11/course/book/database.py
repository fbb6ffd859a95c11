"""The SQLite file of a grading: created, checked, and brought forward to the schema of this version."""

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from sheet11.course.errors import StoreError

# SQL by the version of the schema that it leads to, from the one before
STEPS = {number: Path(__file__).with_name(f"schema_{number}.sql").read_text() for number in (2, 3)}
PATIENCE = 30  # seconds that a writer waits for another


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, or create it, readable by its owner only; its user begins every transaction.

    Raises:
        StoreError: it is damaged, or has the schema of a newer version.
        OSError: it cannot be created here.
    """
    # only if it is missing: closing a file that this process has open would drop SQLite's locks on it
    if not path.exists():
        # SQLite gives the files beside it the same rights
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    database = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA foreign_keys = ON")
        migrate(database, STEPS)
        (problem,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if problem != "ok":
            raise sqlite3.DatabaseError(" ".join(problem.split()))
    except sqlite3.DatabaseError as error:
        database.close()
        raise StoreError(f"{path}, which holds the marks, cannot be read: {error}") from error
    return database


def migrate(database: sqlite3.Connection, steps: Mapping[int, str]) -> None:
    """Take all steps that the file has not taken yet, whole or not at all.

    Raises:
        DatabaseError: the file has taken steps that are not known here.
    """
    with database:
        database.execute("BEGIN IMMEDIATE")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > max(steps):
            raise sqlite3.DatabaseError(
                f"its schema has version {version}, and this sheet11 knows {max(steps)}"
            )
        for number, step in steps.items():
            if number > version:
                for statement in step.split(";\n"):
                    database.execute(statement)
        database.execute(f"PRAGMA user_version = {max(steps)}")
