"""Argument checks: valid values are returned, and every message names the parameter and quotes the value."""

import re

import numpy as np
import pytest
import torch

from sheet11.given.checks import (
    check_array,
    check_between,
    check_choice,
    check_int,
    check_positive,
)

HUGE = 10**400
GRADIENT = torch.ones(2, 2, requires_grad=True)
MASKED = np.ma.masked_array([[1.0, 2.0]], [[False, True]])


def test_what_passes_comes_back_in_pythons_types():
    assert type(check_int("n", np.uint8(3))) is int
    assert type(check_positive("base", np.float32(0.5))) is float
    assert check_int("n", -5, minimum=-5) == -5
    assert check_between("p_in", 0, 0, 1, "be a probability") == 0
    assert check_choice("mode", "add", ("cat", "add")) == "add"


@pytest.mark.parametrize("form", [list, np.float32, torch.tensor, np.ma.masked_array])
def test_matrices_come_back_as_float64(form):
    matrix = check_array("G", form([[1, 2], [3, 4]]))
    assert matrix.dtype == np.float64
    assert matrix.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("check", "arguments", "error", "message"),
    [
        (check_int, (0,), ValueError, "x must be at least 1, got 0"),
        (check_int, (HUGE,), ValueError, "x must be below 2**63, got 1000"),
        (check_int, (10**5000,), ValueError, "x must be below 2**63, got an integer of 16610 bits"),
        (check_int, (2.0,), TypeError, "x must be an integer, got 2.0"),
        (check_int, (np.True_,), TypeError, "x must be an integer, got np.True_"),
        (check_positive, (0,), ValueError, "x must be positive and finite, got 0"),
        (check_positive, (float("inf"),), ValueError, "x must be positive and finite, got inf"),
        (check_positive, ("1",), TypeError, "x must be a number, got '1'"),
        (check_between, (1.5, 0, 1, "be in order"), ValueError, "x must be in order, got 1.5"),
        (check_between, (np.nan, 0, 1, "be in order"), ValueError, "x must be in order, got nan"),
        (check_between, (-HUGE, 0, 1, "be in order"), ValueError, "x must be in order, got -1000"),
        (check_between, (True, 0, 1, "be in order"), TypeError, "x must be a number, got True"),
        (check_array, ([[1j]],), ValueError, "got shape (1, 1) and dtype complex128"),
        (check_array, (None,), ValueError, "x must be a real matrix, got shape () and dtype obj"),
        (check_array, ([[1], [1, 2]],), ValueError, "x must be a real matrix, got [[1], [1, 2]]"),
        (check_array, (GRADIENT,), ValueError, "x must be a real matrix, got tensor([[1., 1.]"),
        (check_array, (MASKED,), ValueError, "x must be a real matrix without masked entries"),
        (check_array, (MASKED[0], 1), ValueError, "x must be a real vector without masked entries"),
    ],
)
def test_messages(check, arguments, error, message):
    with pytest.raises(error, match=re.escape(message)) as raised:
        check("x", *arguments)
    assert "\n" not in str(raised.value)
