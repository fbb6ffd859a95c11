"""Answers in code that are the same but for names, comments and layout."""

import ast
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

from sheet11.course.notebooks import syntax

SMALLEST = 25  # nodes of syntax; shorter answers are alike by chance
SHARE, FEW = (
    0.05,
    4,
)  # of the class, or students: what more than these have written is the usual answer
NAMED_BY = {ast.Name: "id", ast.arg: "arg", ast.keyword: "arg", ast.FunctionDef: "name"}


class Pair(NamedTuple):
    """Two students who have the same answers."""

    students: tuple[str, str]
    tasks: list[str]
    size: int  # nodes of syntax that they have in common


def similar_pairs(answers: Iterable[tuple[str, str, str]]) -> list[Pair]:
    """Return pairs of students with the same answers up to names, comments, docstrings and layout, longest first.

    Args:
        answers: student, task and source.
    """
    alike: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    students = set()
    for student, task, source in answers:
        students.add(student)
        alike[task, *canonical(source)].append(student)
    most = max(FEW, SHARE * len(students))
    common: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for (task, _, size), together in alike.items():
        if size >= SMALLEST and len(together) <= most:
            for pair in combinations(sorted(together), 2):
                common[pair].append((task, size))
    pairs = [
        Pair(pair, tasks=[task for task, _ in found], size=sum(size for _, size in found))
        for pair, found in common.items()
    ]
    return sorted(pairs, key=lambda pair: (-pair.size, pair.students))


def canonical(source: str) -> tuple[str, int]:
    """Return the syntax of a cell with its own names replaced by numbers in their order, and its size.

    Annotations, docstrings and, for the size, heads of functions do not count: everybody is given them.
    """
    tree = syntax(source)
    nodes = list(ast.walk(tree))
    own = set()
    for node in nodes:
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
            case ast.ClassDef():
                own.add(node.name)
    numbers: dict[str, str] = {}
    for node in ast.walk(tree):
        field = NAMED_BY.get(type(node), "")
        name = getattr(node, field, None)
        if name in own:
            setattr(node, field, numbers.setdefault(name, f"_{len(numbers)}"))
    return ast.dump(tree), sum(map(_size, tree.body))


def _size(statement: ast.stmt) -> int:
    """Nodes of a statement, without the head of a function."""
    body = statement.body if isinstance(statement, ast.FunctionDef) else [statement]
    nodes = [node for each in body for node in ast.walk(each)]
    return sum(isinstance(node, ast.expr | ast.stmt | ast.operator) for node in nodes)
