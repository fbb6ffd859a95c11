"""Positional encoding (exercise 1a, 1b): the matrix E, its Gram matrix EᵀE, and what a shift does to them.

Columns are tokens, rows are encoding dimensions, as on the sheet.
Sources: the sheet; Vaswani et al. 2017, arXiv:1706.03762, section 3.5.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sheet11.checks import check_choice, check_int, check_positive
from sheet11.conventions import CONVENTIONS

__solutions__ = ("default_scale", "angular_frequencies", "positional_encoding", "gram", "rotation")
_BLOCK = 2**16  # complex numbers that are worked on at a time


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
        omega = np.exp(-2 * k * np.log(base) / scale)
    if not np.isfinite(omega).all():
        raise ValueError(f"scale must be larger for base={base!r} and p={p}: the frequencies overflow, got {scale!r}")
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
        convention: one of the three above; "submission" is what the source document's code computes.
        base: base of the frequencies, 10 000 on the sheet.
        scale: divisor in the exponent of the frequencies; None is the convention's own.

    Returns:
        E, shape (p, n), float64.

    Raises:
        TypeError, ValueError: a parameter has a wrong type or is out of range.
    """
    n = check_int("n", n)
    omega = angular_frequencies(p, convention, base, scale)
    first = 0 if convention == "vaswani" else 1
    E = np.empty((p, n))
    for rows, wave in _waves(omega, first, n):
        if convention == "submission":
            E[rows][0::2], E[rows][1::2] = wave[0::2].real, wave[1::2].imag
        else:
            sine, cosine = E[0::2][rows], E[1::2][rows]
            sine[:], cosine[:] = wave.imag, wave.real[: len(cosine)]
    return E


def gram(
    n: int, p: int, convention: str = "sheet", base: float = 10_000.0, scale: float | None = None
) -> NDArray[np.float64]:
    r"""Gram matrix EᵀE of the positional encoding.

    For paired rows (EᵀE)_{ij} = Σ_k cos(ω_k(i−j)), which depends on the lag i−j alone: the n lags are summed once
    and written along the diagonals. An unpaired last row s (p odd) adds s sᵀ. The rows of "submission" are not
    paired, and the matrix product serves.

    Args and errors as `positional_encoding`.

    Returns:
        EᵀE, shape (n, n), float64.
    """
    n = check_int("n", n)
    if convention == "submission":
        E = positional_encoding(n, p, convention, base, scale)
        return E.T @ E
    omega = angular_frequencies(p, convention, base, scale)
    far, near = _turns(omega[: p // 2], 0, n)
    by_lag = (far.T @ near).real.ravel()[:n]  # Σ_k cos(ω_k d): the product sums over k
    band = np.concatenate([by_lag[:0:-1], by_lag])  # lags n−1 … 1, 0, 1 … n−1
    G = np.lib.stride_tricks.sliding_window_view(band, n)[::-1].copy()
    if p % 2:
        first = 0 if convention == "vaswani" else 1
        s = np.sin(omega[-1] * np.arange(first, first + n))
        G += np.outer(s, s)
    return G


def rotation(
    delta: int, p: int, convention: str = "sheet", base: float = 10_000.0, scale: float | None = None
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
    omega = angular_frequencies(p, convention, base, scale)
    if p % 2:
        raise ValueError(f"p must be even, got {p!r}: the last row has no partner to be rotated with")
    delta = check_int("delta", delta, minimum=-(2**53))
    sine = np.arange(0, p, 2)
    R = np.zeros((p, p))
    R[sine, sine] = R[sine + 1, sine + 1] = np.cos(omega * delta)
    R[sine, sine + 1] = np.sin(omega * delta)
    R[sine + 1, sine] = -np.sin(omega * delta)
    return R


def _turns(omega: NDArray[np.float64], first: int, n: int) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Factors of e^{iω(first + aB + b)} = e^{iωaB}·e^{iω(first + b)} with B ≈ √n, so that few exponentials are taken.

    Returns:
        Shapes (len(omega), ⌈n/B⌉) and (len(omega), B).
    """
    B = math.isqrt(n - 1) + 1
    return np.exp(1j * np.outer(omega, np.arange(0, n, B))), np.exp(1j * np.outer(omega, first + np.arange(B)))


def _waves(omega: NDArray[np.float64], first: int, n: int) -> Iterator[tuple[slice, NDArray[np.complex128]]]:
    """Yield e^{iω·position} at n positions for a few frequencies at a time, an even number that fits into the cache."""
    far, near = _turns(omega, first, n)
    step = max(2, _BLOCK // n // 2 * 2)
    for start in range(0, len(omega), step):
        rows = slice(start, start + step)
        wave = far[rows, :, None] * near[rows, None, :]  # (step, ⌈n/B⌉, B)
        np.clip(wave.view(float), -1, 1, out=wave.view(float))  # rounding of the product
        yield rows, wave.reshape(len(wave), -1)[:, :n]
