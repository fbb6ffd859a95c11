"""Sheets in nbgrader's format get the points that `nbgrader autograde` gives, task by task."""

import shutil
from itertools import zip_longest
from pathlib import Path

import nbformat
import pytest
from gradings import skip_without_graders
from nbgrading import autograde, course, grade
from sheets_of_nbgrader import SHEETS, handed_in, write_sheet

pytestmark = pytest.mark.slow
skip_without_graders()

HALF = """def squares(n):
    if n < 1:
        raise ValueError
    return [i ** 2 for i in range(1, 11)]
"""


def user_guide():
    """The course in nbgrader's documentation, which its package carries."""
    nbgrader = pytest.importorskip("nbgrader")
    return Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"


def write(notebook, folder, name="problem1"):
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.fixture(scope="module", params=["ps1", "ps1_autotest"])
def guide(request, tmp_path_factory):
    """Return the course's points from both graders, and its assignment."""
    folder, name = tmp_path_factory.mktemp("course"), request.param
    shutil.copy(user_guide() / "autotests.yml", folder)
    released = course(folder, user_guide() / "source" / name, name)
    for student in ("bitdiddle", "hacker"):
        shutil.copytree(
            user_guide() / "submitted" / student / "ps1", folder / "submitted" / student / name
        )
    shutil.copytree(user_guide() / "source" / name, folder / "submitted" / "source" / name)
    shutil.copytree(released, folder / "submitted" / "blank" / name)
    shutil.copytree(released, folder / "submitted" / "half" / name)
    half = nbformat.read(released / "problem1.ipynb", as_version=4)
    for cell in half.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "squares":
            cell.source = HALF
    write(half, folder / "submitted" / "half" / name)
    return autograde(folder, name), grade(folder, name), name


def totals(points):
    """Points of each student that nobody reads for."""
    found = {}
    for (student, *_), value in points.items():
        found[student] = found.get(student, 0) + (value or 0)
    return found


def test_the_course_of_nbgraders_documentation(guide):
    theirs, ours, name = guide
    assert totals(ours) == totals(theirs)
    if name == "ps1":
        assert totals(ours) == {"bitdiddle": 1.5, "hacker": 3, "source": 3, "blank": 0, "half": 1}
    graded = {key: value for key, value in ours.items() if value is not None}
    assert graded == {key: theirs.get(key) or 0 for key in graded}
    assert sum(value is None for value in ours.values()) >= 10, "texts and task cells are read"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return the small sheets' points from both graders; each sheet is a notebook, and student i has its hand-in i."""
    folder = tmp_path_factory.mktemp("small")
    sheets = {name: make() for name, make in SHEETS.items()}
    for name, sheet in sheets.items():
        write_sheet(sheet, folder / "sheets", name)
    released = course(folder, folder / "sheets", "small")
    for number, hand_ins in enumerate(
        zip_longest(*(sheet.hand_ins.values() for sheet in sheets.values()))
    ):
        own = folder / "submitted" / f"student{number}" / "small"
        for name, hand_in in zip(sheets, hand_ins, strict=True):
            if hand_in:
                notebook = nbformat.read(released / f"{name}.ipynb", as_version=4)
                write(handed_in(notebook, hand_in), own, name)
    return autograde(folder, "small"), grade(folder, "small")


@pytest.mark.parametrize("name", SHEETS)
def test_small_sheets(small, name):
    theirs, ours = ({key: value for key, value in each.items() if key[1] == name} for each in small)
    assert theirs
    stated = {}
    for number, hand_in in enumerate(SHEETS[name]().hand_ins.values()):
        stated |= {(f"student{number}", name, task): p for task, p in hand_in.points.items()}
    graded = {key: ours[key] for key in theirs if ours[key] is not None}
    assert graded == pytest.approx({key: theirs[key] or 0 for key in graded})
    assert {key: theirs[key] for key in stated} == pytest.approx(stated)
