"""The student edition: it works, and gives nothing away."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from packaging.requirements import Requirement
from sheets_of_nbgrader import beside, write_sheet

from sheet11.course.errors import FolderError, NotInstalledError
from sheet11.course.execute import execute
from sheet11.course.notebooks import METADATA, error_of, read_notebook, title_of
from sheet11.course.preprocess import without_answers
from sheet11.course.release import release
from sheet11.course.sheet import PACKAGE, find_sheet

pytest.importorskip("nbgrader", reason="needs nbgrader: pip install 'sheet11[grade]'")

SHEET = find_sheet()
KIT = {stem: read_notebook(path) for stem, path in SHEET.notebooks.items()}
STUDENTS = [
    name for name in SHEET.not_for_students if name.endswith(".py") and name != "__main__.py"
]


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """The released folder."""
    out = tmp_path_factory.mktemp("release") / "sheet"
    release(SHEET, out)
    return out


def texts(edition):
    return {
        path: path.read_text()
        for path in edition.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_files(edition):
    names = {path.relative_to(edition).as_posix() for path in texts(edition)}
    package = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")} | {
        "py.typed"
    }
    given = {name for name in package if not name.startswith("course/")} - {
        *STUDENTS,
        "__main__.py",
    }
    notebooks = {f"{stem}.ipynb" for stem in KIT}
    files = {"README.md", "requirements.txt", "environment.yml"}
    assert names == notebooks | files | {f"sheet11/{name}" for name in given}


def test_what_students_write_is_what_the_sheet_says():
    assert {"encoding.py", "scores.py", "aggregation.py", "oversmoothing.py"} <= set(STUDENTS)
    assert all((PACKAGE / name).is_file() for name in STUDENTS), "no name of a file that has gone"


def test_no_text_holds_a_solution(edition):
    hidden = set()
    for notebook in KIT.values():
        for cell in notebook.cells:
            for begin, end in (
                ("BEGIN SOLUTION", "END SOLUTION"),
                ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS"),
            ):
                for region in re.findall(f"### {begin}\n(.*?)### {end}", cell.source, re.DOTALL):
                    hidden |= set(region.splitlines())
            if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}):
                hidden |= set(cell.source.splitlines())
    for name in STUDENTS:
        hidden |= set((PACKAGE / name).read_text().splitlines())
    telling = {line.strip() for line in hidden if len(line.strip()) > 30}
    given = [content.decode() for content in SHEET.students_package().values()]
    for notebook in KIT.values():  # what students see in the notebooks is no secret
        given += [re.sub(r"### BEGIN (\w+).*?### END", "", cell.source, flags=re.DOTALL) for cell in notebook.cells
                  if not (cell.cell_type == "markdown" and "nbgrader" in cell.metadata)]  # fmt: skip
    telling = {line for line in telling if not any(line in source for source in given)}
    assert len(telling) > 150
    for path, text in texts(edition).items():
        if path.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
        found = {line for line in telling if line in text}
        assert not found, f"{path.name} has {found}"
        assert (
            "BEGIN SOLUTION" not in text
            and "BEGIN HIDDEN" not in text
            and "sheet11.course" not in text
        )


def test_no_number_of_the_results_is_there(edition):
    number = re.compile(
        r"(?<![\d.])\d+\.\d*[1-9]\d{2,}(?!\d)"
    )  # with so many digits that it is no one else's
    shown = {
        found
        for notebook in KIT.values()
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for found in number.findall(
            str(output.get("text", output.get("data", {}).get("text/plain", "")))
        )
    }
    assert len(shown) > 20
    for path, text in texts(edition).items():
        assert not shown & set(number.findall(text)), path.name


def test_notebooks_have_no_outputs_and_nothing_of_the_grading(edition):
    for stem, kit in KIT.items():
        notebook = read_notebook(edition / f"{stem}.ipynb")
        assert METADATA not in notebook.metadata and METADATA in kit.metadata
        asked = (
            ["handed-in-by"] if stem == next(iter(KIT)) else []
        )  # who the members of a group are
        ids = [cell.id for cell in kit.cells]
        assert [cell.id for cell in notebook.cells] == ids[:1] + asked + ids[1:]
        for cell in notebook.cells:
            assert not cell.get("outputs") and cell.get("execution_count") is None
            assert METADATA not in cell.metadata
            locked = cell.metadata.get("nbgrader", {}).get("locked", False)
            assert (cell.metadata.get("editable") is False) == locked


@pytest.mark.slow
def test_every_given_module_imports_without_the_students(edition, one_server):
    code = """
import importlib, pathlib, sys, torch
assert not [name for name in sys.modules if name.partition(".")[0] == "sheet11"], "nothing is there before"
import sheet11
here = pathlib.Path(sheet11.__file__).parent
assert here == pathlib.Path.cwd() / "sheet11", here
for path in sorted(here.rglob("*.py")):
    name = ".".join(path.relative_to(here.parent).with_suffix("").parts).removesuffix(".__init__")
    importlib.import_module(name)
for name in sheet11.__all__:
    getattr(sheet11, name)
for name in ("positional_encoding", "attention_scores", "softargmax_aggregate", "dirichlet_energy"):
    assert name not in sheet11.__all__
    try:
        getattr(sheet11, name)
    except AttributeError as error:
        assert "for you to write" in str(error)
    else:
        raise AssertionError(name)
"""
    notebook = new_notebook(cells=[new_code_cell(code)])
    assert error_of(execute(notebook, {}, edition, warm=True, package_folder=edition)) is None


@pytest.mark.slow
@pytest.mark.parametrize("stem", KIT)
def test_unanswered_notebook_runs_to_the_end(edition, one_server, stem):
    notebook = read_notebook(edition / f"{stem}.ipynb")
    executed = execute(
        notebook, {}, edition, warm=True, package_folder=edition, instead_of_figures="figure"
    )
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    errors = [
        (cell.id, output.evalue)
        for cell in code
        for output in cell.outputs
        if output.output_type == "error"
    ]
    unexpected = [
        (cell, line)
        for cell, line in errors
        if line != "Not answered yet." and not line.startswith("Waits for an answer that gives ")
    ]
    assert not unexpected
    checks = [cell for cell in code if cell.metadata.get("nbgrader", {}).get("grade")]
    assert all(cell.outputs and cell.outputs[0].output_type == "error" for cell in checks)
    assert error_of(executed) == "NotImplementedError: Not answered yet."


def test_readme(edition):
    readme = (edition / "README.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)\.ipynb` \| (.* \| \d+) \|$", readme, re.MULTILINE))
    assert rows == {
        stem: f"{title_of(notebook, stem)} | "
        f"{sum(cell.metadata.get('nbgrader', {}).get('points', 0) for cell in notebook.cells)}"
        for stem, notebook in KIT.items()
    }
    assert "{" not in readme
    assert "pip install torch --index-url https://download.pytorch.org/whl/cpu" in readme


def imported(source):
    """Top-level names of what a source imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_requirements_are_what_is_imported_and_jupyterlab(edition):
    sources = [path.read_text() for path in (edition / "sheet11").rglob("*.py")]
    for path in edition.glob("*.ipynb"):
        sources += [cell.source for cell in read_notebook(path).cells if cell.cell_type == "code"]
    names = (
        {name for source in sources for name in imported(source)}
        - sys.stdlib_module_names
        - {"sheet11"}
    )
    provided = packages_distributions()
    needed = {provided[name][0].lower() for name in names} - {
        "nbformat"
    }  # which comes with jupyterlab
    lines = (edition / "requirements.txt").read_text().splitlines()
    required = {Requirement(line).name.lower(): Requirement(line) for line in lines}
    assert required.keys() == needed | {"jupyterlab"}
    kit = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"][
        "dependencies"
    ]
    oldest = {Requirement(line).name.lower(): re.search(r">=([\d.]+)", line)[1] for line in kit}
    for name, requirement in required.items():
        assert requirement.specifier.contains(oldest[name]), (
            f"{requirement} is not tried with {oldest[name]}"
        )
        assert requirement.specifier.contains(version(name)), (
            f"{requirement} is not what the tests run with"
        )


def test_files_beside_the_notebooks_travel(tmp_path):
    folder = write_sheet(beside(), tmp_path / "course" / "source" / "ps1")
    (folder / "requirements.txt").write_text("scipy\n")
    release(find_sheet(folder), tmp_path / "edition")
    found = texts(tmp_path / "edition")
    assert found[tmp_path / "edition" / "data" / "points.csv"] == "1\n2\n3\n"
    assert found[tmp_path / "edition" / "requirements.txt"] == "scipy\n"
    assert {path.name for path in found if "sheet11" not in path.parts} == {
        "small.ipynb", "points.csv", "helper.py", "requirements.txt", "environment.yml"
    }  # fmt: skip


def test_a_notebook_of_an_older_format_stays_one(tmp_path):
    small = beside()
    small.notebook.nbformat_minor = 2
    for cell in small.notebook.cells:
        del cell["id"]
    release(find_sheet(write_sheet(small, tmp_path / "ps1")), tmp_path / "edition")
    found = read_notebook(tmp_path / "edition" / "small.ipynb")
    assert found.nbformat_minor == 2 and not [cell for cell in found.cells if "id" in cell]


def test_only_into_a_new_folder(invoke, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "answers.txt").write_text("kept")
    result = invoke("release", "full", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: full is not empty; ") and result.stderr.count("\n") == 1
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["answers.txt"]
    with pytest.raises(FolderError):
        release(SHEET, tmp_path / "full")
    (tmp_path / "file").write_text("")
    result = invoke("release", "file/out", cwd=tmp_path)
    assert result.returncode == 2 and result.stderr.startswith("Error: cannot write to file/out: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full"], (
        "nothing half-done is left"
    )


def test_without_nbgrader(monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.preprocessors", None)
    with pytest.raises(
        NotInstalledError, match=r"nbgrader is missing: pip install 'sheet11\[grade\]'"
    ):
        without_answers(KIT["01_encoding"])
