"""How near a matrix is to Toeplitz, diagonal by diagonal."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheet11.given.toeplitz import half_width, lag_profile, toeplitz_deviation

law = settings(deadline=None, max_examples=50)


def spread(G):
    n = len(G)
    diagonals = [[G[i, i + lag] for i in range(n) if 0 <= i + lag < n] for lag in range(1 - n, n)]
    return max(max(diagonal) - min(diagonal) for diagonal in diagonals)


@law
@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_toeplitz_deviation_and_lag_profile_of_any_matrix(n, seed):
    G = np.random.default_rng(seed).normal(size=(n, n))
    assert toeplitz_deviation(G) == spread(G)
    profile = [sum(G[i, i + lag] for i in range(n - lag)) / (n - lag) for lag in range(n)]
    np.testing.assert_allclose(lag_profile(G), profile, rtol=1e-12, atol=1e-14)


@law
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=19).filter(lambda band: len(band) % 2))
def test_a_toeplitz_matrix_has_no_deviation_and_its_first_row_as_profile(band):
    n = (len(band) + 1) // 2
    G = [[band[n - 1 + j - i] for j in range(n)] for i in range(n)]
    assert toeplitz_deviation(G) == 0
    np.testing.assert_allclose(lag_profile(G), G[0], rtol=1e-12, atol=1e-14)


@law
@given(st.lists(st.floats(-10, 10), max_size=10), st.integers(1, 30))
def test_half_width_is_the_first_lag_below_a_quarter_of_p(profile, p):
    assert half_width(profile, p) == next(
        (lag for lag, value in enumerate(profile) if value < p / 4), None
    )


def test_half_width_is_below_and_not_at_a_quarter_of_p():
    assert half_width([8, 4, 3.9], 16) == 2
    assert half_width([8, 4], 16) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: lag_profile(np.ones((2, 3))),
            r"G must be square and not empty, got shape \(2, 3\)",
        ),
        (
            lambda: lag_profile(np.ones((0, 0))),
            r"G must be square and not empty, got shape \(0, 0\)",
        ),
        (lambda: toeplitz_deviation([[math.nan]]), r"G must be finite, got nan at \[0, 0\]"),
        (lambda: half_width([1.0], 0), "p must be at least 1, got 0"),
        (lambda: half_width([[1.0]], 1), "profile must be a real vector, got shape"),
        (lambda: half_width(np.ma.masked_less([1, 2], 2), 1), "profile must be .* without masked"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
