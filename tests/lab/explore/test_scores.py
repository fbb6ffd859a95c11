"""Sliders of exercise 1c, 1d: scores by concatenation and by addition."""

import explorers
import numpy as np
import pytest
from drawings import ends, line

import sheet11
from sheet11.scores import predict_cross_term


def test_scores_are_drawn_on_one_scale_and_measured_against_the_prediction(open_explorer):
    explorer = open_explorer(explorers.scores, n=16, p=32, seed=4)
    explorer.set(p=4, **{"σ / std(E)": 2.0})
    E = sheet11.positional_encoding(16, 4)
    X = np.random.default_rng(4).normal(0, 2 * E.std(), size=E.shape)
    cat, add = E.T @ E + X.T @ X, (E + X).T @ (E + X)
    *matrices, row = explorer.panels()
    limit = max(np.abs(cat).max(), np.abs(add).max())
    for ax, matrix in zip(matrices, (cat, add, add - cat), strict=True):
        np.testing.assert_allclose(ax.collections[0].get_array(), matrix, atol=1e-10)
        assert ax.collections[0].get_clim() == pytest.approx((-limit, limit))
    np.testing.assert_allclose(line(row, "cat").get_ydata(), cat[8])
    np.testing.assert_allclose(line(row, "add").get_ydata(), add[8])
    noise = predict_cross_term(E, 2 * E.std())[0]
    np.testing.assert_allclose(
        ends(row.collections[0]), [(cat[8] - noise).min(), (cat[8] + noise).max()]
    )
    moved = np.count_nonzero(cat.argmax(axis=1) != add.argmax(axis=1))
    assert moved and f" {moved} of 16 rows" in row.get_title()
