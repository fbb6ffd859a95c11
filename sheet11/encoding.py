"""Positional encoding (exercise 1a, 1b): the matrix E, its Gram matrix EᵀE, and the rotation that shifts E.

Columns are tokens, rows are encoding dimensions, as on the sheet.
Sources: the sheet; Vaswani et al. 2017, arXiv:1706.03762, section 3.5.
"""

import sys

import numpy as np

from sheet11.given.checks import Floats, check_between, check_choice, check_int, check_positive
from sheet11.given.conventions import CONVENTIONS
from sheet11.large import encoding as large

LARGE = 2**15  # entries of E, above which `large` computes the same result much faster


def positional_encoding(
    n: int, p: int, convention: str = "sheet", base: float = 10_000.0, scale: float | None = None
) -> Floats:
    r"""Return the sinusoidal positional encoding E.

    Paired conventions: E_{2k,i} = sin(i·ω_k), E_{2k+1,i} = cos(i·ω_k) with ω_k = base^(−2k/scale); if p is odd, the
    last row is an unpaired sine. `submission`: row r, counted from 1, has its own frequency ω_r = base^(−2r/scale)
    and is sin(i·ω_r) for even r and cos(i·ω_r) for odd r.

    | convention | positions i | frequencies         | default scale |
    |------------|-------------|---------------------|---------------|
    | sheet      | 1 … n       | one per pair of rows | 5000         |
    | submission | 1 … n       | one per row          | 5000         |
    | vaswani    | 0 … n−1     | one per pair of rows | p            |

    Args:
        n: number of tokens.
        p: number of rows.
        convention: one of the three above; "submission" reads k in the formula as the row number.
        base: base of the frequencies, 10 000 on the sheet, at least 1.
        scale: divisor in the exponent of the frequencies; None for the default of the convention.

    Returns:
        E, shape (p, n), float64.

    Raises:
        TypeError, ValueError: a parameter has a wrong type or is out of range.
    """
    n, p, base, scale = _checked(n, p, convention, base, scale)
    if n * p > LARGE and convention != "submission":
        return large.positional_encoding(n, p, convention, base, scale)
    if convention == "vaswani":
        position, own_scale = np.arange(n), p
    else:
        position, own_scale = np.arange(1, n + 1), 5000
    row = np.arange(p)[:, None]
    k, sine = row // 2, row % 2 == 0
    if convention == "submission":  # one frequency per row, cosine first
        k, sine = row + 1, row % 2 == 1
    angle = position * base ** (-2 * k / (scale or own_scale))  # (p, n)
    return np.where(sine, np.sin(angle), np.cos(angle))


def gram(
    n: int, p: int, convention: str = "sheet", base: float = 10_000.0, scale: float | None = None
) -> Floats:
    r"""Return the Gram matrix EᵀE of the positional encoding.

    For paired rows and even p, (EᵀE)_{ij} = Σ_k cos(ω_k(i−j)), which depends only on the lag i−j.

    Arguments and errors are those of `positional_encoding`.

    Returns:
        EᵀE, shape (n, n), float64.
    """
    n, p, base, scale = _checked(n, p, convention, base, scale)
    if n * p > LARGE and convention != "submission":
        return large.gram(n, p, convention, base, scale)
    E = positional_encoding(n, p, convention, base, scale)
    return E.T @ E


def rotation(
    delta: int,
    p: int,
    convention: str = "sheet",
    base: float = 10_000.0,
    scale: float | None = None,
) -> Floats:
    r"""Return the rotation R_δ that shifts every position by δ: E_{:,i+δ} = R_δ E_{:,i} for every i.

    By the addition theorems R_δ is block-diagonal with blocks [[cos ω_kδ, sin ω_kδ], [−sin ω_kδ, cos ω_kδ]].

    Args:
        delta: shift in positions, of either sign.
        p: number of rows; even, because an unpaired row cannot be rotated.
        convention: "sheet" or "vaswani", which have paired rows.
        base: as for `positional_encoding`.
        scale: as for `positional_encoding`.

    Returns:
        R_δ, shape (p, p), float64, orthogonal.

    Raises:
        ValueError: p is odd, or the convention has no paired rows.
    """
    check_choice("convention", convention, ("sheet", "vaswani"))
    delta = check_int("delta", delta, minimum=-(2**53))
    _, p, base, scale = _checked(1, p, convention, base, scale)
    if p % 2:
        raise ValueError(f"p must be even, got {p}: the last row has no partner to be rotated with")
    own_scale = p if convention == "vaswani" else 5000
    R = np.zeros((p, p))
    for k in range(p // 2):
        angle = delta * base ** (-2 * k / (scale or own_scale))
        cosine, sine = np.cos(angle), np.sin(angle)
        R[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = [[cosine, sine], [-sine, cosine]]
    return R


def _checked(
    n: int, p: int, convention: str, base: float, scale: float | None
) -> tuple[int, int, float, float | None]:
    """Return n, p, base and scale as Python numbers, or raise if one is out of range."""
    n, p = check_int("n", n), check_int("p", p)
    check_choice("convention", convention, CONVENTIONS)
    base = check_between("base", base, 1, sys.float_info.max, "be finite and at least 1")
    if scale is not None:
        scale = check_positive("scale", scale)
    return n, p, base, scale
