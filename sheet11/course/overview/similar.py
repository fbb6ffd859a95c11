"""Answers in code that are the same but for names, comments and layout."""

import ast
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

from sheet11.course.grading.exercises import syntax

SMALLEST = 25  # nodes of syntax: what is shorter, many write alike
SHARE = 0.05  # of the class: what more than these have written, and more than four, is how one writes it
NAMED_BY = {ast.Name: "id", ast.arg: "arg", ast.keyword: "arg", ast.FunctionDef: "name"}


class Pair(NamedTuple):
    """Two students who have the same answers."""

    students: tuple[str, str]
    tasks: list[str]
    size: int  # nodes of syntax that they have in common


def similar_pairs(answers: Iterable[tuple[str, str, str]]) -> list[Pair]:
    """Pairs of students with the same answers up to names, comments, docstrings and layout; the most code first.

    Args:
        answers: student, task and source.
    """
    alike: dict[tuple[str, tuple[str, int]], list[str]] = defaultdict(list)
    students = set()
    for student, task, source in answers:
        students.add(student)
        alike[task, canonical(source)].append(student)
    common: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for (task, (_, size)), together in alike.items():
        if size >= SMALLEST and len(together) <= max(4, SHARE * len(students)):
            for pair in combinations(sorted(together), 2):
                common[pair].append((task, size))
    pairs = [
        Pair(pair, [task for task, _ in had], sum(size for _, size in had))
        for pair, had in common.items()
    ]
    return sorted(pairs, key=lambda pair: (-pair.size, pair.students))


def canonical(source: str) -> tuple[str, int]:
    """What a cell does, with its own names replaced by numbers in their order; and how much that is.

    The scaffold that everybody is given, a function's head and what it says of itself, does not count.
    """
    tree = syntax(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    nodes = list(ast.walk(tree))
    own = {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    numbers: dict[str, str] = {}
    for node in nodes:
        field = NAMED_BY.get(type(node), "")
        if (name := getattr(node, field, None)) in own:
            setattr(node, field, numbers.setdefault(name, f"_{len(numbers)}"))
    size = sum(isinstance(node, ast.expr | ast.stmt | ast.operator) for node in nodes)
    return ast.dump(tree), size - sum(map(_head, nodes))


def _head(node: ast.AST) -> int:
    """Nodes of a function without its body."""
    if not isinstance(node, ast.FunctionDef):
        return 0
    return 1 + sum(1 for below in ast.walk(node.args) if isinstance(below, ast.expr | ast.operator))
