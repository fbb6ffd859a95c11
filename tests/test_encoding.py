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


def literal(n, p, convention, base=10_000.0, scale=None):
    scale = scale or (p if convention == "vaswani" else 5000)
    E = np.empty((p, n))
    for row in range(p):
        for column in range(n):
            position = column if convention == "vaswani" else column + 1
            if convention == "submission":
                k, wave = row + 1, math.cos if row % 2 == 0 else math.sin
            else:
                k, wave = row // 2, math.sin if row % 2 == 0 else math.cos
            E[row, column] = wave(position * base ** (-2 * k / scale))
    return E


@law
@given(st.integers(1, 12), st.integers(1, 13), st.sampled_from(CONVENTIONS), bases, scales)
def test_encoding_is_its_definition(n, p, convention, base, scale):
    E = positional_encoding(n, p, convention, base, scale)
    assert E.dtype == np.float64
    np.testing.assert_allclose(E, literal(n, p, convention, base, scale), rtol=0, atol=1e-11)


def test_submission_is_what_the_code_of_the_source_computes():
    position, row = np.meshgrid(np.arange(64) + 1, np.arange(256) + 1)
    angle = position * np.exp(-2 * row * np.log(10_000) / 5000)
    source = np.where(row % 2 == 0, np.sin(angle), np.cos(angle))
    np.testing.assert_allclose(
        positional_encoding(64, 256, "submission"), source, rtol=0, atol=1e-12
    )


def test_sheet_and_vaswani_differ_by_one_position_and_the_scale():
    sheet, vaswani = (
        positional_encoding(8, 6, "sheet", scale=6),
        positional_encoding(9, 6, "vaswani"),
    )
    np.testing.assert_allclose(sheet, vaswani[:, 1:], rtol=0, atol=1e-14)


@law
@given(st.integers(1, 20), st.integers(1, 40), st.sampled_from(CONVENTIONS), bases, scales)
def test_gram_is_the_matrix_product(n, p, convention, base, scale):
    E, G = positional_encoding(n, p, convention, base, scale), gram(n, p, convention, base, scale)
    np.testing.assert_allclose(G, E.T @ E, rtol=0, atol=1e-9 * np.abs(G).max())


@pytest.mark.parametrize(
    ("convention", "start"),
    [
        ("sheet", [128, 88.8, -3.3, -89.1, -116.1]),
        ("vaswani", [128, 124.4, 115.5, 105.4, 97.9]),
        ("submission", [127.7, 100.3, 33.2, -38.9, -82.6]),
    ],
)
def test_gram_has_the_figures_of_the_sheet(convention, start):
    assert np.round(gram(64, 256, convention)[0, :5], 1).tolist() == start


@law
@given(st.integers(1, 30), st.integers(1, 60), st.sampled_from(PAIRED), bases, scales)
def test_paired_gram_is_toeplitz_with_diagonal_half_p(n, half, convention, base, scale):
    p = 2 * half
    E = positional_encoding(n, p, convention, base, scale)
    assert toeplitz_deviation(E.T @ E) < 1e-11 * p
    assert toeplitz_deviation(gram(n, p, convention, base, scale)) < 1e-11 * p
    np.testing.assert_allclose(np.diag(gram(n, p, convention, base, scale)), half, rtol=1e-13)


def test_submission_is_not_toeplitz():
    assert round(toeplitz_deviation(gram(64, 256, "submission")), 2) == 0.98


@law
@given(st.integers(-40, 40), st.integers(1, 12), st.sampled_from(PAIRED), bases, scales)
def test_rotation_shifts_every_position(delta, half, convention, base, scale):
    options = {"convention": convention, "base": base, "scale": scale}
    R, E = rotation(delta, 2 * half, **options), positional_encoding(60, 2 * half, **options)
    before, after = (
        (E[:, : 60 - delta], E[:, delta:]) if delta >= 0 else (E[:, -delta:], E[:, : 60 + delta])
    )
    np.testing.assert_allclose(R @ before, after, rtol=0, atol=1e-12)


@law
@given(st.integers(-500, 500), st.integers(-500, 500), st.sampled_from(PAIRED))
def test_rotations_form_a_group(a, b, convention):
    p = 12
    identity, R = np.eye(p), rotation(a, p, convention)
    np.testing.assert_allclose(rotation(0, p, convention), identity, rtol=0, atol=0)
    np.testing.assert_allclose(R.T @ R, identity, rtol=0, atol=1e-13)
    np.testing.assert_allclose(rotation(-a, p, convention), R.T, rtol=0, atol=1e-13)
    np.testing.assert_allclose(
        R @ rotation(b, p, convention), rotation(a + b, p, convention), rtol=0, atol=1e-12
    )
    blocks = np.kron(np.eye(p // 2), np.ones((2, 2)))
    np.testing.assert_array_equal(R, R * blocks)
    assert np.linalg.det(R) == pytest.approx(1)


def test_integers_of_any_width():
    for n, p in [(np.int8(100), np.int8(100)), (200, np.int8(100)), (np.int16(300), np.uint8(250))]:
        for convention in CONVENTIONS:
            E = positional_encoding(n, p, convention)
            np.testing.assert_array_equal(E, positional_encoding(int(n), int(p), convention))
            np.testing.assert_array_equal(gram(n, p, convention), gram(int(n), int(p), convention))
    np.testing.assert_array_equal(rotation(np.int8(-100), np.int8(100)), rotation(-100, 100))


@pytest.mark.parametrize("function", [positional_encoding, gram, rotation])
@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"p": -2}, ValueError, "p must be at least 1, got -2"),
        ({"p": "6"}, TypeError, "p must be an integer, got '6'"),
        ({"convention": "Sheet"}, ValueError, "convention must be one of 'sheet', .*got 'Sheet'"),
        ({"base": 0}, ValueError, "base must be positive and finite, got 0"),
        ({"base": 10**400}, ValueError, "base must be positive and finite, got 1000"),
        ({"base": "e"}, TypeError, "base must be a number, got 'e'"),
        ({"scale": -1.0}, ValueError, "scale must be positive and finite, got -1.0"),
        ({"scale": 10**400}, ValueError, "scale must be positive and finite, got 1000"),
        ({"base": 1e-300, "scale": 1}, ValueError, "scale must be larger for base=1e-300 and p=6"),
    ],
)
def test_bad_parameters(function, bad, error, message):
    first = {"delta": 4} if function is rotation else {"n": 4}
    with pytest.raises(error, match=message):
        function(**{**first, "p": 6, **bad})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: positional_encoding(0, 2), "n must be at least 1, got 0"),
        (lambda: gram(10**400, 2), "n must be below 2\\*\\*63, got 1000"),
        (lambda: rotation(1, 3), "p must be even, got 3"),
        (lambda: rotation(10**400, 2), "delta must be below 2\\*\\*63, got 1000"),
        (lambda: rotation(1, 2, "submission"), "convention must be one of 'sheet', 'vaswani', got"),
    ],
)
def test_bad_sizes(call, message):
    with pytest.raises(ValueError, match=message):
        call()
