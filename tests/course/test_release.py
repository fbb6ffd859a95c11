"""Student edition: it works, and reveals no solutions."""

import re
import sys
from importlib.metadata import packages_distributions, version

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from packaging.requirements import Requirement
from sheets_of_nbgrader import beside, write_sheet

from sheet11.course.errors import NotInstalledError
from sheet11.course.execute import execute
from sheet11.course.notebooks import METADATA, error_of, read_notebook, title_of
from sheet11.course.preprocess import without_answers
from sheet11.course.release import release
from sheet11.course.sheet import PACKAGE, find_sheet

pytest.importorskip("nbgrader", reason="needs nbgrader: pip install 'sheet11[grade]'")

SHEET = find_sheet()
KIT = {stem: read_notebook(path) for stem, path in SHEET.notebooks.items()}
STUDENTS = {name for name in SHEET.not_for_students if name.endswith(".py")} - {"__main__.py"}
SECRET = re.compile(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", re.DOTALL)


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """Release the sheet, and return the folder."""
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
    package = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")}
    assert STUDENTS < package, "no name of a file that has gone"
    given = {name for name in package - STUDENTS if not name.startswith("course/")}
    files = {"README.md", "requirements.txt", "environment.yml", "sheet11/py.typed"}
    modules = {f"sheet11/{name}" for name in given - {"__main__.py"}}
    assert names == files | modules | {f"{stem}.ipynb" for stem in KIT}


def test_no_number_of_the_results_is_there(edition):
    number = re.compile(
        r"(?<![\d.])\d+\.\d*[1-9]\d{2,}(?!\d)"
    )  # so many digits belong to one result
    outputs = [
        str([output.get("text"), output.get("data", {}).get("text/plain")])
        for notebook in KIT.values()
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]
    shown = set(number.findall(" ".join(outputs)))
    assert len(shown) > 20
    for path, text in texts(edition).items():
        assert not shown & set(number.findall(text)), path.name


def test_readme(edition):
    readme = (edition / "README.md").read_text()
    assert all(f"| `{stem}.ipynb` | {title_of(KIT[stem], stem)} | " in readme for stem in KIT)
    assert "pip install --no-deps -f https://download.pytorch.org/whl/cpu/torch/ torch" in readme


def test_files_beside_the_notebooks_travel(tmp_path):
    folder = write_sheet(beside(), tmp_path / "course" / "source" / "ps1")
    (folder / "requirements.txt").write_text("scipy\n")
    release(find_sheet(folder), tmp_path / "edition")
    for name in ("data/points.csv", "helper.py", "requirements.txt"):
        assert (tmp_path / "edition" / name).read_text() == (folder / name).read_text()


def test_without_nbgrader(monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.preprocessors", None)
    with pytest.raises(
        NotInstalledError, match=r"nbgrader is missing: pip install 'sheet11\[grade\]'"
    ):
        without_answers(KIT["01_encoding"])


def is_answer_in_words(cell):
    return cell.cell_type == "markdown" and "nbgrader" in cell.metadata


def test_no_text_holds_a_solution(edition):
    cells = [cell for notebook in KIT.values() for cell in notebook.cells]
    secret = [(PACKAGE / name).read_text() for name in STUDENTS]
    public = [content.decode() for content in SHEET.students_package().values()]
    for cell in cells:
        if is_answer_in_words(cell):
            secret.append(cell.source)
        else:
            secret += SECRET.findall(cell.source)
            public.append(SECRET.sub("", cell.source))
    lines = {line.strip() for line in "\n".join(secret).splitlines()}
    known = "\n".join(public)
    telling = {line for line in lines if len(line) > 30 and line not in known}
    assert len(telling) > 150
    for path, text in texts(edition).items():
        if path.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in read_notebook(path).cells)
        telling |= {"BEGIN SOLUTION", "BEGIN HIDDEN", "sheet11.course"}
        assert not [line for line in telling if line in text], path.name


def test_notebooks_have_no_outputs_and_nothing_of_the_grading(edition):
    for stem, kit in KIT.items():
        notebook = read_notebook(edition / f"{stem}.ipynb")
        assert METADATA not in notebook.metadata and METADATA in kit.metadata
        ids = [cell.id for cell in kit.cells]
        if stem == next(iter(KIT)):
            ids.insert(1, "handed-in-by")  # where a group says who it is
        assert [cell.id for cell in notebook.cells] == ids
        for cell in notebook.cells:
            assert not cell.get("outputs") and METADATA not in cell.metadata


@pytest.mark.slow
def test_every_given_module_imports_without_the_students(edition, one_server):
    code = """
import importlib, pathlib, sheet11
here = pathlib.Path(sheet11.__file__).parent
assert here == pathlib.Path.cwd() / "sheet11", here
for path in here.rglob("*.py"):
    name = ".".join(path.relative_to(here.parent).with_suffix("").parts).removesuffix(".__init__")
    importlib.import_module(name)
for name in sheet11.__all__:
    getattr(sheet11, name)
sheet11.attention_scores
"""
    notebook = new_notebook(cells=[new_code_cell(code)])
    executed = execute(notebook, {}, edition, warm=True, package_folder=edition)
    assert "for you to write" in error_of(executed)


@pytest.mark.slow
@pytest.mark.parametrize("stem", KIT)
def test_unanswered_notebook_runs_to_the_end(edition, one_server, stem):
    notebook = read_notebook(edition / f"{stem}.ipynb")
    executed = execute(
        notebook, {}, edition, warm=True, package_folder=edition, instead_of_figures="figure"
    )
    for cell in executed.cells:
        if cell.cell_type != "code":
            continue
        errors = [output.evalue for output in cell.outputs if output.output_type == "error"]
        assert cell.execution_count
        for line in errors:
            assert line == "Not answered yet." or line.startswith("Waits for an answer that gives ")
        assert errors or not cell.metadata.get("nbgrader", {}).get("grade")


def test_requirements_are_what_is_imported_and_jupyterlab(edition):
    sources = [path.read_text() for path in (edition / "sheet11").rglob("*.py")]
    for stem in KIT:
        notebook = read_notebook(edition / f"{stem}.ipynb")
        sources += [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    found = set(re.findall(r"^\s*(?:import|from) (\w+)", "\n".join(sources), re.MULTILINE))
    provided = packages_distributions()
    third = found - sys.stdlib_module_names - {"sheet11", "nbformat"}  # which comes with jupyterlab
    requirements = map(Requirement, (edition / "requirements.txt").read_text().splitlines())
    required = {requirement.name.lower(): requirement for requirement in requirements}
    assert required.keys() == {provided[name][0].lower() for name in third} | {"jupyterlab"}
    for name, requirement in required.items():
        assert requirement.specifier.contains(version(name)), "not what the tests run with"


def test_only_into_a_new_folder(invoke, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "answers.txt").write_text("kept")
    result = invoke("release", "full", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "Error: cannot write to full: Directory not empty\n"
    (tmp_path / "file").write_text("")
    result = invoke("release", "file/out", cwd=tmp_path)
    assert result.returncode == 2 and result.stderr.startswith("Error: cannot write to file/out: ")
    left = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")]
    assert sorted(left) == ["file", "full", "full/answers.txt"]
