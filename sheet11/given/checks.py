"""Argument checks shared by the public functions: every message names the parameter and quotes the value."""

import math
import sys
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LARGEST = 2**63 - 1  # the largest integer of NumPy and torch


def shown(value: Any) -> str:
    """Return the beginning of a value's repr on one line, for a message."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to convert integers of more than 4300 digits
        text = f"an integer of {value.bit_length()} bits"
    return " ".join(text.split())[:60]


def check_int(name: str, value: Any, minimum: int = 1) -> int:
    """Return `value` as an int, or raise if it is not an integer of at least `minimum`."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {shown(value)}")
    number = int(value)
    if number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {shown(value)}")
    if number > LARGEST:
        raise ValueError(f"{name} must be below 2**63, got {shown(value)}")
    return number


def check_positive(name: str, value: Any) -> float:
    """Return `value` as a float, or raise if it is not a positive finite number."""
    return check_between(
        name,
        value,
        low=math.ulp(0),
        high=sys.float_info.max,
        wanted="be positive and finite",
    )


def check_between(
    name: str,
    value: Any,
    low: float,
    high: float,
    wanted: str,
) -> float:
    """Return `value` as a float, or raise if it is not a number in [low, high]; the message says it must `wanted`."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {shown(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.nan  # larger than every float
    if not low <= number <= high:
        raise ValueError(f"{name} must {wanted}, got {shown(value)}")
    return number


def check_choice(name: str, value: Any, choices: Collection[str]) -> str:
    """Return `value`, or raise if it is not one of `choices`."""
    if value not in choices:
        raise ValueError(
            f"{name} must be one of {', '.join(map(repr, choices))}, got {shown(value)}"
        )
    return str(value)


def check_array(name: str, value: Any, ndim: int = 2) -> Floats:
    """Return `value` as a finite float64 array; raise if it is masked, requires a gradient or has another shape."""
    kind = "vector" if ndim == 1 else "matrix"
    if np.ma.is_masked(value):
        raise ValueError(f"{name} must be a real {kind} without masked entries, got {shown(value)}")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:  # ragged rows; requires a gradient
        raise ValueError(f"{name} must be a real {kind}, got {shown(value)}: {error}") from error
    if array.ndim != ndim or array.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} must be a real {kind}, got shape {array.shape} and dtype {array.dtype}"
        )
    with np.errstate(over="ignore"):  # longdouble may overflow to inf, which the next check refuses
        array = array.astype(np.float64, copy=False)
    for place in np.argwhere(~np.isfinite(array))[:1].tolist():
        raise ValueError(f"{name} must be finite, got {array[*place]} at {place}")
    return array
