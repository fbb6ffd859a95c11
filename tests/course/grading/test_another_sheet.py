"""The sheet that the guide makes in JupyterLab goes through every command as the guide says."""

import tomllib

import nbformat
import pytest
from gradings import skip_without_graders, table
from sheets_of_nbgrader import HandIn, handed_in
from walks import CELLS, MISTAKES, write_walks

skip_without_graders()

(MISTAKE,) = tomllib.loads(MISTAKES)["mean-square"]
SOLUTION = CELLS[4]
WRONG = SOLUTION.replace(MISTAKE["of"], MISTAKE["instead"])


@pytest.fixture
def folder(tmp_path):
    """Make the sheet in the folder `walks-sheet`."""
    write_walks(tmp_path / "walks-sheet")
    return tmp_path


@pytest.mark.slow
def test_run_and_sweep(folder, invoke):
    assert invoke("run", "--sheet", "walks-sheet", cwd=folder).returncode == 0
    values = ["-p", "steps=10,100", "-p", "seed=0:3"]
    result = invoke("sweep", "--sheet", "walks-sheet", "01_spread", *values, cwd=folder)
    assert result.returncode == 0, result.stderr
    rows = table(folder / "build" / "sweep" / "results.csv")
    assert [row["steps"] for row in rows] == ["10"] * 3 + ["100"] * 3
    assert all(0.5 < float(row["growth"]) < 1.5 for row in rows)


def test_check_release_and_grade(folder, invoke, grade):
    result = invoke("check", "--sheet", "walks-sheet", cwd=folder)
    assert (result.returncode, result.stdout) == (0, "Random walks can be graded\n")
    assert invoke("release", "--sheet", "walks-sheet", "edition", cwd=folder).returncode == 0
    assert "| How far a walker gets | 3 |" in (folder / "edition" / "README.md").read_text()
    released = nbformat.read(folder / "edition" / "01_spread.ipynb", as_version=4)
    sources = "".join(cell.source for cell in released.cells)
    assert "np.cumsum" not in sources and "HIDDEN" not in sources and "independent" not in sources

    for name, answers in {
        "blank": {},
        "right": {"mean-square": SOLUTION, "why": "Steps are independent."},
        "wrong": {"mean-square": WRONG, "why": "By magic."},
    }.items():
        (folder / "class" / name).mkdir(parents=True)
        nbformat.write(
            handed_in(released, HandIn(answers, {})), folder / "class" / name / "a.ipynb"
        )
    result = grade("class", "-o", "out", "--sheet", "walks-sheet", cwd=folder)
    assert result.returncode == 0, result.stderr
    rows = table(folder / "out" / "results.csv")
    assert [(row["student"], row["task"], row["points"], row["status"]) for row in rows] == [
        ("blank", "mean-square-check", "0", "not answered"),
        ("blank", "why", "0", "not answered"),
        ("right", "mean-square-check", "2", "correct"),
        ("right", "why", "", "to read"),
        ("wrong", "mean-square-check", "0", "wrong"),
        ("wrong", "why", "", "to read"),
    ]
    assert rows[4]["remark"] == MISTAKE["hint"]
