"""The student edition: it works, and gives nothing away."""

import ast
import re
import subprocess
import sys
from collections import Counter

import nbformat
import pytest

from sheet11.course.errors import NotebookError
from sheet11.course.execute import execute
from sheet11.course.notebooks import error_of, read_notebook
from sheet11.course.release import SOLUTIONS, without_answers, without_solutions
from sheet11.course.sheet import PACKAGE, find_sheet

pytest.importorskip("nbgrader", reason="needs nbgrader: pip install 'sheet11[grade]'")

KIT = {stem: read_notebook(path) for stem, path in find_sheet().notebooks.items()}
MODULES = {path.name: path.read_text() for path in PACKAGE.glob("*.py")}


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """The released folder."""
    out = tmp_path_factory.mktemp("release") / "sheet"
    command = [sys.executable, "-m", "sheet11.course.cli", "release", out]
    subprocess.run(command, check=True, capture_output=True)
    return out


def texts(edition):
    return {path: path.read_text() for path in edition.rglob("*") if path.is_file()}


def named_solutions(source):
    found = re.search(rf"^{SOLUTIONS} = (\(.*?\))$", source, re.DOTALL | re.MULTILINE)
    return ast.literal_eval(found[1]) if found else ()


def solution_lines(source):
    """Lines of the functions that a module names as solutions."""
    named = named_solutions(source)
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in named:
            yield from source.splitlines()[node.lineno : node.end_lineno]


def test_files(edition):
    names = {path.relative_to(edition).as_posix() for path in texts(edition)}
    notebooks = {f"{stem}.ipynb" for stem in KIT}
    assert names == notebooks | {"README.md", "requirements.txt", "environment.yml"} | {
        f"sheet11/{name}" for name in MODULES
    }


def test_no_text_holds_a_solution(edition):
    hidden = set()
    for notebook in KIT.values():
        for cell in notebook.cells:
            for begin, end in (("BEGIN SOLUTION", "END SOLUTION"), ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")):
                for region in re.findall(f"### {begin}\n(.*?)### {end}", cell.source, re.DOTALL):
                    hidden |= set(region.splitlines())
            marks = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "markdown" and marks:
                hidden |= set(cell.source.splitlines())
    for source in MODULES.values():
        hidden |= set(solution_lines(source))
    telling = {line.strip() for line in hidden if len(line.strip()) > 30}
    given = [without_solutions(source) for source in MODULES.values()]
    given += [cell.source for notebook in KIT.values() for cell in notebook.cells if "nbgrader" not in cell.metadata]
    telling = {line for line in telling if not any(line in source for source in given)}
    assert len(telling) > 150
    for path, text in texts(edition).items():
        if path.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
        found = {line for line in telling if line in text}
        assert not found, f"{path.name} has {found}"
        assert "BEGIN" not in text and SOLUTIONS not in text and "sheet11.course" not in text


def test_no_number_of_the_results_is_there(edition):
    numbers = re.compile(r"0\.2193|0\.0448|0\.2441|0\.2204|11\.45|0\.98\b|284\.3|2 log\|λ")
    assert any(numbers.search(str(cell.get("outputs", ""))) for nb in KIT.values() for cell in nb.cells)
    for path, text in texts(edition).items():
        assert not numbers.search(text), path.name


def test_notebooks_have_no_outputs_and_nothing_of_the_grading(edition):
    for stem, kit in KIT.items():
        notebook = read_notebook(edition / f"{stem}.ipynb")
        assert "sheet11" not in notebook.metadata and "sheet11" in kit.metadata
        assert [cell.id for cell in notebook.cells] == [cell.id for cell in kit.cells]
        for cell in notebook.cells:
            assert not cell.get("outputs") and cell.get("execution_count") is None
            assert "sheet11" not in cell.metadata
            locked = cell.metadata.get("nbgrader", {}).get("locked", False)
            assert (cell.metadata.get("editable") is False) == locked


def test_package_is_whole_without_the_solutions(edition):
    gone = sorted(name for source in MODULES.values() for name in named_solutions(source))
    assert {"positional_encoding", "attention_scores", "softargmax_aggregate", "dirichlet_energy"} <= set(gone)
    code = f"""
import importlib, pathlib, sheet11
here = pathlib.Path(sheet11.__file__).parent
assert here == pathlib.Path.cwd() / "sheet11", here
modules = [importlib.import_module("sheet11." + path.stem) for path in here.glob("[a-z]*.py")]
for name in {gone}:
    assert not any(hasattr(module, name) for module in [sheet11, *modules]), name
for name in sheet11.__all__:
    getattr(sheet11, name)
"""
    subprocess.run([sys.executable, "-c", code], cwd=edition, check=True)
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,E9", edition / "sheet11"]
    subprocess.run(ruff, check=True, capture_output=True)


@pytest.mark.parametrize("stem", KIT)
def test_unanswered_notebook_runs_to_the_end(edition, stem):
    executed = execute(read_notebook(edition / f"{stem}.ipynb"), {}, edition, warm=True)
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    said = [output.evalue for cell in code for output in cell.outputs if output.output_type == "error"]
    assert all(line == "Not answered yet." or line.startswith("Waits for an answer that gives ") for line in said)
    checks = [cell for cell in code if cell.metadata.get("nbgrader", {}).get("grade")]
    assert all(cell.outputs and cell.outputs[0].output_type == "error" for cell in checks)
    assert error_of(executed) == "NotImplementedError: Not answered yet."


@pytest.mark.parametrize("stem", KIT)
def test_points_of_the_parts_are_those_of_their_marks(stem):
    stated, marked, part = {}, Counter(), None
    for cell in KIT[stem].cells:
        if heading := re.match(r"## (\d\w)\) .* \((\d+) points\)", cell.source):
            part = heading[1]
            stated[part] = int(heading[2])
        elif cell.source.startswith("## The encoding"):
            part = "1b"  # where its text says that it counts
        marked[part] += cell.metadata.get("nbgrader", {}).get("points", 0)
    assert {part: points for part, points in marked.items() if points} == stated


def test_points_in_the_readme(edition):
    rows = re.findall(r"^\| `(\w+)\.ipynb` \| .* \| (\d+) \|$", (edition / "README.md").read_text(), re.MULTILINE)
    assert {stem: int(points) for stem, points in rows} == {
        stem: sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in notebook.cells)
        for stem, notebook in KIT.items()
    }


def test_only_into_a_new_folder(sheet11, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "answers.txt").write_text("kept")
    result = sheet11("release", "full", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: full is not empty; ") and result.stderr.count("\n") == 1
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["answers.txt"]
    (tmp_path / "file").write_text("")
    result = sheet11("release", "file/out", cwd=tmp_path)
    assert result.returncode == 2 and result.stderr.startswith("Error: cannot write to file/out: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full"], "nothing half-done is left"


def test_without_nbgrader(monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.preprocessors", None)
    with pytest.raises(NotebookError, match=r"needs nbgrader: pip install 'sheet11\[grade\]'"):
        without_answers(KIT["01_encoding"])


def test_what_only_solutions_use_goes_with_them():
    source = '''"""A module."""

import math
from a import b, c

__solutions__ = ("answer", "LIMIT")
LIMIT = 3


@b
def answer():
    return math.pi + _helper() + LIMIT


def given():
    """Stays."""
    return c + _shared()


def _helper():
    return _shared() + _deeper()


def _deeper():
    return 1


def _shared():
    return 2


def _never_used():
    return 3
'''
    assert (
        without_solutions(source)
        == '''"""A module."""

from a import c


def given():
    """Stays."""
    return c + _shared()


def _shared():
    return 2


def _never_used():
    return 3
'''
    )


def test_names_that_other_modules_leave_out_go_from_dictionaries():
    source = 'HOME = {\n    "answer": "a",\n    "given": "b",\n}\n'
    assert without_solutions(source, {"answer"}) == 'HOME = {\n    "given": "b",\n}\n'
    assert without_solutions(source) == source
