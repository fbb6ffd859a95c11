"""Values accepted by the option `-p`."""

import click
import pytest
from click.testing import CliRunner

from sheet11.course.options import parameter_option, value, values


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
    assert value(text) == found and type(value(text)) is type(found)


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
        ("0:3:0.5:1,1:2:1:", ["0:3:0.5:1", "1:2:1:"]),
        ("1/0:2,:2,0:", ["1/0:2", ":2", "0:"]),
        ("0.5:3", [0.5, 1.5, 2.5]),
        ("1e-3:3e-3:1e-3", [0.001, 0.002]),
        ("nan:3,inf:2", ["nan:3", "inf:2"]),
        ("true,2026-01-01", [True, "2026-01-01"]),
    ],
)
def test_values(text, found):
    assert values(text) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a value is missing in ''"),
        ("1,,2", "a value is missing in '1,,2'"),
        ("4:0", "the range '4:0' must have 1 to 1,000,000 values"),
        ("0:4:0", "the range '0:4:0' must have 1 to 1,000,000 values"),
        ("0:1:-0.1", "the range '0:1:-0.1' must have 1 to 1,000,000 values"),
        ("0:1e12", "the range '0:1e12' must have 1 to 1,000,000 values"),
        ("0:1:1e-12", "the range '0:1:1e-12' must have 1 to 1,000,000 values"),
    ],
)
def test_what_is_no_list_of_values(text, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        values(text)


def test_parameters_by_name():
    @click.command()
    @parameter_option(values, "NAME=V1,V2,...", "")
    def command(parameters):
        click.echo(parameters)

    def told(*given):
        arguments = [f"-p{each}" for each in given]
        return CliRunner().invoke(command, arguments).output.splitlines()[-1]

    assert told("n=1:3", "größe=a=b") == "{'n': [1, 2], 'größe': ['a=b']}"
    assert told() == "{}"
    for wrong in ("n", "=3", "2n=3", "m=1"):
        assert told("m=1", wrong).endswith(
            f"for '-p': {wrong!r} must be NAME=V1,V2,..., with each name once"
        )
    assert told("n=").endswith("for '-p': n: a value is missing in ''")
