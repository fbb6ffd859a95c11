"""Attention against an explicit loop, its symmetry under permutations, and its limits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheet11.encoding import positional_encoding
from sheet11.given.attention import self_attention

law = settings(deadline=None, max_examples=50)


def draw(seed, *shapes):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape) for shape in shapes]


def attention_loop(Q, K, V):
    p, n = Q.shape
    result = np.zeros((len(V), n))
    for j in range(n):  # the query
        weights = [
            math.exp(sum(K[r, i] * Q[r, j] for r in range(p)) / math.sqrt(p))
            for i in range(K.shape[1])
        ]
        for i, weight in enumerate(weights):
            result[:, j] += weight / sum(weights) * V[:, i]
    return result


@law
@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(1, 4),
    st.integers(0, 10**6),
)
def test_attention_is_its_definition(p, n, keys, q, seed):
    Q, K, V = draw(seed, (p, n), (p, keys), (q, keys))
    np.testing.assert_allclose(
        self_attention(Q, K, V), attention_loop(Q, K, V), rtol=1e-12, atol=1e-12
    )


@law
@given(st.permutations(range(7)), st.integers(0, 10**6))
def test_attention_commutes_with_permutations_until_positions_are_added(permutation, seed):
    X, E = *draw(seed, (4, 7)), positional_encoding(7, 4, "vaswani")
    permuted = X[:, permutation]
    np.testing.assert_allclose(
        self_attention(permuted, permuted, permuted),
        self_attention(X, X, X)[:, permutation],
        rtol=0,
        atol=1e-12,
    )
    with_positions = permuted + E
    deviation = self_attention(with_positions, with_positions, with_positions)
    deviation -= self_attention(X + E, X + E, X + E)[:, permutation]
    assert (np.abs(deviation).max() > 1e-6) == (list(permutation) != list(range(7)))


def test_attention_limits():
    Q, K, V = draw(0, (3, 5), (3, 5), (2, 5))
    np.testing.assert_allclose(
        self_attention(0 * Q, K, V), np.tile(V.mean(axis=1, keepdims=True), 5)
    )
    np.testing.assert_allclose(
        self_attention(1e6 * Q, K, V), V[:, (K.T @ Q).argmax(axis=0)]
    )  # no overflow in exp


def test_no_queries():
    none, some = np.ones((2, 0)), np.ones((2, 3))
    assert self_attention(none, none, np.ones((3, 0))).shape == (3, 0)
    assert self_attention(none, some, some).shape == (2, 0)


one, two, nan = np.ones((2, 3)), np.ones((2, 4)), np.full((2, 3), np.nan)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((one, one[:1], one), r"K must have as many rows as Q, 2, got shape \(1, 3\)"),
        ((one, two, one), r"V must have as many columns as K, 4, got shape \(2, 3\)"),
        ((one, one[:, :0], one[:, :0]), r"K must have at least one .* column, got shape \(2, 0\)"),
        ((one[:0], one[:0], one), r"K must have at least one row .*, got shape \(0, 3\)"),
        ((nan, one, one), r"Q must be finite, got nan at \[0, 0\]"),
        ((1e200 * one, 1e200 * one, one), "Q and K must be smaller: a score overflows, got inf"),
    ],
)
def test_bad_arguments(args, message):
    with pytest.raises(ValueError, match=message):
        self_attention(*args)
