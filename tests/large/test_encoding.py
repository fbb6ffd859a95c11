"""The encoding for large inputs: equal to the formula on both sides of the size where it takes over."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheet11.encoding import gram, positional_encoding
from sheet11.given.conventions import CONVENTIONS
from sheet11.given.toeplitz import toeplitz_deviation
from sheet11.large import encoding as large

PAIRED = ("sheet", "vaswani")
law = settings(deadline=None, max_examples=50)


@law
@given(
    st.integers(1, 90),
    st.integers(1, 40),
    st.sampled_from(PAIRED),
    st.none() | st.floats(1, 1e4),
)
def test_small_inputs_would_give_the_same(n, p, convention, scale):
    at = n, p, convention, 1e4, scale
    E, G = positional_encoding(*at), gram(*at)
    np.testing.assert_allclose(large.positional_encoding(*at), E, rtol=0, atol=1e-13)
    np.testing.assert_allclose(large.gram(*at), G, rtol=0, atol=1e-13 * p)


@pytest.mark.parametrize("convention", PAIRED)
@pytest.mark.parametrize(("n", "p"), [(257, 128), (700, 301), (5000, 64), (3, 90_001)])
def test_a_large_encoding_is_as_exact_as_its_angles(n, p, convention):
    E = positional_encoding(n, p, convention)
    position = np.arange(n) + (convention != "vaswani")
    row = np.arange(p)[:, None].astype(np.longdouble)
    angle = position * 1e4 ** (-2 * (row // 2) / (p if convention == "vaswani" else 5000))
    exact = np.where(row % 2 == 0, np.sin(angle), np.cos(angle))
    np.testing.assert_allclose(E, exact.astype(float), rtol=0, atol=n * 2**-52 + 1e-14)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(("n", "p"), [(64, 256), (1000, 301), (1500, 1024)])
def test_a_large_gram_is_the_matrix_product(n, p, convention):
    E = positional_encoding(n, p, convention)
    G = E.T @ E
    np.testing.assert_allclose(gram(n, p, convention), G, rtol=0, atol=1e-12 * np.abs(G).max())


@law
@given(st.integers(1, 30), st.integers(1, 60), st.sampled_from(PAIRED))
def test_a_large_gram_of_pairs_is_toeplitz_to_the_bit(n, half, convention):
    G = large.gram(n, 2 * half, convention, 1e4, None)
    assert toeplitz_deviation(G) == 0
    np.testing.assert_allclose(np.diag(G), half, rtol=1e-13)
