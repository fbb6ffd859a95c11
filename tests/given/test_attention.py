"""Attention against an explicit loop, its symmetry under permutations, and its limits."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sheet11.encoding import positional_encoding
from sheet11.given.attention import self_attention

law = settings(deadline=None, max_examples=50)
sizes, seeds = st.integers(1, 6), st.integers(0, 10**6)


def draw(seed, *shapes):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape) for shape in shapes]


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def attention_loop(Q, K, V):
    p, n = Q.shape
    result = np.zeros((len(V), n))
    for j in range(n):  # the query
        weights = [math.exp((key @ Q[:, j]) / math.sqrt(p)) for key in K.T]
        for weight, value in zip(weights, V.T, strict=True):
            result[:, j] += weight / sum(weights) * value
    return result


@law
@given(sizes, sizes, sizes, sizes, seeds)
def test_attention_is_its_definition(p, n, keys, q, seed):
    Q, K, V = draw(seed, (p, n), (p, keys), (q, keys))
    close(self_attention(Q, K, V), attention_loop(Q, K, V))


@law
@given(st.permutations(range(7)), seeds)
def test_attention_commutes_with_permutations_until_positions_are_added(permutation, seed):
    (X,), E = draw(seed, (4, 7)), positional_encoding(7, 4, "vaswani")
    for added in (0 * E, E):
        before, after = X + added, X[:, permutation] + added
        deviation = self_attention(after, after, after)
        deviation -= self_attention(before, before, before)[:, permutation]
        moved = added.any() and permutation != sorted(permutation)
        assert (np.abs(deviation).max() > 1e-6) == moved


def test_attention_limits():
    Q, K, V = draw(0, (3, 5), (3, 5), (2, 5))
    close(self_attention(0 * Q, K, V), np.tile(V.mean(axis=1, keepdims=True), 5))
    best = V[:, (K.T @ Q).argmax(axis=0)]
    close(self_attention(1e6 * Q, K, V), best)  # no overflow in exp
