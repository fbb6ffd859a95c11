"""What a grading leaves: damaged, it is made anew."""

import json

import pytest

from sheet11.course.book.scores import Score
from sheet11.course.grading.examine import Examination
from sheet11.course.grading.report import (
    Result,
    choose_seed,
    stored_result,
    write_result,
)
from sheet11.course.sandbox.sandbox import Limits

EXAMINATION = Examination("anna", "the key", {}, {}, (), Limits(), True, ())
RESULT = Result(
    "the key",
    None,
    {"01/f": Score(2.0, "correct", ""), "01/proof": Score(None, "to read", "")},
    1.5,
    2,
)


def test_a_result_comes_back_for_the_same_examination_and_tasks(tmp_path):
    write_result(tmp_path, "anna", RESULT)
    assert stored_result(tmp_path, EXAMINATION, ["01/f", "01/proof"]) == RESULT
    assert stored_result(tmp_path, EXAMINATION._replace(key="another"), ["01/f"]) is None
    assert stored_result(tmp_path, EXAMINATION._replace(name="bert"), ["01/f"]) is None
    assert stored_result(tmp_path, EXAMINATION, ["01/g"]) is None


def test_a_result_whose_notebooks_are_gone_or_cut_off_is_none(tmp_path):
    write_result(tmp_path, "anna", RESULT)
    examination, path = (
        EXAMINATION._replace(answers={"01": {}}),
        tmp_path / "students" / "anna" / "01.ipynb",
    )
    assert stored_result(tmp_path, examination, ["01/f"]) is None
    for content, there in (
        ("", False),
        ('{"cells": [', False),
        ('{"cells": []}\n', True),
        ('{"cells": []}', True),
    ):
        path.write_text(content)
        assert (stored_result(tmp_path, examination, ["01/f"]) is not None) == there


DAMAGED = [
    b"",
    b"[1]",
    b"3",
    b"\xff\x00",
    b'{"key": "the key"}',
    b'{"key": "the key", "error": null, "scores": [1]}',
]


@pytest.mark.parametrize("damaged", [None, *DAMAGED])
def test_damaged_files_are_none(tmp_path, damaged):
    write_result(tmp_path, "anna", RESULT)
    path = tmp_path / "students" / "anna" / "result.json"
    content = path.read_bytes()[:50] if damaged is None else damaged
    for name in (path, tmp_path / "grading.json"):
        name.write_bytes(content)
    assert stored_result(tmp_path, EXAMINATION, ["01/f", "01/proof"]) is None
    assert 0 <= choose_seed(tmp_path, None) < 2**32


def test_the_seed_is_what_is_asked_for_or_that_of_the_grading_before(tmp_path):
    (tmp_path / "grading.json").write_text(json.dumps({"seed": 7}))
    assert choose_seed(tmp_path, None) == 7 and choose_seed(tmp_path, 5) == 5
