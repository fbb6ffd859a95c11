"""Damaged notebooks, with mutations of JSON and of bytes, each with its expected result."""

import copy
import functools
import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple


class Mutation(NamedTuple):
    """A file, the answers that must be found in it as they are, and those that may be."""

    content: bytes
    kept: dict[str, str]
    perhaps: frozenset[str]


JUNK: list[Any] = [
    *(None, True, -1, 10**400, float("nan"), "", "\ud800", "\x00\x1b[2J\u202e", "x" * 100_001),
    *([], {}, [[]] * 1000, ["a", 7], {"": {"": ["list"]}}, "data:image/png;base64,iVBO"),
    functools.reduce(lambda value, _: [value], range(600), None),
]


def mutations(
    notebook: dict[str, Any], answers: dict[str, str], number: int, seed: int
) -> Iterator[Mutation]:
    """Mutated notebooks, the same ones for the same seed.

    Args:
        notebook: as JSON has it.
        answers: those in it, by the id of their cell.
        number: how many.
        seed: of the choices.
    """
    chance = random.Random(seed)
    makers = [_beside_the_answers, _in_an_answer, _bytes]
    for index in range(number):
        yield makers[index % len(makers)](chance, copy.deepcopy(notebook), dict(answers))


def altered(chance: random.Random, value: Any) -> Any:
    """A value in which something was dropped, doubled, moved or replaced."""
    places = list(_places(value)) if isinstance(value, list | dict) else []
    if not places or chance.random() < 0.1:
        return chance.choice(JUNK)
    container, key = chance.choice(places)
    what = chance.choice(["drop", "double", "replace", "replace", "wrap"])
    if what == "drop":
        del container[key]
    elif what == "double" and isinstance(container, list):
        container.insert(key, copy.deepcopy(container[key]))
    elif what == "double":
        container[chance.choice(list(container))] = copy.deepcopy(container[key])
    else:
        container[key] = [container[key]] if what == "wrap" else chance.choice(JUNK)
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = range(len(value)) if isinstance(value, list) else list(value)
    for key in keys:
        yield value, key
        if isinstance(value[key], list | dict):
            yield from _places(value[key])


def _answer_cells(notebook: dict[str, Any], answers: dict[str, str]) -> dict[str, int]:
    return {
        cell["id"]: number for number, cell in enumerate(notebook["cells"]) if cell["id"] in answers
    }


def _written(notebook: Any) -> bytes:
    return json.dumps(notebook).encode()


def _beside_the_answers(
    chance: random.Random, notebook: dict[str, Any], answers: dict[str, str]
) -> Mutation:
    """All answers are there."""
    taken = _answer_cells(notebook, answers).values()
    other = chance.choice(
        [cell for number, cell in enumerate(notebook["cells"]) if number not in taken] + [notebook]
    )
    key = chance.choice([name for name in other if name != "cells"])
    other[key] = altered(chance, other[key])
    return Mutation(_written(notebook), answers, frozenset())


def _in_an_answer(
    chance: random.Random, notebook: dict[str, Any], answers: dict[str, str]
) -> Mutation:
    """The other answers are there."""
    name, number = chance.choice(list(_answer_cells(notebook, answers).items()))
    cell = altered(chance, notebook["cells"][number])
    notebook["cells"][number] = cell if isinstance(cell, dict) else {}
    del answers[name]
    return Mutation(_written(notebook), answers, frozenset([name]))


def _bytes(chance: random.Random, notebook: dict[str, Any], answers: dict[str, str]) -> Mutation:
    """Whatever can still be read."""
    content = bytearray(_written(notebook))
    first, second = sorted(chance.sample(range(len(content)), 2))
    what = chance.choice(["cut", "flip", "insert", "remove", "double", "UTF-16", "NUL"])
    if what == "cut":
        del content[first:]
    elif what == "flip":
        for _ in range(chance.randint(1, 20)):
            content[chance.randrange(len(content))] = chance.randrange(256)
    elif what == "insert":
        content[first:first] = chance.choice(
            [b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", b"\xef\xbb\xbf", b'"', b"{"]
        )
    elif what == "remove":
        del content[first:second]
    elif what == "double":
        content[second:second] = content[first:second]
    elif what == "UTF-16":
        content = bytearray(content.decode().encode("utf-16"))
    else:
        content[first:second] = bytes(second - first)
    return Mutation(bytes(content), {}, frozenset(answers))
