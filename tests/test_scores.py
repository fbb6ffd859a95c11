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
    off = C[:, ~np.eye(n, dtype=bool)]  # (draws, n(n−1))
    diagonal = np.diagonal(C, axis1=1, axis2=2)  # (draws, n)
    predicted = predict_cross_term(E, sigma)
    # every draw strays by at most relative_error on average, so their mean by that over the root of the draws
    strays = 4 * predicted.relative_error / math.sqrt(draws)
    assert abs(np.sqrt(np.square(off).mean()) / predicted.std - 1) < strays
    assert abs(np.sqrt(np.square(diagonal).mean()) / predicted.diagonal_std - 1) < 4 / math.sqrt(
        2 * draws
    )
    assert abs(off.mean()) < 4 * predicted.std / math.sqrt(draws)
    assert abs(diagonal.mean()) < 4 * predicted.diagonal_std / math.sqrt(draws)
    std_of_each_draw = np.sqrt(np.square(off).mean(axis=1))
    assert std_of_each_draw.std() < 1.1 * predicted.relative_error * predicted.std


@law
@given(
    st.integers(2, 20), st.integers(1, 40), st.floats(0, 10), st.sampled_from(["sheet", "vaswani"])
)
def test_cross_term_of_paired_rows(n, half, sigma, convention):
    p = 2 * half
    predicted = predict_cross_term(positional_encoding(n, p, convention), sigma)
    assert predicted.std == pytest.approx(math.sqrt(p) * sigma, rel=1e-12)
    assert predicted.diagonal_std == pytest.approx(math.sqrt(2 * p) * sigma, rel=1e-12)


@pytest.mark.parametrize("p", [2, 64, 4096])
def test_noise_to_signal_falls_as_one_over_the_root_of_2p(p):
    sigma = math.sqrt(1 / 2)  # the standard deviation of paired rows over many periods
    noise = predict_cross_term(positional_encoding(4, p), sigma).std
    assert noise / (p / 2 + p * sigma**2) == pytest.approx(1 / math.sqrt(2 * p))


def test_relative_error_is_the_stable_rank():
    E = np.diag([3.0, 2.0, 1.0])  # singular values 3, 2, 1
    assert predict_cross_term(E, 1.0).relative_error == pytest.approx(
        1 / math.sqrt(2 * (9 + 4 + 1) / 9)
    )


def test_no_positions_no_cross_term():
    predicted = predict_cross_term(np.zeros((4, 3)), 1.0)
    assert (predicted.std, predicted.diagonal_std) == (0, 0)


one, two = np.ones((2, 3)), np.ones((2, 4))
nan = np.full((2, 3), np.nan)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attention_scores(one, one, "sum"), "mode must be one of 'cat', 'add', got 'sum'"),
        (
            lambda: attention_scores(one, two),
            r"X must have as many columns as E, 3, got shape \(2, 4\)",
        ),
        (
            lambda: attention_scores(one, np.ones((1, 3)), "add"),
            r"X must have the shape of E, \(2, 3\).*got \(1, 3\)",
        ),
        (lambda: attention_scores(nan, one), r"E must be finite, got nan at \[0, 0\]"),
        (lambda: attention_scores(one, [1.0]), r"X must be a real matrix, got shape \(1,\)"),
        (lambda: score_terms(one, two), r"X must have the shape of E, \(2, 3\), .*got \(2, 4\)"),
        (lambda: score_terms(one, nan), r"X must be finite, got nan at \[0, 0\]"),
        (
            lambda: predict_cross_term(one[:, :1], 1.0),
            r"E must have at least two columns, got shape \(2, 1\)",
        ),
        (lambda: predict_cross_term([1.0, 2.0], 1.0), r"E must be a real matrix, got shape \(2,\)"),
        (lambda: predict_cross_term(one, -0.5), "sigma must not be negative, got -0.5"),
        (lambda: predict_cross_term(one, math.nan), "sigma must not be negative, got nan"),
        (lambda: predict_cross_term(one, "1"), "sigma must be .*, got '1'"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
