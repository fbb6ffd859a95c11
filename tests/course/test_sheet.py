"""Which notebook a name means."""

import nbformat
import pytest

from sheet11.course.errors import NotebookError
from sheet11.course.notebooks import nearest
from sheet11.course.sheet import find_notebook, find_sheet


def test_kit():
    assert list(find_sheet().notebooks) == ["01_encoding", "02_scores", "03_aggregation", "04_oversmoothing"]
    assert find_notebook("02_scores") == find_sheet().notebooks["02_scores"]


def test_find_by_path(build, tmp_path):
    path = tmp_path / "mine.ipynb"
    nbformat.write(build("1"), path)
    assert find_notebook(str(path)) == path
    with pytest.raises(NotebookError, match=r"'02_score'; the kit has .*; did you mean '02_scores'\?"):
        find_notebook("02_score")


def test_nearest():
    assert nearest("convension", ["n", "convention"]) == "; did you mean 'convention'?"
    assert nearest("zzz", ["n", "convention"]) == ""
