"""The argument checks: what passes comes back, and every message names the parameter and quotes the value."""

import re

import numpy as np
import pytest
import torch

from sheet11.given.checks import (
    check_between,
    check_choice,
    check_int,
    check_matrix,
    check_positive,
)


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_integers_come_back_as_int(value):
    assert check_int("n", value) == 3
    assert type(check_int("n", value)) is int


def test_minimum_is_allowed():
    assert check_int("n", 1) == 1
    assert check_int("n", -5, minimum=-5) == -5


@pytest.mark.parametrize("value", [2, 0.5, np.float32(0.5), 1e-300])
def test_positive_numbers_come_back_as_float(value):
    assert check_positive("base", value) == value
    assert type(check_positive("base", value)) is float


@pytest.mark.parametrize("value", [0, 0.25, np.float32(1)])
def test_numbers_between_come_back_as_float(value):
    assert check_between("p_in", value, 0, 1, "be a probability") == value
    assert type(check_between("p_in", value, 0, 1, "be a probability")) is float


def test_choice_comes_back():
    assert check_choice("mode", "add", ("cat", "add")) == "add"


@pytest.mark.parametrize(
    "value", [[[1, 2], [3, 4]], np.array([[1, 2], [3, 4]], "f4"), torch.tensor([[1, 2], [3, 4]])]
)
def test_matrices_come_back_as_float64(value):
    matrix = check_matrix("G", value)
    assert matrix.dtype == np.float64
    assert matrix.tolist() == [[1, 2], [3, 4]]


def test_matrix_is_not_copied_without_need():
    matrix = np.ones((2, 3))
    assert check_matrix("G", matrix) is matrix


@pytest.mark.parametrize(
    ("check", "arguments", "error", "message"),
    [
        (check_int, (0,), ValueError, "x must be at least 1, got 0"),
        (check_int, (-3, -2), ValueError, "x must be at least -2, got -3"),
        (check_int, (2.0,), TypeError, "x must be an integer, got 2.0"),
        (check_int, (True,), TypeError, "x must be an integer, got True"),
        (check_int, (np.True_,), TypeError, "x must be an integer, got np.True_"),
        (check_int, ("3",), TypeError, "x must be an integer, got '3'"),
        (check_int, (None,), TypeError, "x must be an integer, got None"),
        (check_positive, (0,), ValueError, "x must be positive and finite, got 0"),
        (check_positive, (-1.5,), ValueError, "x must be positive and finite, got -1.5"),
        (check_positive, (float("inf"),), ValueError, "x must be positive and finite, got inf"),
        (check_positive, (float("nan"),), ValueError, "x must be positive and finite, got nan"),
        (check_positive, ("1",), TypeError, "x must be a number, got '1'"),
        (check_positive, (1j,), TypeError, "x must be a number, got 1j"),
        (check_positive, (True,), TypeError, "x must be a number, got True"),
        (check_between, (1.5, 0, 1, "be in order"), ValueError, "x must be in order, got 1.5"),
        (check_between, (-1, 0, 1, "be in order"), ValueError, "x must be in order, got -1"),
        (
            check_between,
            (float("nan"), 0, 1, "be in order"),
            ValueError,
            "x must be in order, got nan",
        ),
        (check_between, ("a", 0, 1, "be in order"), TypeError, "x must be a number, got 'a'"),
        (check_between, (True, 0, 1, "be in order"), TypeError, "x must be a number, got True"),
        (
            check_choice,
            ("ad", ("cat", "add")),
            ValueError,
            "x must be one of 'cat', 'add', got 'ad'",
        ),
        (
            check_choice,
            (None, ("cat", "add")),
            ValueError,
            "x must be one of 'cat', 'add', got None",
        ),
        (
            check_matrix,
            ([1.0, 2.0],),
            ValueError,
            "x must be a real matrix, got shape (2,) and dtype float64",
        ),
        (
            check_matrix,
            ([[1j]],),
            ValueError,
            "x must be a real matrix, got shape (1, 1) and dtype complex128",
        ),
        (
            check_matrix,
            ([["a"]],),
            ValueError,
            "x must be a real matrix, got shape (1, 1) and dtype <U1",
        ),
        (
            check_matrix,
            (None,),
            ValueError,
            "x must be a real matrix, got shape () and dtype object",
        ),
        (check_matrix, ([[0, 1], [2, np.inf]],), ValueError, "x must be finite, got inf at [1, 1]"),
        (check_matrix, ([[0, np.nan]],), ValueError, "x must be finite, got nan at [0, 1]"),
        (check_matrix, ([[1], [1, 2]],), ValueError, "x must be"),  # rows of different length
    ],
)
def test_messages(check, arguments, error, message):
    with pytest.raises(error, match=re.escape(message)):
        check("x", *arguments)
