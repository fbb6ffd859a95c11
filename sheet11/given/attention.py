"""Scaled dot-product attention without positions (exercise 1a).

Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2.1.
"""

import numpy as np
from numpy.typing import ArrayLike

from sheet11.given.checks import Floats, check_array


def self_attention(Q: ArrayLike, K: ArrayLike, V: ArrayLike) -> Floats:
    r"""Return V softmax(KᵀQ/√p), scaled dot-product attention without positions; columns are tokens.

    The softmax runs over the keys, so that every column of weights sums to 1. For a permutation matrix Π,
    attention(QΠ, KΠ, VΠ) = attention(Q, K, V) Π.

    Args:
        Q: queries, shape (p, n).
        K: keys, shape (p, n).
        V: values, shape (q, n).

    Returns:
        Shape (q, n).

    Raises:
        ValueError: a matrix is not finite, or the shapes do not match.
    """
    Q = check_array("Q", Q)
    K = check_array("K", K)
    V = check_array("V", V)
    if Q.shape[0] != K.shape[0]:
        raise ValueError(f"K must have as many rows as Q, {Q.shape[0]}, got shape {K.shape}")
    if V.shape[1] != K.shape[1]:
        raise ValueError(f"V must have as many columns as K, {K.shape[1]}, got shape {V.shape}")
    if not K.size:
        raise ValueError(f"K must have at least one row and one column, got shape {K.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        scores = K.T @ Q / np.sqrt(len(Q))
    if not np.isfinite(scores).all():
        raise ValueError("Q and K must be smaller, got a score that overflows")
    weights = np.exp(scores - scores.max(axis=0))  # subtract the maximum: exp cannot overflow
    attended: Floats = V @ (weights / weights.sum(axis=0))
    return attended
