"""The SQLite file of a grading: created, checked, and brought forward to the schema of this version."""

import sqlite3
from pathlib import Path

from sheet11.course.errors import StoreError

# scripts that lead from each version of the schema to the next, for files of any age; each is a transaction
STEPS = [Path(__file__).with_name("schema_1.sql").read_text()]
PATIENCE = 30  # seconds that a writer waits for another


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, or create it, readable by its owner only; its user begins every transaction.

    Raises:
        StoreError: it is damaged, or has the schema of a newer version.
        OSError: it cannot be created here.
    """
    # only if it is missing: closing a file that this process has open would drop SQLite's locks on it
    if not path.exists():
        path.touch(0o600)  # SQLite gives the files beside it the same rights
    database = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA foreign_keys = ON")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > len(STEPS):
            raise sqlite3.DatabaseError(f"its schema has version {version}, not {len(STEPS)}")
        for step in STEPS[version:]:
            database.executescript(step)
        (problem,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if problem != "ok":
            raise sqlite3.DatabaseError(" ".join(problem.split()))
    except sqlite3.DatabaseError as error:
        database.close()
        raise StoreError(f"{path}, which holds the marks, cannot be read: {error}") from error
    return database
