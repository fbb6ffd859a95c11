"""The three versions of the encoding that exercise 1 compares, and where each begins to count positions."""

CONVENTIONS = ("sheet", "submission", "vaswani")


def first_position(convention: str) -> int:
    """Return the number of the first position, that of the first column of E."""
    return 0 if convention == "vaswani" else 1
