"""Attention scores KᵀQ (exercise 1c, 1d): positions and content, concatenated or added.

Columns are tokens. With K = Q, as on the sheet, Q = [E; X] gives EᵀE + XᵀX; Q = E + X adds a cross term.
Sources: the sheet; Vaswani et al. 2017, arXiv:1706.03762.
"""

import math
import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sheet11.given.checks import Floats, check_array, check_between, check_choice

MODES = ("cat", "add")


class ScoreTerms(NamedTuple):
    """Terms of (E + X)ᵀ(E + X), each of shape (n, n)."""

    EE: Floats
    XX: Floats
    EX: Floats
    XE: Floats


def attention_scores(E: ArrayLike, X: ArrayLike, mode: str = "cat") -> Floats:
    r"""Return the scores KᵀQ with K = Q made of positions E and content X.

    "cat": Q = [E; X], KᵀQ = EᵀE + XᵀX. "add": Q = E + X, KᵀQ = EᵀE + XᵀX + EᵀX + XᵀE.

    Args:
        E: positional encoding, shape (p, n).
        X: content, shape (p, n); in mode "cat" its number of rows may differ from p.
        mode: "cat" or "add".

    Returns:
        Shape (n, n).

    Raises:
        ValueError: the mode is unknown, a matrix is not finite, or the shapes do not match.
    """
    check_choice("mode", mode, MODES)
    E, X = _tokens(E, X, same_rows=mode == "add")
    Q = np.concatenate([E, X]) if mode == "cat" else E + X
    return Q.T @ Q


def score_terms(E: ArrayLike, X: ArrayLike) -> ScoreTerms:
    """Return the terms EᵀE, XᵀX, EᵀX and XᵀE, whose sum is `attention_scores(E, X, "add")`.

    Args:
        E: positional encoding, shape (p, n).
        X: content, shape (p, n).

    Raises:
        ValueError: a matrix is not finite, or the shapes differ.
    """
    E, X = _tokens(E, X, same_rows=True)
    EX = E.T @ X
    return ScoreTerms(E.T @ E, X.T @ X, EX, EX.T)


def predict_cross_term(E: ArrayLike, sigma: float) -> tuple[float, float]:
    r"""Return the standard deviations of the entries of C = EᵀX + XᵀE for X with i.i.d. N(0, σ²) entries.

    C_ij = e_i·x_j + x_i·e_j has mean 0 and variance σ²(|e_i|² + |e_j|²) off the diagonal, 4σ²|e_i|² on it. Averaged
    over the entries these are 2σ²m and 4σ²m, with m the mean of |e_i|². Paired rows have |e_i|² = p/2 exactly, so the
    standard deviations are then √p·σ and √(2p)·σ.

    Args:
        E: shape (p, n).
        sigma: standard deviation of the entries of X.

    Returns:
        Standard deviations off the diagonal and on it.

    Raises:
        ValueError: E is not a finite matrix with at least one entry, or sigma is negative or not finite.
    """
    E = check_array("E", E)
    if not E.size:
        raise ValueError(f"E must not be empty, got shape {E.shape}")
    sigma = check_between("sigma", sigma, 0, sys.float_info.max, "be finite and not negative")
    length = math.hypot(*E.flat) / math.sqrt(E.shape[1])  # root mean square of |e_i|
    if math.isinf(2 * length * sigma):
        raise ValueError(f"sigma must be smaller for an E with |e_i| near {length}, got {sigma}")
    return math.sqrt(2) * length * sigma, 2 * length * sigma


def _tokens(E: ArrayLike, X: ArrayLike, same_rows: bool) -> tuple[Floats, Floats]:
    """Return E and X as matrices, or raise if their shapes do not match."""
    E, X = check_array("E", E), check_array("X", X)
    if same_rows and E.shape != X.shape:
        raise ValueError(f"X must have the shape of E, {E.shape}, to be added to it, got {X.shape}")
    if E.shape[1] != X.shape[1]:
        raise ValueError(f"X must have as many columns as E, {E.shape[1]}, got shape {X.shape}")
    return E, X
