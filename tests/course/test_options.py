"""What may stand behind `-p`."""

import re

import click
import pytest

from sheet11.course.options import literal, value, values


def test_value():
    assert value("n=64") == ("n", 64)
    assert value("scale=None") == ("scale", None)
    assert value("convention=vaswani") == ("convention", "vaswani")
    assert value("text=a=b, c") == ("text", "a=b, c")
    assert value("empty=") == ("empty", "")


def test_values():
    assert values("n=16,64,256") == ("n", [16, 64, 256])
    assert values("n=0:4") == ("n", [0, 1, 2, 3])
    assert values("n=4:0:-2") == ("n", [4, 2])
    assert values("n=0:20:5,None,a b") == ("n", [0, 5, 10, 15, None, "a b"])
    assert values("time=12:30:x") == ("time", ["12:30:x"]), "no range"


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (value, "n", "^'n' is not NAME=VALUE$"),
        (value, "=3", "^'=3' is not NAME=VALUE$"),
        (value, "2n=3", "^'2n=3' is not NAME=VALUE$"),
        (values, "n", r"^'n' is not NAME=V1,V2,\.\.\.$"),
        (values, "n=", "^a value is missing in 'n='$"),
        (values, "n=1,,2", "^a value is missing in 'n=1,,2'$"),
        (values, "n=4:0", "^the range '4:0' in 'n=4:0' is empty$"),
        (values, "n=0:4:0", "^the range '0:4:0' in 'n=0:4:0' is empty$"),
    ],
)
def test_what_is_no_argument(kind, text, message):
    with pytest.raises(click.BadParameter) as caught:
        kind(text)
    assert re.search(message, caught.value.message)


def test_literal():
    assert [literal(text) for text in ("1", "1e4", "True", "'a'", "a b", "[1")] == [
        1,
        1e4,
        True,
        "a",
        "a b",
        "[1",
    ]
