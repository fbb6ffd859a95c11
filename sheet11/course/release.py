"""`sheet11 release`: the student edition, with the answers taken out of notebooks and package.

The notebooks go through nbgrader's own preprocessors. A module of the package names what students write themselves in
`__solutions__`; that goes, and with it whatever only it has used.
"""

import ast
import copy
import os
import re
import shutil
import tempfile
from importlib.metadata import requires
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from sheet11.course.errors import NotebookError
from sheet11.course.notebooks import read_notebook
from sheet11.course.sheet import PACKAGE, find_sheet

SOLUTIONS = "__solutions__"
ENVIRONMENT = """\
name: sheet11
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
      - -r requirements.txt
"""


def release(out: Path) -> None:
    """Write the student edition to a folder that is new or empty.

    Raises:
        NotebookError: the folder holds something, or nbgrader is not installed.
        OSError: the folder cannot be written to.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise NotebookError(f"{out} is not empty; a release wants a new folder, so that nothing else gets into it")
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        for stem, path in find_sheet().notebooks.items():
            nbformat.write(without_answers(read_notebook(path)), folder / f"{stem}.ipynb")
        write_package(folder / PACKAGE.name)
        pins = [line for line in requires(PACKAGE.name) or [] if "extra ==" not in line]
        (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in pins))
        (folder / "environment.yml").write_text(ENVIRONMENT)
        shutil.copy(find_sheet().notebooks["01_encoding"].parent / "student.md", folder / "README.md")
        os.chmod(folder, 0o755)
        os.replace(folder, out)
    except BaseException:
        shutil.rmtree(folder)
        raise


def without_answers(notebook: NotebookNode) -> NotebookNode:
    """A copy of a notebook without answers, hidden tests, outputs and the kit's own metadata, its other cells locked.

    Raises:
        NotebookError: nbgrader is not installed.
    """
    try:
        from nbgrader.preprocessors import CheckCellMetadata, ClearHiddenTests, ClearOutput, ClearSolutions, LockCells
    except ImportError as error:
        raise NotebookError("sheet11 release needs nbgrader: pip install 'sheet11[grade]'") from error
    notebook = copy.deepcopy(notebook)
    for preprocessor in (LockCells, ClearSolutions, ClearOutput, ClearHiddenTests, CheckCellMetadata):
        notebook, _ = preprocessor().preprocess(notebook, {})
    for holder in (notebook, *notebook.cells):
        holder.metadata.pop("sheet11", None)
    return notebook


def write_package(folder: Path) -> None:
    """Write the package's modules without solutions, and without this floor that runs and grades notebooks."""
    sources = {path.name: path.read_text() for path in sorted(PACKAGE.glob("*.py"))}
    gone = {name for source in sources.values() for name in _named(ast.parse(source))}
    folder.mkdir(parents=True)
    for name, source in sources.items():
        (folder / name).write_text(without_solutions(source, gone))


def without_solutions(source: str, gone: set[str] = frozenset()) -> str:
    """A module's source without what it names in `__solutions__`, and without what nothing uses any more.

    Private functions, private classes and imports go with the last function that used them; entries of `gone` go from
    dictionaries, which is where the package lists its public names.

    Args:
        source: of the module.
        gone: names of what other modules leave out.
    """
    tree = ast.parse(source)
    named = _named(tree)
    if not named and not gone:
        return source
    kept = [node for node in tree.body if not (_defines(node) & (named | {SOLUTIONS}))]
    if named:
        before = _used(tree.body)
        while unused := [n for n in kept if (d := _defines(n)) and _hidden(n) and d <= before and not d & _used(kept)]:
            kept = [node for node in kept if node not in unused]
    lines = source.splitlines(keepends=True)
    cut = [_lines(node) for node in tree.body if node not in kept]
    for node in kept:
        for part in ast.walk(node):
            if isinstance(part, ast.Dict):
                cut += [_lines(key) for key in part.keys if isinstance(key, ast.Constant) and key.value in gone]
            elif isinstance(part, ast.ImportFrom) and part in tree.body and named:
                unused_names = [a for a in part.names if (a.asname or a.name) not in _used(kept)]
                if unused_names:
                    left = ", ".join(ast.unparse(alias) for alias in part.names if alias not in unused_names)
                    lines[part.lineno - 1] = f"from {'.' * part.level}{part.module or ''} import {left}\n"
                    cut += [range(part.lineno, part.end_lineno)]
    drop = {number for span in cut for number in span}
    return _tidy("".join(line for number, line in enumerate(lines) if number not in drop))


def _named(tree: ast.Module) -> set[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and _defines(node) == {SOLUTIONS}:
            return set(ast.literal_eval(node.value))
    return set()


def _defines(node: ast.stmt) -> set[str]:
    """Names that a statement at the top level of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _hidden(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom) or all(name.startswith("_") for name in _defines(node))


def _used(nodes: list[ast.stmt]) -> set[str]:
    return {part.id for node in nodes for part in ast.walk(node) if isinstance(part, ast.Name)}


def _lines(node: ast.AST) -> range:
    """Indices of a node's lines, with its decorators."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    return range(first - 1, node.end_lineno)


def _tidy(source: str) -> str:
    """As many blank lines as there are in a module that was written so."""
    source = re.sub(r"\n{4,}", "\n\n\n", source)
    return re.sub(r"\n{3,}(?=from |import |[A-Z_]+ = )", "\n\n", source).rstrip() + "\n"
