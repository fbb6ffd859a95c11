"""Comparison for check cells."""

from typing import Any

import numpy as np


def expect(got: Any, wanted: Any, law: str) -> None:
    """Raise an error with the law and both results unless they are equal to six digits.

    Raises:
        AssertionError: the results differ.
    """
    got = np.asarray(got, dtype=float)
    if got.shape != np.shape(wanted) or not np.allclose(got, wanted, rtol=1e-6, atol=1e-9):
        raise AssertionError(f"{law}: it must be {np.round(wanted, 6)}, not {got.round(6)}")
