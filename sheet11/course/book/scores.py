"""The score of a task: points, status of the answer, and a remark."""

from enum import StrEnum
from typing import NamedTuple

ROUNDING = 5e-7  # tables and pages show points with six decimals


class Status(StrEnum):
    """State of an answer, as tables and pages show it."""

    CORRECT = "correct"
    PARTIAL = "partial"
    WRONG = "wrong"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    NOT_ANSWERED = "not answered"
    TO_READ = "to read"
    READ = "read"
    OVERRIDDEN = "overridden"
    EXCUSED = "excused"
    FAILED = "failed"  # the grading failed, not the answer


class Score(NamedTuple):
    """Points for a task, None until a person gives them; the status; and the reason for missing points."""

    points: float | None
    status: Status
    remark: str = ""


def number_in(text: str) -> float:
    """Parse a number as people type it, such as `0,5` or `−1`.

    Raises:
        ValueError: it is not a number.
    """
    return float(text.replace(",", ".").replace("−", "-"))


def points_text(points: float | None) -> str:
    """Return points for tables, with at most six decimals and no exponent."""
    return "" if points is None else f"{points:.6f}".rstrip("0").rstrip(".")
