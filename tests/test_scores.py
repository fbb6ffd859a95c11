"""Attention scores against explicit loops and concatenation, and the cross term against many draws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheet11.encoding import positional_encoding
from sheet11.scores import attention_scores, predict_cross_term, score_terms

law = settings(deadline=None, max_examples=50)
sizes, seeds = st.integers(1, 6), st.integers(0, 10**6)


def draw(seed, *shapes):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape) for shape in shapes]


def products(K, Q):
    n = Q.shape[1]
    S = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            S[i, j] = sum(k * q for k, q in zip(K[:, i], Q[:, j], strict=True))
    return S


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@law
@given(sizes, sizes, sizes, seeds)
def test_cat_is_the_explicit_concatenation(p, q, n, seed):
    E, X = draw(seed, (p, n), (q, n))
    Q = np.concatenate([E, X])
    close(attention_scores(E, X, "cat"), products(Q, Q))
    np.testing.assert_array_equal(attention_scores(E, X), attention_scores(E, X, "cat"))


@law
@given(sizes, sizes, seeds)
def test_add_is_the_sum_of_four_terms(p, n, seed):
    E, X = draw(seed, (p, n), (p, n))
    added = attention_scores(E, X, "add")
    close(added, products(E + X, E + X))
    close(sum(score_terms(E, X)), added)
    for term, K, Q in zip(score_terms(E, X), (E, X, E, X), (E, X, X, E), strict=True):
        close(term, products(K, Q))


@pytest.mark.parametrize(
    ("n", "p", "convention", "sigma"), [(12, 32, "sheet", 0.7), (5, 7, "submission", 2.0)]
)
def test_cross_term_against_many_draws(n, p, convention, sigma):
    E = positional_encoding(n, p, convention)
    X = sigma * np.random.default_rng(1).normal(size=(2000, p, n))
    C = E.T @ X
    square = np.square(C + C.transpose(0, 2, 1)).mean(axis=0)
    diagonal = np.diag(square).mean()
    off_diagonal = square[~np.eye(n, dtype=bool)].mean()
    expected = np.sqrt([off_diagonal, diagonal])
    assert predict_cross_term(E, sigma) == pytest.approx(expected, rel=0.02)


@law
@given(sizes, st.integers(1, 40), st.floats(0, 10), st.sampled_from(["sheet", "vaswani"]))
def test_cross_term_of_paired_rows(n, half, sigma, convention):
    p = 2 * half
    predicted = predict_cross_term(positional_encoding(n, p, convention), sigma)
    assert predicted == pytest.approx([math.sqrt(p) * sigma, math.sqrt(2 * p) * sigma], rel=1e-12)


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e200, 1e300])
def test_cross_term_of_any_size(size):
    (E,) = draw(0, (3, 4))
    expected = predict_cross_term(E, 2.0)
    assert predict_cross_term(size * E, 2.0 / size) == pytest.approx(expected)
    assert predict_cross_term(E, 2.0 * size) == pytest.approx([size * std for std in expected])
    assert predict_cross_term(0 * E, size) == (0, 0)
