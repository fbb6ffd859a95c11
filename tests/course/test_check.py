"""Checks of a sheet: one line for each unsupported request, with advice."""

import json
import shutil
from pathlib import Path

import pytest
from sheets_of_nbgrader import (
    PYTHON,
    SHEETS,
    answer,
    check,
    given,
    heading,
    notebook,
    task,
    text,
    write_sheet,
)  # fmt: skip

from sheet11.course.check import problems_of
from sheet11.course.errors import SheetError
from sheet11.course.sheet import find_sheet

nbgrader = pytest.importorskip("nbgrader", reason="needs nbgrader: pip install 'sheet11[grade]'")
GUIDE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
RIGHT = (answer("f", "1"), check("f-1", "1"))


@pytest.fixture
def problems(tmp_path):
    """Return the messages for a sheet with the given cells and settings."""

    def problems(*cells, config="", **metadata):
        (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\n{config}\n")
        whole = notebook(*(cells or RIGHT))
        whole.metadata.update(metadata)
        (tmp_path / "p.ipynb").write_text(json.dumps(whole))
        return problems_of(find_sheet(tmp_path))

    return problems


def one(found):
    """The only line."""
    (line,) = found
    assert "\n" not in line
    return line


@pytest.mark.parametrize("name", SHEETS)
def test_what_is_right(name, tmp_path):
    assert problems_of(find_sheet(write_sheet(SHEETS[name](), tmp_path))) == []


def test_the_course_of_nbgraders_guide(tmp_path):
    shutil.copytree(GUIDE / "source", tmp_path / "source")
    assert problems_of(find_sheet(tmp_path / "source" / "ps1")) == []
    found = one(problems_of(find_sheet(tmp_path / "source" / "ps1_autotest")))
    assert found.startswith("problem1.ipynb: nbgrader's InstantiateTests refuses it: ")
    assert "autotests.yml" in found


def test_this_kit():
    assert problems_of(find_sheet()) == []


def test_a_kernel_for_another_language(problems):
    r = {"name": "ir", "language": "R", "display_name": "R"}
    assert one(problems(kernelspec=r)).startswith("p.ipynb: its kernel 'ir' is not for Python; ")
    assert problems(kernelspec=PYTHON | {"name": "conda-env-course-py"}) == []


def test_otter(problems):
    found = one(problems(*RIGHT, heading("# BEGIN QUESTION\nname: q1")))
    assert found.startswith("p.ipynb: it is marked up for Otter-Grader, 'BEGIN QUESTION', ")


def test_damaged_marks(problems):
    lost, pointless, text_check = answer("", "1"), check("g", "1"), check("h", "1")
    newer, unscored = answer("f", "1"), task("sums", "Show it.")
    for cell in (pointless, unscored):
        del cell.metadata["nbgrader"]["points"]
    text_check.cell_type = "raw"
    text_check.pop("outputs"), text_check.pop("execution_count")
    newer.metadata["nbgrader"]["schema_version"] = 4
    found = problems(lost, pointless, text_check, text("why", "", -1), unscored, newer)
    assert [line.partition("; ")[0] for line in found] == [
        "p.ipynb: nbgrader's metadata of cell 1 are damaged: grade_id is empty",
        "p.ipynb: nbgrader's metadata of cell 2 are damaged: nbgrader cell 'g' does not have points",
        "p.ipynb: nbgrader's metadata of cell 4 are damaged: -1 is less than the minimum of 0",
        "p.ipynb: nbgrader's metadata of cell 6 are damaged: Schema version is too new: 4 (expected 3)",
        "p.ipynb: the check 'h' is a raw cell",
        "p.ipynb: 'sums' must be a task with points, and neither answer nor check",
    ]


JUNK = [None, 7, "", [1], {"a": 1}, 1e400]


@pytest.mark.parametrize("junk", JUNK, ids=repr)
@pytest.mark.parametrize(
    "key",
    ["grade", "solution", "locked", "task", "grade_id", "points", "schema_version", "nbgrader",
     "sheet11", "kernelspec"],
)  # fmt: skip
def test_damages_of_any_kind_are_lines(tmp_path, junk, key):
    whole = json.loads(json.dumps(notebook(*RIGHT, text("why", ""))))
    for holder in (whole, *whole["cells"]):
        marks = holder["metadata"].get("nbgrader", holder["metadata"])
        (holder["metadata"] if key in ("nbgrader", "sheet11", "kernelspec") else marks)[key] = junk
    (tmp_path / "p.ipynb").write_text(json.dumps(whole))
    for line in problems_of(find_sheet(tmp_path)):
        assert line and "\n" not in line


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (check("f-1", "### BEGIN HIDDEN TESTS"), "ClearHiddenTests refuses it: No end hidden"),
        (answer("f", "### BEGIN SOLUTION"), "ClearSolutions refuses it: no end solution"),
        (given("### BEGIN SOLUTION\n### END SOLUTION"), "Solution region detected in a non-solution"),
    ],
)  # fmt: skip
def test_marks_in_a_source(problems, cell, said):
    found = one(problems(cell))
    assert found.startswith("p.ipynb: nbgrader's ") and said in found


def test_copied_cells(problems):
    found = one(problems(*RIGHT, answer("f", "2")))
    assert found.startswith("p.ipynb: ") and "Duplicate grade id: f; a copied cell" in found


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("c.Execute.timeout = 600", "sets Execute.timeout, which is not read here: "),
        ("c.Autograde.autograde_preprocessors.append('x')", "sets Autograde.autograde_preprocessors"),
    ],
)  # fmt: skip
def test_settings_of_nbgrader(problems, config, said):
    found = one(problems(config=config))
    assert "nbgrader_config.py" in found and said in found


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("class Mine: pass\nc.GenerateAssignment.preprocessors = [Mine]", "names the preprocessor Mine"),
        ("1 / 0", "cannot be executed: ZeroDivisionError"),
    ],
)  # fmt: skip
def test_unusable_settings_of_nbgrader(problems, config, said):
    with pytest.raises(SheetError, match=f"nbgrader_config.py {said}"):
        problems(config=config)


def test_settings_that_change_nothing_here(problems):
    config = (
        "c.CourseDirectory.course_id = 'course'\nc.ClearSolutions.code_stub = {'python': '...'}"
    )
    assert problems(config=config) == []


def test_no_tasks(problems, tmp_path):
    assert "has no tasks" in one(problems(given("1")))
    (tmp_path / "q.ipynb").write_text("{}")
    assert one(problems()).startswith(f"{tmp_path / 'q.ipynb'} is not a Jupyter notebook")
