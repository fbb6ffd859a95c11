"""Sliders of exercise scores: what they draw."""

import explorers
import matplotlib.pyplot as plt
import numpy as np
import pytest

import sheet11
from sheet11.lab.explore.scores import explore_scores
from sheet11.scores import predict_cross_term


def test_a_missing_answer_is_the_cells_error():
    def unanswered(*_):
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        explore_scores(*[unanswered] * 3)
    assert plt.get_fignums() == [], "an empty figure"


def test_scores_are_drawn_on_one_scale_and_measured_against_the_prediction(undrawn, open_explorer):
    explorer = open_explorer(explorers.scores, n=16, p=32, seed=4)
    explorer.set(p=48, **{"σ / std(E)": 2.0}, mode="cat")
    E = sheet11.positional_encoding(16, 48)
    X = np.random.default_rng(4).normal(0, 2 * E.std(), size=E.shape)
    cat, add = E.T @ E + X.T @ X, (E + X).T @ (E + X)
    *matrices, row = explorer.panels()
    limit = max(np.abs(cat).max(), np.abs(add).max())
    for ax, matrix in zip(matrices, (cat, add, add - cat), strict=True):
        np.testing.assert_allclose(ax.collections[0].get_array(), matrix, atol=1e-10)
        assert ax.collections[0].get_clim() == pytest.approx((-limit, limit))
    curves = {line.get_label(): line.get_ydata() for line in row.lines}
    np.testing.assert_allclose(curves["the chosen mode"], cat[8])
    explorer.set(mode="add")
    np.testing.assert_allclose(row.lines[-1].get_ydata(), add[8])
    np.testing.assert_allclose(curves["cat"], cat[8])
    noise = predict_cross_term(E, 2 * E.std())[0]
    (band,) = row.collections
    edges = band.get_paths()[0].vertices[:, 1]
    assert edges.max() == pytest.approx((cat[8] + noise).max()) and edges.min() == pytest.approx(
        (cat[8] - noise).min()
    )
    measured = (add - cat)[~np.eye(16, dtype=bool)].std()
    assert row.get_title().endswith(f"measured ± {measured:.3g}, predicted ± {noise:.3g}")
