"""Large E and Gram matrices: few exponentials, and sums over lags instead of pairs of tokens."""

import math

import numpy as np
from numpy.typing import NDArray

from sheet11.given.checks import Floats
from sheet11.given.conventions import first_position

_BLOCK = 2**16  # complex numbers computed at a time


def positional_encoding(
    n: int,
    p: int,
    convention: str,
    base: float,
    scale: float | None,
) -> Floats:
    """Return E with paired rows, shape (p, n), as `sheet11.encoding.positional_encoding` defines it."""
    E = np.empty((p, n))
    omega = _frequencies(p, convention, base, scale)
    far, near = _turns(omega, first_position(convention), n)
    step = max(1, _BLOCK // n)  # frequencies that fit into the cache
    for start in range(0, len(omega), step):
        rows = slice(start, start + step)
        turns = far[rows, :, None] * near[rows, None, :]  # (step, ⌈n/B⌉, B)
        np.clip(turns.view(float), -1, 1, out=turns.view(float))  # rounding may exceed 1
        wave = turns.reshape(len(turns), -1)[:, :n]
        E[0::2][rows] = wave.imag
        cosine = E[1::2][rows]
        cosine[:] = wave.real[: len(cosine)]
    return E


def gram(
    n: int,
    p: int,
    convention: str,
    base: float,
    scale: float | None,
) -> Floats:
    """Return EᵀE for paired rows, shape (n, n).

    It depends only on the lag i−j, so that the n lags are summed once and copied along the diagonals. An unpaired last
    row s (p odd) adds s sᵀ.
    """
    from scipy.linalg import toeplitz  # imported late: it takes 0.2 s

    omega = _frequencies(p, convention, base, scale)
    far, near = _turns(omega[: p // 2], 0, n)
    by_lag = (far.T @ near).real.ravel()[:n]  # Σ_k cos(ω_k d): the product sums over k
    G: Floats = toeplitz(by_lag)
    if p % 2:
        s = np.sin(omega[-1] * (first_position(convention) + np.arange(n)))
        G += np.outer(s, s)
    return G


def _frequencies(
    p: int,
    convention: str,
    base: float,
    scale: float | None,
) -> Floats:
    """Return ω of each pair of rows, shape (⌈p/2⌉,)."""
    own_scale = p if convention == "vaswani" else 5000
    omega: Floats = base ** (-2 * np.arange((p + 1) // 2) / (scale or own_scale))
    return omega


def _turns(
    omega: Floats,
    first: int,
    n: int,
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return factors of e^{iω(first + aB + b)} = e^{iωaB}·e^{iω(first + b)} with B ≈ √n, to save exponentials.

    Returns:
        Shapes (len(omega), ⌈n/B⌉) and (len(omega), B).
    """
    B = math.isqrt(n - 1) + 1
    far = np.outer(omega, np.arange(0, n, B))
    near = np.outer(omega, first + np.arange(B))
    return np.exp(1j * far), np.exp(1j * near)
