"""Distance of a matrix from a Toeplitz matrix, whose entries depend only on j−i (exercise 1b)."""

import numpy as np
from numpy.typing import ArrayLike

from sheet11.given.checks import Floats, check_array, check_int


def lag_profile(G: ArrayLike) -> Floats:
    """Return the mean of a square matrix along each diagonal: entry d is the mean of G_{i,i+d} over i.

    Args:
        G: shape (n, n).

    Returns:
        Shape (n,), for the lags 0 … n−1.

    Raises:
        ValueError: G is not square.
    """
    G = _square(G)
    return np.array([np.diagonal(G, d).mean() for d in range(len(G))])


def toeplitz_deviation(G: ArrayLike) -> float:
    """Return the largest spread along a diagonal: max over the lags d of max_i G_{i,i+d} − min_i G_{i,i+d}.

    It is 0 exactly when G is Toeplitz, that is, when G_ij depends only on j−i.

    Raises:
        ValueError: G is not square.
    """
    G = _square(G)
    diagonals = [np.diagonal(G, d) for d in range(1 - len(G), len(G))]
    return float(max(map(np.ptp, diagonals)))


def half_width(profile: ArrayLike, p: int) -> int | None:
    """Return the smallest lag at which a lag profile is below half of p/2, the value of paired rows at lag 0.

    Args:
        profile: shape (n,), from `lag_profile`.
        p: number of rows of E.

    Returns:
        Lag, or None if the profile stays above.
    """
    profile = check_array("profile", profile, ndim=1)
    below = np.flatnonzero(profile < check_int("p", p) / 4)
    return int(below[0]) if below.size else None


def _square(G: ArrayLike) -> Floats:
    G = check_array("G", G)
    if G.shape[0] != G.shape[1] or not G.size:
        raise ValueError(f"G must be square and not empty, got shape {G.shape}")
    return G
