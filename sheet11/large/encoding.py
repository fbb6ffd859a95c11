"""E and its Gram matrix where they are large: few exponentials, and sums over lags instead of over pairs of tokens."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sheet11.given.conventions import first_position

_BLOCK = 2**16  # complex numbers that are worked on at a time


def positional_encoding(
    omega: NDArray[np.float64], n: int, p: int, convention: str
) -> NDArray[np.float64]:
    """E of shape (p, n) from its frequencies, see `sheet11.encoding.positional_encoding`."""
    E = np.empty((p, n))
    for rows, wave in _waves(omega, first_position(convention), n):
        if convention == "submission":
            E[rows][0::2], E[rows][1::2] = wave[0::2].real, wave[1::2].imag
        else:
            sine, cosine = E[0::2][rows], E[1::2][rows]
            sine[:], cosine[:] = wave.imag, wave.real[: len(cosine)]
    return E


def gram(omega: NDArray[np.float64], n: int, p: int, convention: str) -> NDArray[np.float64]:
    """EᵀE of paired rows, shape (n, n), from the frequencies.

    It depends on the lag i−j alone: the n lags are summed once and written along the diagonals. An unpaired last row s
    (p odd) adds s sᵀ.
    """
    far, near = _turns(omega[: p // 2], 0, n)
    by_lag = (far.T @ near).real.ravel()[:n]  # Σ_k cos(ω_k d): the product sums over k
    band = np.concatenate([by_lag[:0:-1], by_lag])  # lags n−1 … 1, 0, 1 … n−1
    G = np.lib.stride_tricks.sliding_window_view(band, n)[::-1].copy()
    if p % 2:
        s = np.sin(omega[-1] * (first_position(convention) + np.arange(n)))
        G += np.outer(s, s)
    return G


def _turns(
    omega: NDArray[np.float64], first: int, n: int
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Factors of e^{iω(first + aB + b)} = e^{iωaB}·e^{iω(first + b)} with B ≈ √n, so that few exponentials are taken.

    Returns:
        Shapes (len(omega), ⌈n/B⌉) and (len(omega), B).
    """
    B = math.isqrt(n - 1) + 1
    return np.exp(1j * np.outer(omega, np.arange(0, n, B))), np.exp(
        1j * np.outer(omega, first + np.arange(B))
    )


def _waves(
    omega: NDArray[np.float64], first: int, n: int
) -> Iterator[tuple[slice, NDArray[np.complex128]]]:
    """Yield e^{iω·position} at n positions for a few frequencies at a time, an even number that fits into the cache."""
    far, near = _turns(omega, first, n)
    step = max(2, _BLOCK // n // 2 * 2)
    for start in range(0, len(omega), step):
        rows = slice(start, start + step)
        wave = far[rows, :, None] * near[rows, None, :]  # (step, ⌈n/B⌉, B)
        np.clip(wave.view(float), -1, 1, out=wave.view(float))  # rounding of the product
        yield rows, wave.reshape(len(wave), -1)[:, :n]
