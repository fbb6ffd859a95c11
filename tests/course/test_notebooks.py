"""Notebooks as data."""

import pytest
from nbformat.v4 import new_notebook

from sheet11.course.errors import NotebookError
from sheet11.course.execute import execute
from sheet11.course.notebooks import headline_of, kernel_of, read_notebook, title_of
from sheet11.course.sheet import find_sheet


def test_title(build):
    assert title_of(build("1"), "stem") == "A *small* notebook"
    assert title_of(new_notebook(), "stem") == "stem"


def test_the_headline_is_what_the_notebook_names(build, keep_server):
    source = "from sheet11 import record\nrecord(labelled=True, rate=0.5, table=[1], mean=3)"
    for metadata, expected in [
        ({}, {"labelled": True, "rate": 0.5, "mean": 3}),
        ({"headline": ["mean", "rate", "missing", "table"]}, {"mean": 3, "rate": 0.5}),
        ({"headline": "mean"}, {"labelled": True, "rate": 0.5, "mean": 3}),
        ({"headline": [["mean"]]}, {}),
    ]:
        executed = execute(build(source, sheet11=metadata), {}, warm=True)
        assert list(headline_of(executed).items()) == list(expected.items())


@pytest.mark.parametrize("path", find_sheet().notebooks.values(), ids=lambda path: path.stem)
def test_notebooks_name_one_to_three_of_their_records(path):
    notebook = read_notebook(path)
    headline = notebook.metadata.sheet11.headline
    assert 1 <= len(headline) <= 3
    assert list(headline_of(notebook)) == headline


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"name": "python", "display_name": "Python"}},
        {"kernelspec": {"name": "conda-env-course-py", "language": "python", "display_name": "C"}},
        {"kernelspec": {"name": "py311", "display_name": "3"}, "language_info": {"name": "python"}},
    ],
)
def test_a_kernel_for_python_has_any_name(metadata):
    assert kernel_of(new_notebook(metadata=metadata)) == "python3"


@pytest.mark.parametrize("language", [{}, {"language": "R"}])
def test_a_kernel_for_another_language(language):
    metadata = {"kernelspec": {"name": "ir", "display_name": "R", **language}}
    with pytest.raises(NotebookError, match="no kernel named 'ir' is installed"):
        kernel_of(new_notebook(metadata=metadata))


def test_a_kernel_that_somebody_asks_for_is_no_other():
    with pytest.raises(NotebookError, match="no kernel named 'mine' is installed"):
        kernel_of(new_notebook(), "mine")
