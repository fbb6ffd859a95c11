"""Conventions of the positional encoding that exercise 1 compares, and the first position of each."""

CONVENTIONS = ("sheet", "submission", "vaswani")


def first_position(convention: str) -> int:
    """Return the position of the first column of E."""
    return 0 if convention == "vaswani" else 1
