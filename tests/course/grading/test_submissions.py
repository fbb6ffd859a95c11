"""Reading submissions. Files in every state are in the class of test_grade."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sheet11.course.grading.submissions import LARGEST, read_submission, read_submissions

WANTED = {"01": ["f", "proof"], "02": ["g"]}


def cell(source, grade_id=None, kind=new_code_cell, **fields):
    return kind(source, metadata={"nbgrader": {"grade_id": grade_id}} if grade_id else {}, **fields)


@pytest.fixture
def hand_in(tmp_path):
    def hand_in(name, *cells, student="anna"):
        path = tmp_path / student / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=list(cells)), path)
        return path

    return hand_in


def test_only_answers_are_taken(hand_in, tmp_path):
    hand_in(
        "01.ipynb", cell("x = 1"), cell("def f(): pass", "f"), cell("text", "proof", new_markdown_cell), cell("", "h")
    )
    student, answers, problems = read_submission(tmp_path / "anna", WANTED)
    assert (student, answers) == ("anna", {"01": {"f": "def f(): pass", "proof": "text"}})
    assert problems == {"02": "there is no 02.ipynb"}


def test_the_last_of_several_copies_of_a_cell_counts(hand_in, tmp_path):
    hand_in("01.ipynb", cell("1", "f"), cell("2", "f"))
    assert read_submission(tmp_path / "anna", WANTED).answers["01"] == {"f": "2"}


def test_a_cell_without_marks_is_known_by_its_id(hand_in, tmp_path):
    hand_in("01.ipynb", cell("1", id="f"), cell("2", "proof", id="other"))
    assert read_submission(tmp_path / "anna", WANTED).answers["01"] == {"f": "1", "proof": "2"}


@pytest.mark.parametrize("name", ["01 (1).ipynb", "01-Copy1.ipynb", "deep/er/01.ipynb", "sheet/01_anna.ipynb"])
def test_names_of_copies(hand_in, tmp_path, name):
    hand_in(name, cell("1", "f"))
    found = read_submission(tmp_path / "anna", WANTED)
    assert (found.answers.get("01") == {"f": "1"}) == ("_" not in name), "01_anna may be another sheet"


def test_the_exact_name_and_the_outer_folder_come_first(hand_in, tmp_path):
    hand_in("01-Copy1.ipynb", cell("copy", "f"))
    hand_in("inner/01.ipynb", cell("inner", "f"))
    assert read_submission(tmp_path / "anna", WANTED).answers["01"] == {"f": "inner"}
    hand_in("01.ipynb", cell("outer", "f"))
    assert read_submission(tmp_path / "anna", WANTED).answers["01"] == {"f": "outer"}
    hand_in(".ipynb_checkpoints/02.ipynb", cell("old", "g"))
    assert read_submission(tmp_path / "anna", WANTED).problems == {"02": "there is no 02.ipynb"}


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'{"nbformat": 4}',
        json.dumps({"cells": [7], "nbformat": 4}).encode(),
        b"{" * 9999,
    ],
)
def test_no_notebook(tmp_path, content):
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / "01.ipynb").write_bytes(content)
    assert read_submission(tmp_path / "anna", WANTED).problems["01"] == "01.ipynb is no Jupyter notebook"


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "anna").mkdir()
    with open(tmp_path / "anna" / "01.ipynb", "wb") as file:
        file.truncate(LARGEST + 1)
    assert read_submission(tmp_path / "anna", WANTED).problems["01"] == "01.ipynb has more than 50 MB"


def test_folders(hand_in, tmp_path):
    hand_in("01.ipynb", cell("1", "f"), student="b")
    hand_in("01.ipynb", cell("1", "f"), student="a b")
    hand_in("01.ipynb", cell("1", "f"), student=".hidden")
    (tmp_path / "notes.txt").write_text("")
    assert [found.student for found in read_submissions(tmp_path, WANTED)] == ["a b", "b"]
