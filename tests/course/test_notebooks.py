"""Notebooks as data."""

import pytest
from nbformat.v4 import new_notebook

from sheet11.course.errors import NotebookError
from sheet11.course.notebooks import kernel_of, title_of


def test_title(build):
    assert title_of(build("1"), "stem") == "A *small* notebook"
    assert title_of(new_notebook(), "stem") == "stem"


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
