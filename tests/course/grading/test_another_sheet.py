"""The sheet that the guide makes in JupyterLab is checked, released and graded; test_commands.py has all commands."""

import tomllib

import nbformat
from gradings import skip_without_graders, table
from sheets_of_nbgrader import HandIn, handed_in
from walks import CELLS, MISTAKES, write_walks

skip_without_graders()

(MISTAKE,) = tomllib.loads(MISTAKES)["mean-square"]
SOLUTION = CELLS[4]
WRONG = SOLUTION.replace(MISTAKE["of"], MISTAKE["instead"])


def test_check_release_and_grade(tmp_path, invoke, grade):
    write_walks(tmp_path / "walks-sheet")
    result = invoke("check", "--sheet", "walks-sheet", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "Random walks can be graded\n")
    assert invoke("release", "--sheet", "walks-sheet", "edition", cwd=tmp_path).returncode == 0
    assert "| How far a walker gets | 3 |" in (tmp_path / "edition" / "README.md").read_text()
    released = nbformat.read(tmp_path / "edition" / "01_spread.ipynb", as_version=4)
    sources = "".join(cell.source for cell in released.cells)
    assert "np.cumsum" not in sources and "HIDDEN" not in sources and "independent" not in sources

    for name, answers in {
        "blank": {},
        "right": {"mean-square": SOLUTION, "why": "Steps are independent."},
        "wrong": {"mean-square": WRONG, "why": "By magic."},
    }.items():
        (tmp_path / "class" / name).mkdir(parents=True)
        nbformat.write(
            handed_in(released, HandIn(answers, {})), tmp_path / "class" / name / "a.ipynb"
        )
    result = grade("class", "-o", "out", "--sheet", "walks-sheet", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    rows = table(tmp_path / "out" / "results.csv")
    assert [(row["student"], row["task"], row["points"], row["status"]) for row in rows] == [
        ("blank", "mean-square-check", "0", "not answered"),
        ("blank", "why", "0", "not answered"),
        ("right", "mean-square-check", "2", "correct"),
        ("right", "why", "", "to read"),
        ("wrong", "mean-square-check", "0", "wrong"),
        ("wrong", "why", "", "to read"),
    ]
    assert rows[4]["remark"] == MISTAKE["hint"]
