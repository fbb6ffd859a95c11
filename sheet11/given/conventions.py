"""The three versions of the encoding that exercise 1 compares, and where each begins to count positions."""

from sheet11.given.checks import check_choice

CONVENTIONS = ("sheet", "submission", "vaswani")


def first_position(convention: str) -> int:
    """Number of the first position, that of the first column of E: 0 for "vaswani", 1 otherwise.

    Raises:
        ValueError: another convention.
    """
    return 0 if check_choice("convention", convention, CONVENTIONS) == "vaswani" else 1
