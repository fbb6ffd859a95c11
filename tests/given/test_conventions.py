"""Where the conventions begin to count positions."""

import numpy as np
import pytest

from sheet11.encoding import angular_frequencies, positional_encoding
from sheet11.given.conventions import CONVENTIONS, first_position


def test_vaswani_alone_counts_from_zero():
    assert {c: first_position(c) for c in CONVENTIONS} == {
        "sheet": 1,
        "submission": 1,
        "vaswani": 0,
    }


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_first_column_is_at_the_first_position(convention):
    first_two_rows = positional_encoding(3, 2, convention)[:, 0]
    wave = (np.cos, np.sin) if convention == "submission" else (np.sin, np.cos)
    angles = np.broadcast_to(angular_frequencies(2, convention) * first_position(convention), 2)
    np.testing.assert_allclose(
        first_two_rows, [f(angle) for f, angle in zip(wave, angles, strict=True)], atol=1e-15
    )


@pytest.mark.parametrize("bad", ["Sheet", "", None])
def test_bad_convention(bad):
    with pytest.raises(
        ValueError, match=f"convention must be one of 'sheet', 'submission', 'vaswani', got {bad!r}"
    ):
        first_position(bad)
