"""Positional encoding against its definition entry by entry, and the identities of its Gram matrix."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheet11.encoding import gram, positional_encoding, rotation
from sheet11.given.conventions import CONVENTIONS
from sheet11.given.toeplitz import toeplitz_deviation

PAIRED = ("sheet", "vaswani")
law = settings(deadline=None, max_examples=50)
bases = st.floats(1.5, 1e5)
scales = st.none() | st.floats(1, 1e4)


def literal(n, p, convention, base, scale):
    scale = scale or (p if convention == "vaswani" else 5000)
    E = np.empty((p, n))
    for row in range(p):
        for column in range(n):
            position = column if convention == "vaswani" else column + 1
            k, waves = row // 2, [math.sin, math.cos]
            if convention == "submission":
                k, waves = row + 1, [math.cos, math.sin]
            E[row, column] = waves[row % 2](position * base ** (-2 * k / scale))
    return E


@law
@given(st.integers(1, 12), st.integers(1, 13), st.sampled_from(CONVENTIONS), bases, scales)
def test_encoding_and_gram_are_their_definitions(n, p, convention, base, scale):
    arguments = n, p, convention, base, scale
    E = literal(*arguments)
    np.testing.assert_allclose(positional_encoding(*arguments), E, rtol=0, atol=1e-11)
    np.testing.assert_allclose(gram(*arguments), E.T @ E, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("convention", "start", "deviation"),
    [
        ("sheet", [128, 88.8, -3.3, -89.1, -116.1], 0),
        ("vaswani", [128, 124.4, 115.5, 105.4, 97.9], 0),
        ("submission", [127.7, 100.3, 33.2, -38.9, -82.6], 0.98),
    ],
)
def test_gram_has_the_figures_of_the_sheet(convention, start, deviation):
    G = gram(64, 256, convention)
    assert np.round(G[0, :5], 1).tolist() == start
    assert round(toeplitz_deviation(G), 2) == deviation


@law
@given(st.integers(1, 30), st.integers(1, 60), st.sampled_from(PAIRED), bases, scales)
def test_paired_gram_is_toeplitz_with_diagonal_half_p(n, half, convention, base, scale):
    G = gram(n, 2 * half, convention, base, scale)
    assert toeplitz_deviation(G) < 1e-11 * half
    np.testing.assert_allclose(np.diag(G), half, rtol=1e-13)


@law
@given(st.integers(-40, 40), st.integers(1, 12), st.sampled_from(PAIRED), bases, scales)
def test_rotation_shifts_every_position(delta, half, convention, base, scale):
    options = 2 * half, convention, base, scale
    R, E = rotation(delta, *options), positional_encoding(60, *options)
    shifted = R @ E
    if delta >= 0:
        np.testing.assert_allclose(shifted[:, : 60 - delta], E[:, delta:], rtol=0, atol=1e-12)
    else:
        np.testing.assert_allclose(shifted[:, -delta:], E[:, :delta], rtol=0, atol=1e-12)
    np.testing.assert_allclose(R.T @ R, np.eye(2 * half), rtol=0, atol=1e-13)
    np.testing.assert_array_equal(R, R * np.kron(np.eye(half), np.ones((2, 2))))


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(("n", "p"), [(np.int8(100), np.int8(100)), (np.int16(300), np.uint8(250))])
def test_integers_of_any_width(n, p, convention):
    for function in (positional_encoding, gram):
        expected = function(int(n), int(p), convention)
        np.testing.assert_array_equal(function(n, p, convention), expected)
    np.testing.assert_array_equal(rotation(-n, p), rotation(-int(n), int(p)))
