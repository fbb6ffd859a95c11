"""The page about a class names nobody; the list of like answers does, and is for the teacher."""

import csv

import pytest

from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.store import Store
from sheet11.course.overview.page import write_overview

CODE = (
    "def f(x):\n    a = x * 2 + 1\n    b = a ** 3 - x / 7\n    return [a * k - b for k in range(9)]"
)
TASKS = [
    Task("01/f", "1a.1 · <f>", "", 2.0, False, CODE),
    Task("01/proof", "1a.2 · Why", "", 3.0, True, ""),
]


@pytest.fixture
def out(tmp_path):
    """A grading of seven: two with the same answer, one of whom has lost a point."""
    answers = []
    for k in range(7):
        source = CODE.replace("7", "7" if k < 2 else str(k + 90))
        points, status, message = (0.0, "wrong", "off by <one>") if k == 1 else (2.0, "correct", "")
        answers.append(Answer(f"=student{k}", "01/f", source, {}, points, status, message))
        answers.append(Answer(f"=student{k}", "01/proof", "because", {}, None, "to read", ""))
    with Store(tmp_path) as store:
        store.replace_answers(TASKS, answers)
    return tmp_path


def test_overview(out, invoke):
    result = invoke("overview", out, cwd=out)
    assert result.returncode == 0 and result.stdout.strip() == str(out / "class.html")
    page = (out / "class.html").read_text()
    assert "student1" not in page and "<script" not in page
    assert (
        page.count("data:image/png;base64,") == 2
        and "1 × off by &lt;one&gt;" in page
        and "return [a" in page
    )
    with open(out / "tasks.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["task"], row["students"], row["mean"]) for row in rows] == [
        ("01/f", "7", "1.714"),
        ("01/proof", "0", ""),
    ]
    with open(out / "similar.csv", newline="") as file:
        (pair,) = csv.DictReader(file)
    assert (pair["student"], pair["other student"], pair["tasks"]) == (
        "'=student0",
        "'=student1",
        "01/f",
    )
    assert all(
        (out / name).stat().st_mode & 0o077 == 0
        for name in ("class.html", "tasks.csv", "similar.csv")
    )
    assert write_overview(out).read_text() == page


def test_no_grading_ends_in_one_line(tmp_path, invoke):
    result = invoke("overview", tmp_path, cwd=tmp_path)
    assert (
        result.returncode == 2
        and "holds no grading" in result.stderr
        and len(result.stderr.splitlines()) <= 3
    )
