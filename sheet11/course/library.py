"""Where the kit's notebooks are, and which notebook a name on the command line means."""

from pathlib import Path

from sheet11.course.errors import NotebookError
from sheet11.course.notebooks import nearest

PACKAGE = Path(__file__).resolve().parents[1]


def kit_notebooks() -> dict[str, Path]:
    """The kit's own notebooks by stem, in order: installed inside the package, in a checkout beside it."""
    for folder in (PACKAGE / "notebooks", PACKAGE.parent / "notebooks"):
        if paths := sorted(folder.glob("[0-9]*.ipynb")):
            return {path.stem: path for path in paths}
    raise NotebookError(f"the kit's notebooks are neither in {PACKAGE} nor beside it")


def find_notebook(name: str) -> Path:
    """The notebook at a path, or the kit's own with that stem.

    Raises:
        NotebookError: there is none; the message lists the kit's and suggests the nearest.
    """
    kit = kit_notebooks()
    if name in kit:
        return kit[name]
    path = Path(name)
    if path.is_file():
        return path
    raise NotebookError(f"there is no notebook {name!r}; the kit has {', '.join(kit)}{nearest(name, kit)}")
