"""Deviation of a matrix from Toeplitz, diagonal by diagonal."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sheet11.given.toeplitz import half_width, lag_profile, toeplitz_deviation

law = settings(deadline=None, max_examples=50)


@law
@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_toeplitz_deviation_and_lag_profile_of_any_matrix(n, seed):
    G = np.random.default_rng(seed).normal(size=(n, n))
    diagonals = {}
    for i in range(n):
        for j in range(n):
            diagonals.setdefault(j - i, []).append(G[i, j])
    assert toeplitz_deviation(G) == max(
        max(entries) - min(entries) for entries in diagonals.values()
    )
    profile = [sum(diagonals[lag]) / (n - lag) for lag in range(n)]
    np.testing.assert_allclose(lag_profile(G), profile, rtol=1e-12, atol=1e-14)


@law
@given(st.integers(1, 8), st.lists(st.floats(-10, 10), min_size=15, max_size=15))
def test_a_toeplitz_matrix_has_no_deviation_and_its_first_row_as_profile(n, band):
    G = [band[n - 1 - i : 2 * n - 1 - i] for i in range(n)]
    assert toeplitz_deviation(G) == 0
    np.testing.assert_allclose(lag_profile(G), G[0], rtol=1e-12, atol=1e-14)


def test_half_width_is_the_first_lag_below_a_quarter_of_p():
    assert half_width([8, 4, 3.9, 1], 16) == 2
    assert half_width([8, 4], 16) is None
    assert half_width([], 16) is None
