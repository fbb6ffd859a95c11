"""The encoding for large inputs: equal to the formula on both sides of the size where it takes over."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheet11 import encoding
from sheet11.encoding import LARGE, angular_frequencies, gram, positional_encoding
from sheet11.given.conventions import CONVENTIONS
from sheet11.given.toeplitz import toeplitz_deviation
from sheet11.large import encoding as large

PAIRED = ("sheet", "vaswani")
law = settings(deadline=None, max_examples=50)


@pytest.fixture
def plain(monkeypatch):
    """The formula at every size."""
    monkeypatch.setattr(encoding, "LARGE", np.inf)


@pytest.mark.parametrize(("function", "of"), [(positional_encoding, CONVENTIONS), (gram, PAIRED)])
def test_large_inputs_and_no_others_go_there(function, of, monkeypatch):
    calls = []
    monkeypatch.setattr(large, function.__name__, lambda omega, *arguments: calls.append(arguments))
    for convention in of:
        function(64, 256, convention)  # the size of the sheet
        function(LARGE // 128, 128, convention)
        assert not calls
        function(LARGE // 128 + 1, 128, convention)
        assert calls.pop() == (LARGE // 128 + 1, 128, convention)


@law
@given(
    st.integers(1, 90),
    st.integers(1, 40),
    st.sampled_from(CONVENTIONS),
    st.none() | st.floats(1, 1e4),
)
def test_small_inputs_would_give_the_same(n, p, convention, scale):
    omega = angular_frequencies(p, convention, scale=scale)
    E, G = positional_encoding(n, p, convention, scale=scale), gram(n, p, convention, scale=scale)
    np.testing.assert_allclose(
        large.positional_encoding(omega, n, p, convention), E, rtol=0, atol=1e-13
    )
    if convention in PAIRED:
        np.testing.assert_allclose(large.gram(omega, n, p, convention), G, rtol=0, atol=1e-13 * p)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(
    ("n", "p"), [(257, 128), (1000, 301), (1500, 1024), (16_400, 2), (1, 40_001)]
)
def test_large_inputs_are_as_the_formula_has_them(n, p, convention, request):
    E = positional_encoding(n, p, convention)
    G = gram(n, p, convention) if n < 2000 else None
    request.getfixturevalue("plain")
    np.testing.assert_allclose(
        positional_encoding(n, p, convention), E, rtol=0, atol=1e-12 + n * 2**-52
    )
    if G is not None:
        np.testing.assert_allclose(gram(n, p, convention), G, rtol=0, atol=1e-12 * np.abs(G).max())


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(("n", "p"), [(700, 301), (5000, 64), (3, 90_001)])
def test_a_large_encoding_is_as_exact_as_its_angles(n, p, convention):
    E = positional_encoding(n, p, convention)
    position = np.arange(n) + (convention != "vaswani")
    frequency = angular_frequencies(p, convention).astype(np.longdouble)
    angle = np.outer(frequency if convention == "submission" else frequency.repeat(2)[:p], position)
    odd = np.arange(p)[:, None] % 2 == 1
    exact = np.where(odd == (convention == "submission"), np.sin(angle), np.cos(angle))
    np.testing.assert_allclose(E, exact.astype(float), rtol=0, atol=n * 2**-53 + 1e-15)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(("n", "p"), [(64, 256), (1000, 301), (1500, 1024)])
def test_a_large_gram_is_the_matrix_product(n, p, convention):
    E = positional_encoding(n, p, convention)
    G = E.T @ E
    np.testing.assert_allclose(gram(n, p, convention), G, rtol=0, atol=1e-12 * np.abs(G).max())


@law
@given(st.integers(1, 30), st.integers(1, 60), st.sampled_from(PAIRED))
def test_a_large_gram_of_pairs_is_toeplitz_to_the_bit(n, half, convention):
    G = large.gram(angular_frequencies(2 * half, convention), n, 2 * half, convention)
    assert toeplitz_deviation(G) == 0
    np.testing.assert_allclose(np.diag(G), half, rtol=1e-13)
