"""Answers in code that are the same but for names, comments and layout."""

import ast
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Any, NamedTuple

from sheet11.course.grading.exercises import syntax

SMALLEST = 25  # nodes of syntax: what is shorter, many write alike
SHARE = 0.05  # of the class: what more than these have written, and more than four, is how one writes it


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
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    sizes: dict[tuple[str, str], int] = {}
    students = set()
    for student, task, source in answers:
        students.add(student)
        form, size = canonical(source)
        if size >= SMALLEST:
            alike[task, form].append(student)
            sizes[task, form] = size
    common: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for (task, form), together in alike.items():
        if len(together) <= max(4, SHARE * len(students)):
            for pair in combinations(sorted(together), 2):
                common[pair].append((task, sizes[task, form]))
    pairs = [Pair(pair, [task for task, _ in had], sum(size for _, size in had)) for pair, had in common.items()]
    return sorted(pairs, key=lambda pair: (-pair.size, pair.students))


def canonical(source: str) -> tuple[str, int]:
    """What a cell does, with its own names replaced by numbers in their order; and how much that is.

    The scaffold that everybody is given, a function's head and what it says of itself, does not count.
    """
    tree = syntax(source)
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    tree = _Renamed(own).visit(tree)
    size = sum(1 for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt | ast.operator))
    return ast.dump(tree), size - sum(_head(node) for node in ast.walk(tree))


def _head(node: ast.AST) -> int:
    """Nodes of a function without its body."""
    if not isinstance(node, ast.FunctionDef):
        return 0
    return 1 + sum(1 for below in ast.walk(node.args) if isinstance(below, ast.expr | ast.operator))


class _Renamed(ast.NodeTransformer):
    """Gives names of the answer's own the number of their first appearance, and takes docstrings away."""

    def __init__(self, own: set[str]) -> None:
        self._own = own
        self._numbers: dict[str, str] = {}

    def _number(self, name: str) -> str:
        return self._numbers.setdefault(name, f"_{len(self._numbers)}") if name in self._own else name

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._number(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = self._number(node.arg), None
        return node

    def visit_keyword(self, node: ast.keyword) -> Any:
        node.arg = node.arg and self._number(node.arg)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.name, node.returns = self._number(node.name), None
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)
