"""Running several notebooks in this process."""

import nbformat
import pytest

from sheet11.course.execute import NotebookError
from sheet11.course.run import check_known, run


def test_index_lists_what_is_done_when_a_run_is_cut_off(build, recording, tmp_path, monkeypatch):
    paths = [tmp_path / f"{name}.ipynb" for name in ("first", "second")]
    for path in paths:
        nbformat.write(build(recording), path)
    execute = run.__globals__["execute"]

    def cut_off(notebook, *arguments, **options):
        if (tmp_path / "out" / "first.ipynb").exists():
            raise KeyboardInterrupt
        return execute(notebook, *arguments, **options)

    monkeypatch.setitem(run.__globals__, "execute", cut_off)
    with pytest.raises(KeyboardInterrupt):
        run(paths, {}, tmp_path / "out")
    index = (tmp_path / "out" / "index.html").read_text()
    assert "first.html" in index and "second.html" not in index


def test_nothing_runs_before_all_arguments_are_usable(build, recording, tmp_path):
    nbformat.write(build(recording), tmp_path / "a.ipynb")
    with pytest.raises(NotebookError, match="no notebook has a parameter 'm'; there are n"):
        run([tmp_path / "a.ipynb"], {"m": 1}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_check_known():
    check_known({"n": 1}, {"n", "p"})
    with pytest.raises(NotebookError, match="there are none$"):
        check_known({"n": 1}, set())
