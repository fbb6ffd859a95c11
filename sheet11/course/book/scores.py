"""The score of a task: points, the status of the answer, and the remark that goes with it."""

from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """The state of an answer, as tables, pages and the marking page show it."""

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
    FAILED = "failed"  # the grading did, not the answer


class Score(NamedTuple):
    """Points for a task, None until a person gives them; the status; and the reason for points not given."""

    points: float | None
    status: Status
    remark: str = ""


def points_text(points: float | None) -> str:
    """Points with at most six decimals and no exponent, as tables have them."""
    return "" if points is None else f"{points:.6f}".rstrip("0").rstrip(".")
