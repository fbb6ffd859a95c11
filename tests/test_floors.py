"""The house: which floor imports what, and how long a thought may be."""

import ast
from collections import Counter
from pathlib import Path

import pytest

import sheet11

PACKAGE = Path(sheet11.__file__).parent
FILES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text()) for name, path in FILES.items()}
FLOORS = ("mathematics", "lab", "course")
STUDENTS = ("encoding.py", "scores.py", "aggregation.py", "oversmoothing.py")
COMMANDS = {
    "run",
    "sweep",
    "release",
    "grade",
}  # the functions of the command line are called as what they call
LONGEST_FILE, LONGEST_FUNCTION = 300, 20


def floor(name):
    """The floor of a module, named by its file or as in an import."""
    top = name.replace(".", "/").partition("/")[0]
    return top if top in FLOORS else "mathematics"


def imports(name):
    """What a module imports of this package, wherever it does so, without `sheet11.`."""
    for node in ast.walk(TREES[name]):
        found = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports from {'.' * node.level}{node.module or ''}"
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (
            module.removeprefix("sheet11.") for module in found if module.startswith("sheet11.")
        )


def code_lines(source, function):
    """Lines of a function that are neither its docstring, nor comments, nor blank."""
    docstring = ast.get_docstring(function, clean=False)
    start = function.body[1 if docstring is not None and len(function.body) > 1 else 0].lineno
    head = function.body[0].lineno - function.lineno
    body = source.splitlines()[start - 1 : function.end_lineno]
    return head + sum(bool(line.strip()) and not line.strip().startswith("#") for line in body)


@pytest.mark.parametrize(
    "name", [name for name in FILES if name not in ("__init__.py", "__main__.py")]
)
def test_no_floor_imports_from_above(name):
    """`__init__` looks names up when they are used, and `__main__` only calls the command line."""
    above = FLOORS[FLOORS.index(floor(name)) + 1 :]
    assert not [module for module in imports(name) if floor(module) in above]


def test_what_every_sheet_uses_knows_nothing_of_this_one():
    """`lab/*.py` goes into editions of other sheets, and `course` works on them."""
    for name in FILES:
        if floor(name) == "course" or Path(name).parent == Path("lab"):
            for module in imports(name):
                of_this_sheet = floor(module) == "mathematics" or module.startswith(
                    ("lab.figures", "lab.explore")
                )
                assert not of_this_sheet or module.startswith("given.checks."), (
                    f"{name} imports {module}"
                )


def test_nothing_of_this_sheet_stands_in_the_code_of_the_course():
    for name in FILES:
        if floor(name) == "course":
            text = FILES[name].read_text()
            for special in (
                "ML-Physics",
                "Sheet 11",
                "sheet 11",
                "02_scores",
                "03_aggregation",
                "04_oversmoothing",
            ):
                assert special not in text, name


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_one_thought_and_says_which(name):
    assert ast.get_docstring(TREES[name]), "what is it for?"
    assert len(FILES[name].read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("name", STUDENTS)
def test_a_function_is_its_formula(name):
    source = FILES[name].read_text()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.FunctionDef):
            assert code_lines(source, node) <= LONGEST_FUNCTION, node.name


def test_in_the_course_one_name_means_one_thing():
    names = Counter(
        node.name
        for name, tree in TREES.items()
        for node in tree.body
        if floor(name) == "course"
        and isinstance(node, ast.FunctionDef | ast.ClassDef)
        and node.name not in COMMANDS
    )
    assert not [name for name, count in names.items() if count > 1]
