"""nbgrader's preprocessors on a sheet: settings, AUTOTEST, older schemas, and content hidden from students."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output
from sheets_of_nbgrader import (
    SHEETS,
    answer,
    by_hand,
    check,
    given,
    heading,
    notebook,
    text,
)  # fmt: skip

from sheet11.course.errors import SheetError
from sheet11.course.preprocess import (
    both_versions,
    nbgrader_config,
    upgrade,
    without_answers,
)
from sheet11.course.tasks import grade_id, tasks_of

nbgrader = pytest.importorskip("nbgrader", reason="needs nbgrader: pip install 'sheet11[grade]'")
GUIDE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"


def written(folder, *cells, config=""):
    """A notebook of these cells in an assignment of a course, and the course's settings."""
    path = folder / "source" / "ps1" / "p.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook(*cells), path)
    (folder / "nbgrader_config.py").write_text(f"c = get_config()\n{config}\n")
    return path, nbgrader_config(path.parent)


def by_id(whole):
    return {grade_id(cell): cell for cell in whole.cells}


def edition_of(path, config):
    return both_versions(path, config)[1]


@pytest.mark.parametrize("name", SHEETS)
def test_students_get_neither_answers_nor_hidden_tests(name):
    small = SHEETS[name]()
    before, after = (by_id(each) for each in (small.notebook, without_answers(small.notebook)))
    assert before.keys() == after.keys()
    before.pop(None, None)
    for name, cell in before.items():
        if cell.metadata.nbgrader.solution:
            assert after[name].source.endswith(("raise NotImplementedError()", "YOUR ANSWER HERE"))
        assert "x == 2" not in after[name].source


def test_a_marking_scheme_is_not_for_students():
    cell = without_answers(by_hand().notebook).cells[-1]
    assert cell.source.rstrip() == "## Part B (4 points)\nVerify a sum."


@pytest.mark.parametrize(
    "begin", ["### BEGIN HIDDEN TEST", "# begin hidden tests", "###BEGIN  HIDDEN"]
)
def test_a_mistyped_mark_does_not_get_to_students(begin):
    cell = check("f-1", f"1\n{begin}\nassert x == 2")
    with pytest.raises(SheetError, match=f"students would get the line '{begin}'"):
        without_answers(notebook(cell))


def test_nothing_is_left_of_earlier_work():
    asked, right = heading("![](attachment:plan.png)"), text("why", "![](attachment:proof.png)")
    asked["attachments"] = right["attachments"] = {"plan.png": {}, "proof.png": {}}
    code = given("1")
    code.outputs, code.execution_count = [new_output("stream", text="1")], 7
    code.metadata |= {"papermill": {"duration": 1}, "execution": {"shell.execute_reply": ""}}
    whole = notebook(asked, right, code)
    whole.metadata |= {"papermill": {"input_path": "/home/a"}, "widgets": {"state": {}}}
    found = without_answers(whole)
    assert found.metadata.keys() == {"kernelspec"}
    question, blank, code = found.cells
    assert question.attachments == {"plan.png": {}} and "attachments" not in blank
    assert (code.outputs, code.execution_count, code.metadata) == ([], None, {})


def test_settings_of_the_course(tmp_path):
    path, config = written(
        tmp_path,
        answer("f", "def f(x):\n    # LÖSUNG\n    return x\n    # GELÖST"),
        check("f-1", "assert f(1)\n# GEHEIM\nassert f(2)\n# ENDE"),
        config="""
c.ClearSolutions.begin_solution_delimeter = "LÖSUNG"
c.ClearSolutions.end_solution_delimeter = "GELÖST"
c.ClearSolutions.code_stub = {"python": "..."}
c.ClearHiddenTests.begin_test_delimeter = "GEHEIM"
c.ClearHiddenTests.end_test_delimeter = "ENDE"
""",
    )
    sources = [cell.source for cell in edition_of(path, config).cells]
    assert sources == ["def f(x):\n    ...", "assert f(1)"]


def test_header_and_footer_stand_in_the_course(tmp_path):
    config = "c.IncludeHeaderFooter.header = 'source/header.ipynb'"
    path, _ = written(tmp_path, given("1"), config=config)
    nbformat.write(notebook(heading("# Header")), tmp_path / "source" / "header.ipynb")
    for version in both_versions(path, nbgrader_config(path.parent)):
        assert [cell.source for cell in version.cells] == ["# Header", "1"]


@pytest.mark.parametrize("name", ["problem1", "problem2"])
def test_the_released_course_of_nbgraders_guide(tmp_path, name):
    shutil.copytree(GUIDE / "source", tmp_path / "source")
    header = "c = get_config()\nc.IncludeHeaderFooter.header = 'source/header.ipynb'\n"
    (tmp_path / "nbgrader_config.py").write_text(header)
    path = tmp_path / "source" / "ps1" / f"{name}.ipynb"
    found = edition_of(path, nbgrader_config(path.parent))
    released = nbformat.read(GUIDE / "release" / "ps1" / path.name, as_version=4)
    assert [(cell.source, cell.metadata) for cell in found.cells] == [
        (cell.source, cell.metadata) for cell in released.cells
    ]


def test_a_list_of_preprocessors_is_that_of_the_course(tmp_path):
    path, config = written(
        tmp_path,
        check("f-1", "### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS"),
        config="c.GenerateAssignment.preprocessors = ['nbgrader.preprocessors.ClearSolutions']",
    )
    assert "BEGIN HIDDEN TESTS" in edition_of(path, config).cells[0].source


@pytest.mark.slow
def test_autotest_becomes_tests_by_the_course_of_nbgraders_guide(tmp_path):
    for name in ("source/ps1_autotest", "autotests.yml"):
        copy = shutil.copytree if (GUIDE / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(exist_ok=True)
        copy(GUIDE / name, tmp_path / name)
    path = tmp_path / "source" / "ps1_autotest" / "problem1.ipynb"
    config = nbgrader_config(path.parent)
    whole, edition = both_versions(path, config)
    source = by_id(whole)["correct_squares"].source
    assert "AUTOTEST" not in source and "assert str(len(squares(2)))" in source
    assert source == by_id(edition)["correct_squares"].source
    assert sum(task.points for task in tasks_of("problem1", whole)) == 10


@pytest.mark.slow
def test_autotest_of_a_solution_that_fails(tmp_path):
    path, _ = written(tmp_path, answer("x", "x = 1 / 0"), check("x-1", "### AUTOTEST x"))
    shutil.copy(GUIDE / "autotests.yml", tmp_path)
    with pytest.raises(SheetError, match="refuses it: ZeroDivisionError: division by zero; "):
        both_versions(path, nbgrader_config(path.parent))


@pytest.mark.parametrize("version", [0, 1, 2])
def test_older_schemas(version):
    cells = [answer("f", "1"), check("f-1", "f", "3" if version == 0 else 3)]
    for cell in cells:
        cell.metadata["nbgrader"]["schema_version"] = version
        del cell.metadata["nbgrader"]["task"]
    found = notebook(*cells, given("2"))
    assert upgrade(found) == []
    assert [task.points for task in tasks_of("p", found)] == [3]
