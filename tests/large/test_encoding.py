"""Encoding for large inputs: equal to the formula, and as exact as its angles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheet11.encoding import gram, positional_encoding
from sheet11.given.conventions import CONVENTIONS
from sheet11.given.toeplitz import toeplitz_deviation
from sheet11.large import encoding as large

PAIRED = ("sheet", "vaswani")


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 90), st.integers(1, 40), st.sampled_from(PAIRED), st.none() | st.floats(1, 1e4)
)
def test_small_inputs_would_give_the_same(n, p, convention, scale):
    at = n, p, convention, 1e4, scale
    E, G = large.positional_encoding(*at), large.gram(*at)
    np.testing.assert_allclose(E, positional_encoding(*at), rtol=0, atol=1e-13)
    np.testing.assert_allclose(G, gram(*at), rtol=0, atol=1e-13 * p)
    assert p % 2 or toeplitz_deviation(G) == 0, "to the bit"


@pytest.mark.parametrize("convention", PAIRED)
@pytest.mark.parametrize(("n", "p"), [(257, 128), (700, 301), (5000, 64), (3, 90_001)])
def test_a_large_encoding_is_as_exact_as_its_angles(n, p, convention):
    E = positional_encoding(n, p, convention)
    position = np.arange(n) + (convention != "vaswani")
    row = np.arange(p)[:, None].astype(np.longdouble)
    angle = position * 1e4 ** (-2 * (row // 2) / (p if convention == "vaswani" else 5000))
    exact = np.where(row % 2 == 0, np.sin(angle), np.cos(angle)).astype(float)
    np.testing.assert_allclose(E, exact, rtol=0, atol=n * 2**-52 + 1e-14)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(("n", "p"), [(64, 256), (1000, 301), (1500, 1024)])
def test_a_large_gram_is_the_matrix_product(n, p, convention):
    E = positional_encoding(n, p, convention)
    np.testing.assert_allclose(gram(n, p, convention), E.T @ E, rtol=0, atol=1e-12 * p)
