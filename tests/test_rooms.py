"""Layers of the package: each imports only from lower ones."""

import ast
from pathlib import Path

import pytest

import sheet11

PACKAGE = Path(sheet11.__file__).parent
FILES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text()) for name, path in FILES.items()}
FORMULAS = ("encoding", "scores", "aggregation", "oversmoothing", "remedies")
ROOMS = [  # from the lowest to the highest; what stands in one line may import each other
    ("given/checks",),
    ("given", "large", *FORMULAS),
    ("lab/records", "lab/answers", "lab/progress", "lab/plots", "lab/frames", "lab/sliders"),
    ("lab",),
    ("course/errors", "course/text", "course/files", "course/interrupts"),
    (
        "course/notebooks",
        "course/preprocess",
        "course/tasks",
        "course/sheet",
        "course/options",
        "course/tables",
    ),
    ("course/engine",),
    ("course/execute", "course/jobs", "course/key"),
    ("course/pages",),
    ("course/run", "course/sweep", "course/release", "course/nbval"),
    ("course/sandbox",),
    ("course/book",),
    ("course/submissions",),
    ("course/hand_back",),
    ("course/overview",),
    ("course/grading", "course/check"),
    ("course/desk",),
    ("course",),
]
SPECIAL = ("ML-Physics", "Sheet 11", "sheet 11", "02_scores", "03_aggregation", "04_oversmoothing")


def level(name):
    """The room of a module: the one with the longest name that fits."""
    fitting = [
        (len(room), number)
        for number, rooms in enumerate(ROOMS)
        for room in rooms
        if name == room or name.startswith(f"{room}/")
    ]
    return max(fitting)[1]


def imports(name):
    """The modules of this package that a module imports, wherever it does so."""
    for node in ast.walk(TREES[name]):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} has a relative import"
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        for module in modules:
            if module.startswith("sheet11."):
                yield module.removeprefix("sheet11.").replace(".", "/")


@pytest.mark.parametrize("name", [name for name in FILES if "/" in name or name[:-3] in FORMULAS])
def test_no_room_imports_from_above(name):
    own = level(name.removesuffix(".py").removesuffix("/__init__"))
    above = [module for module in imports(name) if level(module) > own]
    assert not above


def test_lab_and_course_know_nothing_of_this_sheet():
    """`lab/*.py` goes into editions of other sheets, and `course` works on them."""
    for name in FILES:
        if name.startswith("course/") or Path(name).parent == Path("lab"):
            for module in imports(name):
                allowed = ("course/", "lab/", "given/checks/")
                assert f"{module}/".startswith(allowed), f"{name} imports {module}"
                assert not module.startswith(("lab/figures", "lab/explore")), name
        if name.startswith("course/"):
            text = FILES[name].read_text()
            assert not [word for word in SPECIAL if word in text], name


@pytest.mark.parametrize("name", FILES)
def test_every_file_says_what_it_is_for(name):
    assert ast.get_docstring(TREES[name])
