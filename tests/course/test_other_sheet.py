"""A sheet of another subject, with a package of its own, through every command and without a change of this kit."""

import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from gradings import skip_without_graders
from sheets import waves

from sheet11.course.notebooks import error_of, read_notebook
from sheet11.course.release import release
from sheet11.course.run import jobs_of_notebooks
from sheet11.course.sheet import find_sheet
from sheet11.course.sweep import jobs_of_grid
from sheet11.lab.records import read_records

README = "# Waves\n\n{notebooks}\n"
TABLE = """\
| notebook | title | points |
|---|---|---|
| `1_waves.ipynb` | Waves | 4 |
| `2_slopes.ipynb` | Slopes | 1 |
"""


@pytest.fixture
def course(tmp_path):
    """The sheet, in the folder `course`."""
    course = waves(tmp_path / "course")
    (course.folder / "notebooks" / "student.md").write_text(README)
    return course


def test_run(course, invoke, tmp_path):
    result = invoke("run", "--sheet", "course", "-p", "p=5", "-o", "out", cwd=tmp_path)
    assert result.returncode == 0, result.stdout
    assert read_records(tmp_path / "out" / "1_waves.ipynb")["E"].shape == (5, 8)
    assert read_records(tmp_path / "out" / "2_slopes.ipynb")["slope"] == pytest.approx(3)
    result = invoke("run", "--sheet", "course", "3_tides", "-o", "out", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (
        2,
        "Error: there is no notebook '3_tides'; the sheet has 1_waves, 2_slopes\n",
    )


@pytest.mark.slow
def test_sweep(course, invoke, tmp_path):
    arguments = ["sweep", "--sheet", "course", "2_slopes", "-p", "n=4,5", "-o", "out"]
    result = invoke(*arguments, cwd=tmp_path)
    assert result.returncode == 0, result.stdout
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    assert list(table.n) == [4, 5] and table.slope.tolist() == pytest.approx([3, 3])


def test_a_point_is_another_after_a_change_of_the_package(course):
    def keys():
        sheet = find_sheet(course.folder)
        return [
            job.key for job in jobs_of_grid(sheet.notebooks["1_waves"], {"n": [4, 5]}, sheet=sheet)
        ]

    before = keys()
    assert keys() == before
    (course.folder / "waves" / "angles.py").write_text(
        "def angle(frequency, position):\n    return 0\n"
    )
    assert not set(keys()) & set(before)


def test_notebooks_may_lie_beside_the_package(course, invoke, tmp_path):
    for path in (course.folder / "notebooks").iterdir():
        path.rename(course.folder / path.name)
    (course.folder / "notebooks").rmdir()
    sheet = find_sheet(course.folder)
    (job,) = jobs_of_notebooks([sheet.notebooks["1_waves"]], {}, sheet=sheet)
    assert job.options["cwd"] == job.options["package_folder"] == str(course.folder.resolve())
    assert invoke("run", "--sheet", "course", "1_waves", "-o", "out", cwd=tmp_path).returncode == 0


def test_release(course, invoke, tmp_path):
    pytest.importorskip("nbgrader", reason="needs nbgrader: pip install 'sheet11[grade]'")
    result = invoke("release", "--sheet", "course", "edition", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "edition\n")
    edition = tmp_path / "edition"
    files = {path.relative_to(edition).as_posix() for path in edition.rglob("*") if path.is_file()}
    kit = {name for name in files if name.startswith("sheet11/")}
    assert files - kit == {
        "1_waves.ipynb", "2_slopes.ipynb", "README.md", "environment.yml", "requirements.txt",
        "waves/__init__.py", "waves/angles.py",
    }  # fmt: skip
    assert {"sheet11/__init__.py", "sheet11/given/checks.py", "sheet11/lab/records.py"} < kit
    assert all(
        name in ("sheet11/__init__.py", "sheet11/given/__init__.py", "sheet11/given/checks.py")
        or name.startswith("sheet11/lab/")
        for name in kit
    )
    assert (edition / "README.md").read_text() == f"# Waves\n\n{TABLE}"
    assert (edition / "requirements.txt").read_text() == "jupyterlab\nnumpy\n"
    assert "name: waves\n" in (edition / "environment.yml").read_text()
    text = "".join(
        path.read_text()
        for path in edition.rglob("*")
        if path.is_file() and path.parent.name != "lab"
    )
    assert not [needle for needle in course.needles if needle in text]
    code = "import sheet11, waves.angles; assert sheet11.__all__ == ['record', 'read_records']; sheet11.record"
    subprocess.run([sys.executable, "-c", code], cwd=edition, check=True)
    assert find_sheet(edition).package == "waves"
    result = invoke("run", "--sheet", "edition", "-o", "out", cwd=tmp_path)
    assert result.returncode == 1 and "2 of 2 notebooks failed" in result.stderr
    assert error_of(read_notebook(tmp_path / "out" / "1_waves.ipynb")).startswith(
        "NotImplementedError"
    )


@pytest.mark.slow
def test_grade(course, invoke, tmp_path):
    skip_without_graders()
    release(course.sheet, tmp_path / "edition")
    for student in ("anna", "bert"):
        (tmp_path / "class" / student).mkdir(parents=True)
        for path in (tmp_path / "edition").glob("*.ipynb"):
            notebook = read_notebook(path)
            for cell in notebook.cells:
                right = student == "anna" or cell.id == "slope"
                cell.source = (
                    course.solutions[path.stem].get(cell.id, cell.source) if right else cell.source
                )
            nbformat.write(notebook, tmp_path / "class" / student / path.name)
    result = invoke("grade", "--sheet", "course", "class", "-o", "out", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    results = pd.read_csv(tmp_path / "out" / "results.csv", dtype=str, keep_default_na=False)
    points = {student: list(rows.points) for student, rows in results.groupby("student")}
    assert points == {"anna": ["2", "1", "", "1"], "bert": ["0", "0", "0", "1"]}, (
        "the third is read by a person"
    )
