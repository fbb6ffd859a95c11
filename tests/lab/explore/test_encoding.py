"""Sliders of exercise 1a, 1b: E, its Gram matrix and its profile."""

import explorers
import numpy as np
from drawings import line

import sheet11
from sheet11.lab.explore.encoding import OWN


def test_encoding_shows_E_gram_and_profile(open_explorer):
    explorer = open_explorer(explorers.encoding, n=4096, p=8, scale=77.0)
    assert explorer.controls["n"].value == 128
    explorer.set(n=30, convention="vaswani")
    E = sheet11.positional_encoding(30, 8, "vaswani", scale=77.0)
    left, middle, right = explorer.panels()
    np.testing.assert_allclose(left.collections[0].get_array(), E[::2], atol=1e-15)
    np.testing.assert_allclose(middle.collections[0].get_array(), E.T @ E)
    profile = line(right, "mean along the diagonal").get_ydata()
    np.testing.assert_allclose(profile, (E.T @ E)[0], atol=1e-12)
    explorer.set(scale=OWN, convention="submission", p=1)
    E = sheet11.positional_encoding(30, 1, "submission")
    np.testing.assert_allclose(explorer.panels()[0].collections[0].get_array(), E)
