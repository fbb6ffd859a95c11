"""Notebooks as data."""

from nbformat.v4 import new_notebook

from sheet11.course.notebooks import title_of


def test_title(build):
    assert title_of(build("1"), "stem") == "A *small* notebook"
    assert title_of(new_notebook(), "stem") == "stem"
