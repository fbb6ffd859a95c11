"""Positional encoding (exercise 1a, 1b): the matrix E, its Gram matrix EᵀE, and what a shift does to them.

Columns are tokens, rows are encoding dimensions, as on the sheet.
Sources: the sheet; Vaswani et al. 2017, arXiv:1706.03762, section 3.5.
"""

import numpy as np
from numpy.typing import NDArray

from sheet11.given.checks import check_choice, check_int, check_positive
from sheet11.given.conventions import CONVENTIONS, first_position
from sheet11.large import encoding as large

LARGE = 2**15  # entries of E; above, `large` gives the same in a fraction of the time


def default_scale(p: int, convention: str = "sheet") -> float:
    """The convention's own divisor in the exponent of the frequencies: p for "vaswani", 5000 otherwise."""
    check_choice("convention", convention, CONVENTIONS)
    return float(check_int("p", p)) if convention == "vaswani" else 5000.0


def angular_frequencies(
    p: int, convention: str = "sheet", base: float = 10_000.0, scale: float | None = None
) -> NDArray[np.float64]:
    r"""Angular frequencies ω in radians per position.

    Paired conventions: ω_k = base^(−2k/scale), k = 0 … ⌈p/2⌉−1, each shared by rows 2k and 2k+1.
    `submission`: ω_r = base^(−2r/scale), r = 1 … p, one for each row.

    Args:
        p: number of rows of E.
        convention: "sheet", "submission" or "vaswani" (see `positional_encoding`).
        base: the number raised to the exponent.
        scale: divisor in the exponent; None is the convention's own, 5000 or, for "vaswani", p.

    Returns:
        Shape (⌈p/2⌉,), or (p,) for "submission".

    Raises:
        TypeError, ValueError: a parameter has a wrong type or is out of range.
    """
    p = check_int("p", p)
    check_choice("convention", convention, CONVENTIONS)
    base = check_positive("base", base)
    scale = default_scale(p, convention) if scale is None else check_positive("scale", scale)
    k = np.arange(1, p + 1) if convention == "submission" else np.arange((p + 1) // 2)
    with np.errstate(over="ignore"):
        omega: NDArray[np.float64] = np.exp(-2 * k * np.log(base) / scale)
    if not np.isfinite(omega).all():
        raise ValueError(
            f"scale must be larger for base={base!r} and p={p}: the frequencies overflow, got {scale!r}"
        )
    return omega


def positional_encoding(
    n: int, p: int, convention: str = "sheet", base: float = 10_000.0, scale: float | None = None
) -> NDArray[np.float64]:
    r"""Sinusoidal positional encoding E.

    Paired conventions: E_{2k,i} = sin(i·ω_k), E_{2k+1,i} = cos(i·ω_k); if p is odd, the last row is an
    unpaired sine. `submission`: row r, counted from 1, is sin(i·ω_r) where r is even and cos(i·ω_r) where r is odd.

    | convention | positions i | frequencies         | default scale |
    |------------|-------------|---------------------|---------------|
    | sheet      | 1 … n       | one per pair of rows | 5000         |
    | submission | 1 … n       | one per row          | 5000         |
    | vaswani    | 0 … n−1     | one per pair of rows | p            |

    Args:
        n: number of tokens.
        p: number of rows.
        convention: one of the three above; "submission" takes the k of the formula for the row.
        base: base of the frequencies, 10 000 on the sheet.
        scale: divisor in the exponent of the frequencies; None is the convention's own.

    Returns:
        E, shape (p, n), float64.

    Raises:
        TypeError, ValueError: a parameter has a wrong type or is out of range.
    """
    n = check_int("n", n)
    omega = angular_frequencies(p, convention, base, scale)
    if n * p > LARGE:
        return large.positional_encoding(omega, n, p, convention)
    i = first_position(convention) + np.arange(n)
    E = np.empty((p, n))
    if convention == "submission":
        E[0::2] = np.cos(np.outer(omega[0::2], i))  # r = 1, 3, …
        E[1::2] = np.sin(np.outer(omega[1::2], i))  # r = 2, 4, …
    else:
        E[0::2] = np.sin(np.outer(omega, i))  # rows 2k
        E[1::2] = np.cos(np.outer(omega[: p // 2], i))  # rows 2k+1
    return E


def gram(
    n: int, p: int, convention: str = "sheet", base: float = 10_000.0, scale: float | None = None
) -> NDArray[np.float64]:
    r"""Gram matrix EᵀE of the positional encoding.

    For paired rows, p even, (EᵀE)_{ij} = Σ_k cos(ω_k(i−j)), which depends on the lag i−j alone.

    Args and errors as `positional_encoding`.

    Returns:
        EᵀE, shape (n, n), float64.
    """
    n = check_int("n", n)
    omega = angular_frequencies(p, convention, base, scale)
    if n * p > LARGE and convention != "submission":
        return large.gram(omega, n, p, convention)
    E = positional_encoding(n, p, convention, base, scale)
    return E.T @ E


def rotation(
    delta: int,
    p: int,
    convention: str = "sheet",
    base: float = 10_000.0,
    scale: float | None = None,
) -> NDArray[np.float64]:
    r"""The rotation R_δ that shifts every position by δ: E_{:,i+δ} = R_δ E_{:,i}, the same R_δ for every i.

    R_δ is block-diagonal with blocks [[cos ω_kδ, sin ω_kδ], [−sin ω_kδ, cos ω_kδ]], from the addition theorems.

    Args:
        delta: the shift in positions, of either sign.
        p: number of rows; even, because an unpaired row cannot be rotated.
        convention: a paired one, "sheet" or "vaswani".
        base: as for `positional_encoding`.
        scale: as for `positional_encoding`.

    Returns:
        R_δ, shape (p, p), float64, orthogonal.

    Raises:
        ValueError: p is odd, or the convention has no pairs.
    """
    check_choice("convention", convention, ("sheet", "vaswani"))
    angle = angular_frequencies(p, convention, base, scale) * check_int(
        "delta", delta, minimum=-(2**53)
    )
    if p % 2:
        raise ValueError(
            f"p must be even, got {p!r}: the last row has no partner to be rotated with"
        )
    R = np.zeros((p, p))
    sine, cosine = np.arange(0, p, 2), np.arange(1, p, 2)  # rows 2k and 2k+1
    R[sine, sine], R[sine, cosine] = np.cos(angle), np.sin(angle)
    R[cosine, sine], R[cosine, cosine] = -np.sin(angle), np.cos(angle)
    return R
