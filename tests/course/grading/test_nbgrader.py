"""Sheets in nbgrader's format get the points that `nbgrader autograde` gives, task by task."""

import shutil
from itertools import zip_longest
from pathlib import Path

import nbformat
import pytest
from gradings import skip_without_graders, table
from nbgrading import autograde, release
from sheets_of_nbgrader import SHEETS, HandIn, Small, given, handed_in, notebook, write_sheet

pytestmark = pytest.mark.slow
skip_without_graders()

COURSES = ("ps1", "ps1_autotest")
HALF = """def squares(n):
    if n < 1:
        raise ValueError
    return [i ** 2 for i in range(1, 11)]
"""


def user_guide():
    """The course in nbgrader's documentation, which its package carries."""
    nbgrader = pytest.importorskip("nbgrader")
    return Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"


def hand_in_guide(folder, name):
    """The hand-ins of nbgrader's documentation, the source itself, and a released notebook, blank and half done."""
    submitted, released = folder / "submitted", folder / "release" / name
    for student in ("bitdiddle", "hacker"):
        shutil.copytree(user_guide() / "submitted" / student / "ps1", submitted / student / name)
    for student, path in {"source": folder / "source" / name, "blank": released}.items():
        (submitted / student / name).mkdir(parents=True)
        shutil.copy(path / "problem1.ipynb", submitted / student / name)
    half = nbformat.read(released / "problem1.ipynb", as_version=4)
    changed = handed_in(half, HandIn({"squares": HALF}, {}))
    write_sheet(Small(changed, {}), submitted / "half" / name, "problem1")


def renamed(name, hand_in):
    """A hand-in whose cells are those of one small sheet among others."""
    answers, points, added = (
        {f"{name}-{key}": value for key, value in dict(values).items()} for values in hand_in
    )
    return HandIn(answers, points, tuple(added.items()))


def one_notebook(sheets):
    """All small sheets one below the other, each with a clean slate: a kernel for each would take long."""
    cells = []
    for name, sheet in sheets.items():
        cells.append(given("%reset -f"))
        for cell in sheet.notebook.cells:
            if marks := cell.metadata.get("nbgrader"):
                marks["grade_id"] = f"{name}-{marks['grade_id']}"
            cells.append(cell)
    files = {path: text for sheet in sheets.values() for path, text in sheet.files.items()}
    return Small(notebook(*cells), {}, files)


def classmates(sheets):
    """Students, each with one hand-in of every small sheet; where a sheet has no more of them, it stays blank."""
    hand_ins = [
        [renamed(name, each) for each in sheet.hand_ins.values()] for name, sheet in sheets.items()
    ]
    together = zip_longest(*hand_ins, fillvalue=HandIn({}, {}))
    for student, own in zip(("bitdiddle", "hacker", "source"), together, strict=True):
        yield (
            student,
            HandIn(
                {key: value for each in own for key, value in each.answers.items()},
                {key: value for each in own for key, value in each.points.items()},
                sum((each.added for each in own), ()),
            ),
        )


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return a course of three assignments, nbgrader's points, and what the small sheets state."""
    folder = tmp_path_factory.mktemp("course")
    sheets = {name: make() for name, make in SHEETS.items()}
    shutil.copy(user_guide() / "autotests.yml", folder)
    sources = {name: user_guide() / "source" / name for name in COURSES}
    small = write_sheet(one_notebook(sheets), folder / "sheets")
    release(folder, sources | {"small": small})
    for name in COURSES:
        hand_in_guide(folder, name)
    released = nbformat.read(folder / "release" / "small" / "small.ipynb", as_version=4)
    stated = {}
    for student, hand_in in classmates(sheets):
        write_sheet(
            Small(handed_in(released, hand_in), {}), folder / "submitted" / student / "small"
        )
        stated |= {(student, "small", task): points for task, points in hand_in.points.items()}
    return folder, autograde(folder, [*COURSES, "small"]), stated


@pytest.fixture
def points(course, grade):
    """Points that `sheet11 grade` gives to an assignment, and nbgrader's."""

    def points(name):
        folder, theirs, _ = course
        sheet = folder / "source" / name
        result = grade("submitted", "-o", name, "-j", "1", "--sheet", sheet, cwd=folder)
        assert "could not be graded" not in result.stderr
        rows = table(folder / name / "results.csv")
        read = {(row["student"], row["notebook"], row["task"]): row["points"] for row in rows}
        graded = {key: float(points) for key, points in read.items() if points}
        assert len(graded) < len(read), "texts and task cells are read"
        return graded, {key: theirs[name].get(key) or 0 for key in graded}

    return points


@pytest.mark.parametrize("name", COURSES)
def test_the_course_of_nbgraders_documentation(name, points):
    ours, theirs = points(name)
    assert ours == theirs
    if name == "ps1":
        students = ("bitdiddle", "hacker", "source", "blank", "half")
        totals = [sum(ours[key] for key in ours if key[0] == student) for student in students]
        assert totals == [1.5, 3, 3, 0, 1]


def test_small_sheets(course, points):
    ours, theirs = points("small")
    _, nbgraders, stated = course
    assert ours == pytest.approx(theirs)
    assert {key: nbgraders["small"][key] for key in stated} == pytest.approx(stated)
