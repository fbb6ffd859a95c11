"""Values that the marking page sends, checked."""

import re
from collections.abc import Mapping
from typing import Any

from sheet11.course.errors import PointsError

LONGEST_TEXT = 5000  # characters
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")

Sent = Mapping[str, Any]


def text(sent: Sent, key: str) -> str:
    """A text.

    Raises:
        KeyError: there is none.
        PointsError: it is something else, or too long.
    """
    value = sent[key]
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise PointsError(f"{key} must be a text of at most {LONGEST_TEXT} characters")
    return value.strip()


def points(sent: Sent) -> float | None:
    """Points as a person types them, `0,5` or `−1`; None where the field is empty.

    Raises:
        KeyError: there is no field.
        PointsError: this is no number.
    """
    typed = text(sent, "points")
    number = typed.replace(",", ".").replace("−", "-")
    if number and not NUMBER.fullmatch(number):
        raise PointsError(f"points must be a number, got {typed!r:.40}")
    return float(number) if number else None
