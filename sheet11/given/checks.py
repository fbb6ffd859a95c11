"""Argument checks shared by the public functions: every message names the parameter and quotes the value."""

from collections.abc import Collection
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_int(name: str, value: Any, minimum: int = 1) -> int:
    """Return `value` as an int, or raise if it is no integer of at least `minimum`."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value!r}")
    return int(value)


def check_positive(name: str, value: Any) -> float:
    """Return `value` as a float, or raise if it is no finite number above zero."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    number = float(value)
    if not 0 < number < float("inf"):
        raise ValueError(f"{name} must be positive and finite, got {value!r}")
    return number


def check_between(name: str, value: Any, low: float, high: float, wanted: str) -> float:
    """Return `value` as a float, or raise if it is no number in [low, high]; `wanted` says so in words."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    number = float(value)
    if not low <= number <= high:
        raise ValueError(f"{name} must {wanted}, got {value!r}")
    return number


def check_choice(name: str, value: Any, choices: Collection[str]) -> str:
    """Return `value`, or raise if it is none of `choices`."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    return str(value)


def check_matrix(name: str, value: Any) -> NDArray[np.float64]:
    """Return `value` as a float64 matrix, or raise if it is not two-dimensional and finite."""
    try:
        matrix = np.asarray(value)
    except ValueError as error:  # rows of different length
        raise ValueError(f"{name} must be a real matrix, got {value!r:.60}") from error
    if matrix.ndim != 2 or matrix.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} must be a real matrix, got shape {matrix.shape} and dtype {matrix.dtype}"
        )
    if not np.isfinite(matrix).all():
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        raise ValueError(f"{name} must be finite, got {matrix[row, column]} at [{row}, {column}]")
    return matrix.astype(np.float64, copy=False)
