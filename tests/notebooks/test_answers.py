"""Answers other than the sheet's: correct ones in other styles, wrong ones, and common mistakes with their hints."""

import itertools
import re
import tomllib
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sheet11 import read_records
from sheet11.course.grading.mistakes import read_mistakes
from sheet11.course.notebooks import error_of
from sheet11.course.sheet import find_sheet

STEMS = ["01_encoding", "02_scores", "03_aggregation", "04_oversmoothing"]
SHALLOW = {"depth": 20, "deepest": 2, "epochs": 4, "networks": 2, "hidden": 4}
PARAMETERS = [
    ("01_encoding", {"n": 2, "p": 2, "base": 1.0, "seed": 9}),
    ("01_encoding", {"n": 33, "p": 7, "convention": "vaswani", "scale": 3.0, "base": 2.0}),
    ("02_scores", {"n": 2, "p": 1, "convention": "submission", "draws": 2, "seed": 3}),
    ("02_scores", {"n": 9, "p": 33, "convention": "vaswani", "draws": 2, "seed": 2}),
    ("03_aggregation", {"num_nodes": 1, "max_degree": 2, "channels": 1, "fit_steps": 3, "seed": 4}),
    ("03_aggregation", {"num_nodes": 30, "max_degree": 9, "channels": 5, "fit_steps": 20}),
    ("04_oversmoothing", {"graph": "grid", "seed": 11, **SHALLOW}),
]


def read(name):
    path = Path(__file__).parent / "answers" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("stem", "parameters"), PARAMETERS)
def test_right_answers_in_other_styles_pass_and_record_the_same(stem, parameters, run):
    own = read_records(run(stem, {}, **parameters))
    for style, answers in read(stem).items():
        executed = run(stem, answers, **parameters)
        assert error_of(executed) is None, style
        records = read_records(executed)
        assert records.keys() == own.keys()
        for name, expected in own.items():
            if name.startswith(("left", "right")):
                continue  # many pairs answer that task
            if getattr(expected, "dtype", np.dtype(float)).names:
                ours, theirs = pd.DataFrame(expected), pd.DataFrame(records[name])
                pd.testing.assert_frame_equal(ours, theirs, rtol=1e-5)
            else:
                ours, theirs = (
                    np.array(expected, float),
                    np.array(records[name], float),
                )  # None: NaN
                np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-9, err_msg=name)


WRONG = [
    (stem, task, mistake)
    for stem in STEMS
    for task, mistakes in read(f"{stem}_wrong").items()
    for mistake in mistakes
]


@pytest.mark.parametrize(("stem", "task", "mistake"), WRONG, ids=range(len(WRONG)))
def test_a_visible_check_says_what_is_wrong(stem, task, mistake, try_answer, solutions):
    solution = solutions[stem][task]
    answer = mistake.get("answer")
    if answer is None:
        assert mistake["of"] in solution
        answer = solution.replace(mistake["of"], mistake["instead"])
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        error, _ = try_answer(stem, task, answer, seed=11)
    assert isinstance(error, AssertionError) and re.search(mistake["says"], str(error)), error


def plain(value):
    """Return a record as an array; tensors may carry gradients."""
    return value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


@pytest.mark.parametrize("stem", STEMS)
def test_hints_are_for_mistakes_that_no_visible_check_stops(stem, try_answer, solutions):
    mistakes = read_mistakes(find_sheet().beside("mistakes") / f"{stem}.toml", solutions[stem])
    assert mistakes
    for task, known in mistakes.items():
        sources = [solutions[stem][task], *(mistake.answer for mistake in known)]
        tried = [try_answer(stem, task, source, seed=77) for source in sources]
        assert all(error is None for error, _ in tried)
        for (_, one), (_, other) in itertools.combinations(tried, 2):
            pairs = [(plain(one[name]), plain(other[name])) for name in one]
            same = [np.allclose(ours, theirs, rtol=1e-4, atol=0) for ours, theirs in pairs]
            assert not all(same), f"{task}: two records are equal"
