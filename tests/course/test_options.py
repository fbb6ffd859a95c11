"""Values accepted by the option `-p`."""

import re

import click
import pytest

from sheet11.course.options import literal, value, values


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("64", 64), ("1e4", 1e4), ("None", None), ("True", True), ("true", True), ("false", False),
        ("007", 7), ("1_000", 1000), ("-inf", -float("inf")), ("+5", 5), ("'64'", "64"), ("a b", "a b"),
        ("a=b, c", "a=b, c"), ("", ""), ("[1", "[1"), ("[1, (2, None)]", [1, (2, None)]),
        ("{'a': {1, 2}}", {"a": {1, 2}}), ("b'x'", b"x"), ("2026-11-30", "2026-11-30"),
        ("2020-01-02", "2020-01-02"), ("12:30", "12:30"), ("print(1)", "print(1)"), ("vaswani", "vaswani"),
    ],
)  # fmt: skip
def test_a_value_is_a_literal_or_text(text, found):
    assert value(f"n={text}") == ("n", found)
    assert type(literal(text)) is type(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("16,64,256", [16, 64, 256]),
        ("0:4", [0, 1, 2, 3]),
        ("4:0:-2", [4, 2]),
        ("0:20:5,None,a b", [0, 5, 10, 15, None, "a b"]),
        ("12:30:x", ["12:30:x"]),
        ("[1,2],[3,4]", [[1, 2], [3, 4]]),
        ("(1,(2,)),5", [(1, (2,)), 5]),
        ("{'a':1,'b':2},{}", [{"a": 1, "b": 2}, {}]),
        ("'a,b',c", ["a,b", "c"]),
        ('"it\'s, so",1', ["it's, so", 1]),
        ("[1,2", ["[1", 2]),
        ("it's,x", ["it's", "x"]),
        ("0:1:0.25", [0, 0.25, 0.5, 0.75]),
        ("0:0.5:0.1", [0, 0.1, 0.2, 0.3, 0.4]),
        ("1:0:-0.5", [1, 0.5]),
        ("0.5:3", [0.5, 1.5, 2.5]),
        ("1e-3:3e-3:1e-3", [0.001, 0.002]),
        ("nan:3,inf:2", ["nan:3", "inf:2"]),
        ("true,2026-01-01", [True, "2026-01-01"]),
    ],
)
def test_values(text, found):
    assert values(f"n={text}") == ("n", found)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (value, "n", "^'n' is not NAME=VALUE$"),
        (value, "=3", "^'=3' is not NAME=VALUE$"),
        (value, "2n=3", "^'2n=3' is not NAME=VALUE$"),
        (values, "n", r"^'n' is not NAME=V1,V2,\.\.\.$"),
        (values, "n=", "^a value is missing in 'n='$"),
        (values, "n=1,,2", "^a value is missing in 'n=1,,2'$"),
        (values, "n=4:0", "^the range '4:0' must have 1 to 1,000,000 values$"),
        (values, "n=0:4:0", "^the range '0:4:0' must have 1 to 1,000,000 values$"),
        (values, "n=0:1:-0.1", "^the range '0:1:-0.1' must have 1 to 1,000,000 values$"),
        (values, "n=0:1e12", "^the range '0:1e12' must have 1 to 1,000,000 values$"),
        (values, "n=0:1:1e-12", "must have 1 to 1,000,000 values$"),
    ],
)
def test_what_is_no_argument(kind, text, message):
    with pytest.raises(click.BadParameter) as caught:
        kind(text)
    assert re.search(message, caught.value.message)
