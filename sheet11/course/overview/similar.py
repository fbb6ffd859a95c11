"""Code answers that are equal up to names, comments and layout."""

import ast
import re

import pandas as pd

from sheet11.course.notebooks import syntax

SMALLEST = 20  # words; shorter answers may be equal by chance
# an answer of more students than SHARE of the class and FEW is the usual answer
SHARE = 0.05
FEW = 4
NAME = re.compile(r"(?<![.\w])[^\W\d]\w*")
PAIR = ["student", "other student"]


def similar_pairs(answers: pd.DataFrame) -> pd.DataFrame:
    """Return pairs of students with the same answers up to names, comments, docstrings and layout, longest first.

    Args:
        answers: a row for each answer, with its student, task and source.
    """
    code = answers["source"].map(canonical)
    answers = answers[["task", "student"]].assign(code=code, words=code.str.count(r"\w+"))
    same = ["task", "code", "words"]
    writers = answers.groupby(same)["student"].transform("size")
    usual = max(FEW, SHARE * answers["student"].nunique())
    rare = answers[(answers["words"] >= SMALLEST) & (writers <= usual)]
    both = rare.merge(rare.rename(columns={"student": "other student"}), on=same)
    pairs = both[both["student"] < both["other student"]].groupby(PAIR, as_index=False)
    summary = pairs.agg(
        answers=("task", "size"),
        words=("words", "sum"),
        tasks=("task", " ".join),
    )
    return summary.sort_values("words", ascending=False, kind="stable")


def canonical(source: str) -> str:
    """Return a cell with its own names numbered, without annotations and docstrings; as it is if nested too deeply."""
    tree = syntax(source)
    numbered: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name):
                node.returns = None
                if ast.get_docstring(node) is not None:
                    node.body = node.body[1:] or [ast.Pass()]
            case ast.arg(arg=name):
                node.annotation = None
            case ast.Name(id=name, ctx=ast.Store()):
                pass
            case _:
                continue
        numbered.setdefault(name, f"_{len(numbered)}")
    try:
        code = ast.unparse(tree)
    except RecursionError:
        return source
    return NAME.sub(lambda match: numbered.get(match[0], match[0]), code)
