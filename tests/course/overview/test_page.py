"""Page about a class, which contains no names, and the teacher's list of similar answers, which does."""

import pandas as pd
import pytest
from filled import fill

from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.store import Store

CODE = (
    "def f(x):\n    a = x * 2 + 1\n    b = a ** 3 - x / 7\n    return [a * k - b for k in range(9)]"
)
TASKS = [
    Task("01/f", "1a.1 · <f>", "", 2.0, False, CODE),
    Task("01/proof", "1a.2 · Why", "", 3.0, True, ""),
]


@pytest.fixture
def out(tmp_path):
    """Write a grading of seven students, two with the same answer, one of whom has lost points."""
    answers = []
    for k in range(7):
        source = CODE.replace("7", "7" if k < 2 else str(k + 90))
        score = (0.0, "wrong", "off by <one>") if k == 1 else (2.0, "correct", "")
        answers.append(Answer(f"=student{k}", "01/f", source, {}, *score))
        answers.append(Answer(f"=student{k}", "01/proof", "because", {}, None, "to read", ""))
    with Store(tmp_path) as store:
        fill(store, TASKS, answers)
    return tmp_path


def test_overview(out, invoke):
    result = invoke("overview", out, cwd=out)
    assert result.returncode == 0 and result.stdout.strip() == str(out / "class.html")
    page = (out / "class.html").read_text()
    assert "student1" not in page and "<script" not in page
    for text in ("1 × off by &lt;one&gt;", "return [a", "Grading one student took"):
        assert text in page
    f, proof = pd.read_csv(out / "tasks.csv").to_dict("records")
    assert (f["task"], f["students"], f["mean"], proof["students"]) == ("01/f", 7, 1.714, 0)
    (pair,) = pd.read_csv(out / "similar.csv").to_numpy().tolist()
    assert [*pair[:2], pair[-1]] == ["'=student0", "'=student1", "01/f"]
    for name in ("class.html", "tasks.csv", "similar.csv"):
        assert (out / name).stat().st_mode & 0o077 == 0


def test_no_grading_ends_in_one_line(tmp_path, invoke):
    assert "holds no grading" in invoke("overview", tmp_path, cwd=tmp_path).stderr
