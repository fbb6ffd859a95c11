"""Sheets, and the notebooks selected by a name."""

import nbformat
import pytest

from sheet11.course.errors import NotebookError, SheetError
from sheet11.course.sheet import PACKAGE, find_notebook, find_sheet


@pytest.fixture
def folder(build, tmp_path):
    """Make a sheet with a notebook and a package."""
    nbformat.write(build("1"), tmp_path / "mine.ipynb")
    (tmp_path / "helpers" / "inner").mkdir(parents=True)
    for name in (
        "__init__.py", "given.py", "mine.py", "inner/mine.py", "data.csv", ".hidden", "mine.py~", "#mine.py#"
    ):  # fmt: skip
        (tmp_path / "helpers" / name).write_text(name)
    return tmp_path


def test_kit():
    sheet = find_sheet()
    assert list(sheet.notebooks) == [
        "01_encoding",
        "02_scores",
        "03_aggregation",
        "04_oversmoothing",
    ]
    assert (sheet.title, sheet.package, sheet.imports_from) == ("Sheet 11", "sheet11", None)
    assert find_notebook("02_scores", sheet) == sheet.notebooks["02_scores"]


def test_find_by_path(folder):
    path = folder / "mine.ipynb"
    assert find_notebook(str(path), find_sheet()) == path
    with pytest.raises(
        NotebookError, match=r"'02_score'; the sheet has .*; did you mean '02_scores'\?"
    ):
        find_notebook("02_score", find_sheet())


@pytest.mark.parametrize(
    ("patterns", "gone"),
    [
        ([], set()),
        (["mine.py"], {"mine.py"}),
        (["inner/mine.py"], {"inner/mine.py"}),
        (["inner"], {"inner/mine.py"}),
        (["*.csv", "g*"], {"data.csv", "given.py"}),
        (["*ne.py"], {"mine.py", "inner/mine.py"}),
    ],
)
def test_what_students_get(folder, patterns, gone):
    (folder / "sheet.toml").write_text(f"not_for_students = {patterns}")
    files = find_sheet(folder).students_package()
    own = {name.removeprefix("helpers/") for name in files if name.startswith("helpers/")}
    assert own == {"__init__.py", "given.py", "mine.py", "inner/mine.py", "data.csv"} - gone
    kit = {name.removeprefix("sheet11/") for name in files if name.startswith("sheet11/")}
    assert kit == {"__init__.py", "given/__init__.py", "given/checks.py"} | {
        f"lab/{path.name}" for path in (PACKAGE / "lab").glob("*.py")
    }
    assert files["helpers/__init__.py"] == b"__init__.py"


def test_what_stands_beside_the_notebooks(folder):
    students = ["data/points.csv", "helper.py", "map.png", "solved.py"]
    ours = [
        "sheet.toml",
        "student.md",
        "nbgrader_config.py",
        "mistakes/mine.toml",
        "helpers/given.py",
    ]
    backups = [
        "helper.py~",
        "data/#points.csv#",
        ".ipynb_checkpoints/mine-checkpoint.ipynb",
        "a.bak",
    ]
    work = [
        "class/anna/mine.ipynb",
        "class/anna/notes.txt",
        "out/grading.sqlite",
        "out/results.csv",
    ]
    for name in [*students, *ours, *backups, *work]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("" if name == "sheet.toml" else name)
    (folder / "sheet.toml").write_text('not_for_students = ["solved.py"]')
    found = find_sheet(folder).files_beside()
    assert list(found) == students[:3]
    assert found["helper.py"] == b"helper.py"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('titel = "x"', "'titel' is not one of .*'title', 'package'"),
        ("title = 3", "title: 3 is not of type 'string'"),
        ('requirements = "numpy"', "requirements: 'numpy' is not of type 'array'"),
        ('package = "nowhere"', "package must be one in .* .helpers., got 'nowhere'"),
        ("title = ", r"sheet\.toml cannot be read"),
    ],
)
def test_unusable_settings(folder, settings, message):
    (folder / "sheet.toml").write_text(settings)
    with pytest.raises(SheetError, match=message):
        find_sheet(folder)


def test_no_sheet(folder, tmp_path):
    with pytest.raises(SheetError, match="there are no notebooks in '.*nowhere'"):
        find_sheet(tmp_path / "nowhere")
    with pytest.raises(SheetError, match="there are no notebooks in"):
        find_sheet(folder / "helpers")
    (folder / "second").mkdir()
    (folder / "second" / "__init__.py").write_text("")
    with pytest.raises(
        SheetError, match=r"package must be one in .* \(helpers, second\), got None"
    ):
        find_sheet(folder)


def test_settings(folder):
    sheet = find_sheet(folder)
    assert (sheet.title, sheet.package, sheet.imports_from) == (folder.name, "helpers", str(folder))
    assert (sheet.not_for_students, sheet.requirements) == ((), ("jupyterlab", "numpy"))
    (folder / "sheet.toml").write_text('title = "Tides"\nrequirements = ["scipy"]')
    sheet = find_sheet(folder)
    assert (sheet.title, sheet.requirements) == ("Tides", ["scipy"])
