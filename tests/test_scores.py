"""Attention scores against explicit loops and concatenation, and the cross term against many draws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheet11.encoding import positional_encoding
from sheet11.scores import attention_scores, predict_cross_term, score_terms

law = settings(deadline=None, max_examples=50)


def draw(seed, *shapes):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape) for shape in shapes]


@law
@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.integers(0, 10**6))
def test_cat_is_the_explicit_concatenation(p, q, n, seed):
    E, X = draw(seed, (p, n), (q, n))
    Q = np.concatenate([E, X])
    loop = [[sum(Q[r, i] * Q[r, j] for r in range(p + q)) for j in range(n)] for i in range(n)]
    np.testing.assert_allclose(attention_scores(E, X, "cat"), loop, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(attention_scores(E, X), attention_scores(E, X, "cat"))


@law
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10**6))
def test_add_is_a_tied_projection_of_cat_and_the_sum_of_four_terms(p, n, seed):
    E, X = draw(seed, (p, n), (p, n))
    added = attention_scores(E, X, "add")
    loop = [
        [sum((E[r, i] + X[r, i]) * (E[r, j] + X[r, j]) for r in range(p)) for j in range(n)]
        for i in range(n)
    ]
    np.testing.assert_allclose(added, loop, rtol=1e-12, atol=1e-12)
    tied = np.hstack([np.eye(p), np.eye(p)]) @ np.vstack([E, X])
    np.testing.assert_allclose(added, tied.T @ tied, rtol=1e-12, atol=1e-12)

    terms = score_terms(E, X)
    np.testing.assert_allclose(sum(terms), added, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        added - attention_scores(E, X, "cat"), terms.EX + terms.XE, rtol=1e-12, atol=1e-12
    )
    for name, left, right in [("EE", E, E), ("XX", X, X), ("EX", E, X), ("XE", X, E)]:
        product = [
            [sum(left[r, i] * right[r, j] for r in range(p)) for j in range(n)] for i in range(n)
        ]
        np.testing.assert_allclose(getattr(terms, name), product, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("n", "p", "convention", "sigma"), [(12, 32, "sheet", 0.7), (5, 7, "submission", 2.0)]
)
def test_cross_term_against_many_draws(n, p, convention, sigma):
    E, draws = positional_encoding(n, p, convention), 2000
    X = sigma * np.random.default_rng(1).normal(size=(draws, p, n))
    C = E.T @ X
    C += C.transpose(0, 2, 1)
    off_diagonal, diagonal = predict_cross_term(E, sigma)
    measured = np.sqrt(np.square(C[:, ~np.eye(n, dtype=bool)]).mean())
    assert measured == pytest.approx(off_diagonal, rel=0.02)
    measured = np.sqrt(np.square(np.diagonal(C, axis1=1, axis2=2)).mean())
    assert measured == pytest.approx(diagonal, rel=0.02)


@law
@given(
    st.integers(1, 20), st.integers(1, 40), st.floats(0, 10), st.sampled_from(["sheet", "vaswani"])
)
def test_cross_term_of_paired_rows(n, half, sigma, convention):
    p = 2 * half
    predicted = predict_cross_term(positional_encoding(n, p, convention), sigma)
    assert predicted == pytest.approx([math.sqrt(p) * sigma, math.sqrt(2 * p) * sigma], rel=1e-12)


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e200, 1e300])
def test_cross_term_of_any_size(size):
    E = np.random.default_rng(0).normal(size=(3, 4))
    expected = predict_cross_term(E, 2.0)
    assert predict_cross_term(size * E, 2.0 / size) == pytest.approx(expected)
    assert predict_cross_term(E, 2.0 * size) == pytest.approx([size * std for std in expected])
    assert predict_cross_term(0 * E, size) == (0, 0)


one, two = np.ones((2, 3)), np.ones((2, 4))
nan = np.full((2, 3), np.nan)
masked = np.ma.masked_less(np.arange(6.0).reshape(2, 3), 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attention_scores(one, one, "sum"), "mode must be one of 'cat', 'add', got 'sum'"),
        (
            lambda: attention_scores(one, two),
            r"X must have as many columns as E, 3, got .*\(2, 4\)",
        ),
        (lambda: attention_scores(one, one[:1], "add"), r"X must have the shape of E, .*\(1, 3\)"),
        (lambda: attention_scores(nan, one), r"E must be finite, got nan at \[0, 0\]"),
        (lambda: attention_scores(one, masked), "X must be .* without masked entries, got masked"),
        (lambda: score_terms(one, two), r"X must have the shape of E, .*got \(2, 4\)"),
        (lambda: predict_cross_term(one[:, :0], 1.0), r"E must not be empty, got shape \(2, 0\)"),
        (lambda: predict_cross_term([1.0], 1.0), r"E must be a real matrix, got shape \(1,\)"),
        (lambda: predict_cross_term(one, -0.5), "sigma must be finite and not negative, got -0.5"),
        (lambda: predict_cross_term(one, 10**400), "sigma must be finite and not neg.*, got 1000"),
        (lambda: predict_cross_term(one, "1"), "sigma must be a number, got '1'"),
        (lambda: predict_cross_term(1e200 * one, 1e200), "sigma must be smaller for .*1e.200"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
