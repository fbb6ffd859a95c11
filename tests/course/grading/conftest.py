"""Fixtures for a small sheet and the command that grades its hand-ins."""

import contextlib
import itertools

import pytest
from sheets import waves
from students import Student, first, with_lines, write_class

from sheet11.course.grading import draws, sandboxes
from sheet11.course.grading import grade as grading


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Return the sheet of waves, which no test may change."""
    return waves(tmp_path_factory.mktemp("sheet"))


@pytest.fixture(scope="session")
def waiting():
    """Share this process's idle sandboxes, and end them after the session."""
    kept = {}
    yield kept
    for sandbox in itertools.chain(*kept.values()):
        sandbox.close()


@pytest.fixture
def keep_sandboxes(waiting, monkeypatch):
    """Keep sandboxes for the next test; they see no temporary folder, so that none needs to be hidden."""
    monkeypatch.setattr(sandboxes, "_waiting", waiting)
    monkeypatch.setattr(grading, "sandboxes_shared", contextlib.nullcontext)
    monkeypatch.setattr(draws, "sandboxes_shared", contextlib.nullcontext)
    seen = sandboxes.Setup
    monkeypatch.setattr(draws, "Setup", lambda **fields: seen(**fields | {"hidden": ()}))


@pytest.fixture
def grade(invoke, keep_sandboxes):
    """Run `sheet11 grade` in this process, which saves its start-up time."""
    return lambda *arguments, cwd: invoke("grade", *arguments, cwd=cwd)


@pytest.fixture
def pair(small, tmp_path, grade):
    """Grade two students' first notebooks once; return a function that grades them again, and the command's output."""
    wrong = with_lines(small.solutions[small.first]["wave"], "", small.wrong)
    write_class(
        tmp_path / "class",
        [Student("anna", first(small)), Student("bert", first(small, wave=wrong))],
        small,
    )

    def again(*arguments):
        return grade("class", "-o", "out", "--sheet", small.folder, *arguments, cwd=tmp_path)

    result = again()
    assert result.returncode == 0, result.stderr
    assert "2 answers are still to be read" in result.stdout
    return tmp_path, again
