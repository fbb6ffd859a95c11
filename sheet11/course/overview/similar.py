"""Code answers that are equal up to names, comments and layout."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

from sheet11.course.notebooks import syntax

SMALLEST = 20  # words; shorter answers may be equal by chance
# an answer of more students than SHARE of the class and FEW is the usual answer
SHARE = 0.05
FEW = 4


class Pair(NamedTuple):
    """Two students with the same answers."""

    students: tuple[str, str]
    tasks: list[str]
    size: int  # words in the common answers


def similar_pairs(answers: Iterable[tuple[str, str, str]]) -> list[Pair]:
    """Return pairs of students with the same answers up to names, comments, docstrings and layout, longest first.

    Args:
        answers: student, task and source.
    """
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    students = set()
    for student, task, source in answers:
        students.add(student)
        alike[task, canonical(source)].append(student)
    most = max(FEW, SHARE * len(students))
    pairs: dict[tuple[str, str], Pair] = {}
    for (task, source), together in alike.items():
        size = len(re.findall(r"\w+", source))
        if size >= SMALLEST and len(together) <= most:
            for two in combinations(sorted(together), 2):
                _, tasks, before = pairs.get(two, Pair(two, [], 0))
                pairs[two] = Pair(two, [*tasks, task], before + size)
    return sorted(pairs.values(), key=lambda pair: (-pair.size, pair.students))


def canonical(source: str) -> str:
    """Return a cell with its own names numbered in order of appearance, without annotations and docstrings."""
    tree = syntax(source)
    own = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef():
                node.returns = None
                if ast.get_docstring(node) is not None:
                    node.body = node.body[1:] or [ast.Pass()]
                own.add(node.name)
            case ast.arg():
                node.annotation = None
                own.add(node.arg)
            case ast.Name(ctx=ast.Store()):
                own.add(node.id)
    numbers: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        name = found[0]
        return numbers.setdefault(name, f"_{len(numbers)}") if name in own else name

    return re.sub(r"(?<![.\w])[^\W\d]\w*", numbered, ast.unparse(tree))
