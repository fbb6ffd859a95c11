"""Sliders of exercise encoding: what they draw."""

import explorers
import numpy as np
from drawings import line

import sheet11
from sheet11.lab.explore.encoding import OWN


def test_encoding_shows_E_gram_and_profile(undrawn, open_explorer):
    explorer = open_explorer(explorers.encoding, n=20, p=8, scale=77.0)
    explorer.set(n=30, convention="vaswani")
    E = sheet11.positional_encoding(30, 8, "vaswani", scale=77.0)
    left, middle, right = explorer.panels()
    np.testing.assert_allclose(left.collections[0].get_array(), E[::2], atol=1e-15)
    np.testing.assert_allclose(middle.collections[0].get_array(), E.T @ E)
    profile = line(right, "mean along the diagonal").get_ydata()
    np.testing.assert_allclose(profile, (E.T @ E)[0], atol=1e-12)
    for settings in ({"convention": "vaswani", "p": 8}, {"convention": "submission", "p": 1}):
        explorer.set(scale=OWN, **settings)
        E = sheet11.positional_encoding(n=30, **settings)
        np.testing.assert_allclose(left.collections[0].get_array(), E[::2])


def test_encoding_starts_within_its_sliders(undrawn, open_explorer):
    explorer = open_explorer(explorers.encoding, n=4096, p=1024)
    assert (explorer.controls["n"].value, explorer.controls["p"].value) == (128, 512)
