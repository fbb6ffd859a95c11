"""Notebook 02: other parameters and what it records; right answers in other styles pass, usual mistakes are told."""

import itertools
import math
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from sheet11 import attention_scores, positional_encoding, read_records
from sheet11.course.grading.mistakes import read_mistakes
from sheet11.course.notebooks import error_of
from sheet11.course.sheet import find_sheet

STEM = "02_scores"

STYLES = tomllib.loads(
    Path(__file__).with_name("answers").joinpath(f"{STEM}.toml").read_text(encoding="utf-8")
)
PARAMETERS = [
    {"n": 2, "p": 1, "convention": "submission", "draws": 2, "seed": 3},
    {"n": 9, "p": 33, "convention": "vaswani", "draws": 2, "seed": 2},
]

# wrong answers, by id: what of the solution is replaced, by what, and what the visible check says
WRONG = [
    (
        "c-paper",
        "[[2, 0, 0, 2], [0, 2, 1, -1]",
        "[[2, 0, 0, 2], [1, 2, 1, -1]",
        "cat: .* are equal, because K = Q",
    ),
    ("c-paper", "[2, -1, 2, 5]]", "[2, -1, 2, 4]]", "cat: all scores add up to .* = 20, got 19"),
    ("c-attention", "Q.T @ Q", "Q @ Q.T", "one score for each pair of the 8 tokens"),
    (
        "c-attention",
        "[E, X])",
        "[E, X], axis=1)",
        r"each pair of the 8 tokens, got shape \(16, 16\)",
    ),
    ("c-attention", '"cat"', '"add"', "cat: positions and contents have rows of their own"),
    ("c-attention", "Q.T @ Q", "Q.T @ Q / np.sqrt(len(E))", "the scores are EᵀE, unscaled"),
    ("c-attention", "E + X", "E - X", "X = −E takes the position away"),
    ("c-difference", "EX + EX.T", "EX", "symmetric: which term is missing"),
    ("c-difference", "EX + EX.T", "(EX + EX.T) / 2", "must be 2 EᵀE"),
    ("c-difference", "EX + EX.T", "EX + EX.T + X.T @ X", "it is linear in X"),
    ("c-difference", "E.T @ X", "E @ X.T", "each pair of the 8 tokens"),
    ("c-heatmap", "center=0, ", "", "0 must be white"),
    ("c-heatmap", '"RdBu_r"', '"RdBu"', "negative numbers are blue"),
    (
        "c-heatmap",
        "heatmap(matrix, ax=ax",
        "heatmap(matrix.T, ax=ax",
        "must show the matrix, row by row",
    ),
    ("c-heatmap", ' xlabel="token j, from 0",', "", "both axes need a label"),
    ("c-heatmap", "ax=ax, ", "ax=plt.figure().add_subplot(), ", "hand it to sns.heatmap as ax=ax"),
    (
        "d-spread",
        "2 * math.sqrt(mean_square) * sigma",
        "math.sqrt(2 * mean_square) * sigma",
        "off the diagonal comes first",
    ),
    (
        "d-spread",
        "2 * math.sqrt(mean_square) * sigma",
        "math.sqrt(3 * mean_square) * sigma",
        "on the diagonal 2x_i",
    ),
    (
        "d-spread",
        "math.sqrt(2 * mean_square)",
        "math.sqrt(mean_square)",
        "x_i \\+ x_j spreads by √2, got 1",
    ),
    ("d-spread", ".sum(axis=0)", ".mean(axis=0)", "twice as many rows, √2 times"),
    ("d-spread", "np.square(E).sum(axis=0).mean()", "len(E) / 2", "three times as long e_i"),
    (
        "d-spread",
        "return math",
        "return 2 * mean_square * sigma**2, 4 * mean_square * sigma**2\n    return math",
        "σ, three",
    ),
    (
        "d-spread",
        "return math.sqrt(2 * mean_square) * sigma, 2 * math.sqrt(mean_square) * sigma",
        "return 2 * math.sqrt(mean_square) * sigma, math.sqrt(2 * mean_square) * sigma",
        "off the diagonal comes first",
    ),
    ("d-ratio", "E.T @ X + X.T @ E", "E.T @ X", "add − cat is"),
    ("d-ratio", "[~np.eye(len(C), dtype=bool)]", "", "add − cat is 0 off the diagonal"),
    ("d-ratio", "E**2 + X**2", "E**2", "a ratio|ratio 1|on it"),
    ("d-ratio", "np.sqrt(", "(", "three times E and X must not change it"),
    (
        "d-ratio",
        "np.mean(np.sum(E**2 + X**2, axis=0))",
        "np.sum(E**2 + X**2, axis=0)",
        "one number for all tokens",
    ),
    ("d-sweep", "return results", "return results.T", "one row for each p"),
    ("d-sweep", "content(E, draw)", "content(E, draw + 1)", "counted from 0"),
    (
        "d-sweep",
        "E = encoding(p)",
        "E = encoding(row + 1)",
        r"row r must come from E = encoding\(sizes\[r\]\)",
    ),
    ("d-weights", "axis=0", "axis=1", "every column must sum to 1"),
    ("d-weights", "np.sqrt(p)", "p", r"exp\(\(S_ij − S_kj\)/√p\)"),
    ("d-weights", "scores / np.sqrt(p)", "scores", r"exp\(\(S_ij − S_kj\)/√p\)|have changed"),
    (
        "d-weights",
        "scores / np.sqrt(p)",
        "scores / np.sqrt(len(scores))",
        r"exp\(\(S_ij − S_kj\)/√p\)",
    ),
    (
        "d-weights",
        "z = scores / np.sqrt(p)",
        "z = scores; z /= np.sqrt(p)",
        "have changed: work on a copy",
    ),
    ("d-weights", "-np.inf", "0", "A_jj must be 0"),
    ("d-weights", "if not itself", "if itself", "A_jj must be 0"),
    ("d-weights", "z - z.max(axis=0)", "z", "must not overflow"),
    ("d-variation", " / 2", "", "2/3 here, got 1.33"),
    ("d-variation", "np.mean(np.abs(A - B).sum(axis=0))", "np.abs(A - B).sum()", "2/3 here, got 2"),
    ("d-variation", "np.abs(A - B)", "(A - B)", "2/3 here, got 0|count 1"),
    (
        "d-variation",
        "np.mean(np.abs(A - B).sum(axis=0))",
        "np.abs(A - B).sum(axis=0)",
        "one number, the mean over the columns",
    ),
    ("d-projection", "np.hstack", "np.vstack", r"must have shape \(3, 6\)"),
    (
        "d-projection",
        "np.eye(p)]",
        "0 * np.eye(p)]",
        r"W \(E; X\) must be E \+ X; for p = 3 it is not in row 0",
    ),
]


def by_id(notebook):
    return {cell.id: cell.source for cell in notebook.cells}


@pytest.mark.parametrize(
    "parameters",
    [
        {"n": 2, "p": 3, "convention": "submission", "seed": 1},
        {"n": 40, "p": 512, "convention": "vaswani", "draws": 3, "seed": 2},
    ],
)
def test_other_parameters(parameters, run, promised):
    executed = run(STEM, **parameters)
    assert error_of(executed) is None
    records = read_records(executed)
    assert set(records) >= promised[STEM]
    assert records["scores_cat"].shape == (parameters["n"], parameters["n"])


def test_impossible_parameters(refused):
    assert refused(STEM, seed=-1).startswith("ValueError: seed must be at least 0, got -1")


def test_recorded_scores_are_those_of_the_package(notebooks):
    records = read_records(notebooks[STEM])
    E = positional_encoding(64, 256)
    X = np.random.default_rng(0).normal(0, E.std(), size=(256, 64))
    for mode in ("cat", "add"):
        assert np.allclose(
            records[f"scores_{mode}"], attention_scores(E, X, mode), rtol=0, atol=1e-9
        )
    relative = np.linalg.norm(records["scores_add"] - records["scores_cat"]) / np.linalg.norm(
        records["scores_cat"]
    )
    assert np.isclose(records["relative_difference"], relative)


def test_what_the_text_says_of_the_defaults(notebooks):
    """The ratio against the diagonal falls as 1/√(2p); among the other tokens a fifth of the attention moves."""
    records = read_records(notebooks[STEM])
    assert np.isclose(records["slope"], -0.5, atol=0.01)
    assert np.isclose(records["predicted_cross_std"], math.sqrt(128), rtol=1e-3)
    assert np.isclose(records["cross_std"], records["predicted_cross_std"], rtol=0.05)
    assert (
        np.isclose(records["total_variation"], 0.22, atol=0.01)
        and records["total_variation_itself"] < 0.001
    )


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_right_answers_in_other_styles(parameters, run_with):
    own = read_records(run_with(STEM, {}, **parameters))
    for answers in STYLES.values():
        executed = run_with(STEM, answers, **parameters)
        assert error_of(executed) is None
        records = read_records(executed)
        assert records.keys() == own.keys()
        for name, expected in own.items():
            np.testing.assert_allclose(records[name], expected, rtol=1e-5, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(("name", "of", "instead", "said"), WRONG)
def test_a_visible_check_tells_wrong_answers(name, of, instead, said, notebooks, run_task):
    solution = by_id(notebooks[STEM])[name]
    assert of in solution
    with np.errstate(all="ignore"):
        error = run_task(STEM, name, solution.replace(of, instead), seed=5)
    assert error is not None and re.match(f"AssertionError: .*({said})", error)


def test_the_hints_are_for_what_visible_checks_let_pass(notebooks, try_task):
    solutions = by_id(notebooks[STEM])
    mistakes = read_mistakes(
        find_sheet().notebooks[STEM].parent / "mistakes" / f"{STEM}.toml", solutions
    )
    assert mistakes
    for name, known in mistakes.items():
        tried = [
            try_task(STEM, name, source, seed=5)
            for source in (solutions[name], *(one.answer for one in known))
        ]
        assert all(error is None for error, _ in tried)
        for (_, one), (_, other) in itertools.combinations(tried, 2):
            assert not all(np.allclose(one[key], other[key], rtol=1e-5) for key in one), (
                f"{name}: told apart"
            )
