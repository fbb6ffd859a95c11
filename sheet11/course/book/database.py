"""The SQLite file of a grading: made, or found to be what this version wrote."""

import os
import sqlite3
from pathlib import Path

from sheet11.course.errors import StoreError

SCHEMA = Path(__file__).with_name("database.sql")
SCHEMA_VERSION = 2
PATIENCE = 30  # seconds that a writer waits for another one


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, or make it, readable by its owner only; whoever writes to it begins transactions himself.

    Raises:
        StoreError: it is damaged, or another version's.
        OSError: it cannot be made here.
    """
    if (
        not path.exists()
    ):  # to close a file that this process has open would drop the locks that SQLite has on it
        os.close(
            os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        )  # SQLite gives the files beside it the same rights
    database = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA foreign_keys = ON")
        with database:
            database.execute("BEGIN IMMEDIATE")
            _prepare(database, path)
        (problem,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if problem != "ok":
            raise sqlite3.DatabaseError(" ".join(problem.split()))
    except sqlite3.DatabaseError as error:
        database.close()
        raise StoreError(f"{path}, which holds the marks, cannot be read: {error}") from error
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if not version and not database.execute("SELECT 1 FROM sqlite_master").fetchone():
        for statement in SCHEMA.read_text().split(";\n"):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif version != SCHEMA_VERSION:
        raise StoreError(f"{path} is another version's: {version}, this one's is {SCHEMA_VERSION}")
