"""Sheets of another subject with their own package are run, swept and released without changes to this kit."""

import subprocess
import sys

import pandas as pd
import pytest
from sheets import waves

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
    """Make the sheet in the folder `course`."""
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


def test_notebooks_may_lie_beside_the_package(course, invoke, tmp_path):
    for path in (course.folder / "notebooks").iterdir():
        path.rename(course.folder / path.name)
    (course.folder / "notebooks").rmdir()
    assert invoke("run", "--sheet", "course", "1_waves", "-o", "out", cwd=tmp_path).returncode == 0


def test_release(course, invoke, tmp_path):
    pytest.importorskip("nbgrader", reason="needs nbgrader: pip install 'sheet11[grade]'")
    result = invoke("release", "--sheet", "course", "edition", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "edition\n")
    edition = tmp_path / "edition"
    files = {
        path.relative_to(edition).as_posix(): path.read_text()
        for path in edition.rglob("*")
        if path.is_file()
    }
    assert {name for name in files if not name.startswith("sheet11/lab/")} == {
        "1_waves.ipynb", "2_slopes.ipynb", "README.md", "environment.yml", "requirements.txt",
        "waves/__init__.py", "waves/angles.py",
        "sheet11/__init__.py", "sheet11/given/__init__.py", "sheet11/given/checks.py",
    }  # fmt: skip
    assert files["README.md"] == f"# Waves\n\n{TABLE}"
    assert files["requirements.txt"] == "jupyterlab\nnumpy\n"
    assert "name: waves\n" in files["environment.yml"]
    own = [text for name, text in files.items() if not name.startswith("sheet11/lab/")]
    assert not [needle for needle in course.needles if needle in "".join(own)]
    code = "import sheet11, waves.angles; assert sheet11.__all__ == ['record', 'read_records']; sheet11.record"
    subprocess.run([sys.executable, "-c", code], cwd=edition, check=True)
    result = invoke("run", "--sheet", "edition", "-o", "out", cwd=tmp_path)
    assert result.returncode == 1 and "failed: 1_waves, 2_slopes" in result.stderr
