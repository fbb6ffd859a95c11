"""A sheet: its notebooks, the package beside them, and the settings in `sheet.toml`."""

import fnmatch
import functools
import re
import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema  # type: ignore[import-untyped]

from sheet11.course.errors import NotebookError, SheetError, reason
from sheet11.course.notebooks import nearest
from sheet11.course.text import digest_of

PACKAGE = Path(__file__).resolve().parents[1]  # this kit
SETTINGS = "sheet.toml"
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
KEYS = {"title": TEXT, "package": TEXT, "not_for_students": TEXTS, "requirements": TEXTS}
SHEET_FILES = (SETTINGS, "student.md", "mistakes", "nbgrader_config.py")  # beside the notebooks
BACKUP = re.compile(r"/(\.[^/]+|__pycache__|[^/]*~|#[^/]*#|[^/]*\.(pyc|bak|orig|rej|sw[a-p]|tmp))/")
WORK = re.compile(r"\.ipynb[^/]*$|/(grading\.sqlite|gradebook\.db)$")  # notebooks and marks
# files of this kit that notebooks of any sheet may use
FOR_ANY_SHEET = ("__init__.py", "given/__init__.py", "given/checks.py", "lab/*.py")


class Sheet(NamedTuple):
    """Notebooks with their package and settings.

    The optional `sheet.toml` beside the notebooks sets

    | key                | meaning                                              | default                |
    |--------------------|------------------------------------------------------|------------------------|
    | `title`            | name of the sheet in gradebooks and on pages         | name of the folder     |
    | `package`          | the package that the notebooks import                | the package beside them |
    | `not_for_students` | patterns of files left out of the student edition    | none                   |
    | `requirements`     | packages that students have to install               | `jupyterlab`, `numpy`  |
    """

    title: str
    folder: Path  # holds the package
    notebooks: dict[str, Path]  # by stem, in order
    package: str | None
    not_for_students: Sequence[str] = ()
    requirements: Sequence[str] = ("jupyterlab", "numpy")

    def beside(self, name: str) -> Path:
        """Return the path of a file beside the notebooks, such as `student.md`; it may be missing."""
        return next(iter(self.notebooks.values())).parent / name

    @property
    def imports_from(self) -> str | None:
        """Folder from which notebooks import the package; None for this kit, which is installed."""
        own = self.package is None or self.folder / self.package == PACKAGE
        return None if own else str(self.folder)

    def package_digest(self) -> str:
        """Return a digest of the package's files; empty if there is none."""
        return _digest(self.folder / self.package) if self.package else ""

    def files_beside(self) -> dict[str, bytes]:
        """Return the files that students get with the notebooks, such as data, modules and pictures: content by path.

        Left out are notebooks, settings of this kit and nbgrader, the package, files that are not for students,
        backups, and folders with notebooks or marks, which are hand-ins or results.
        """
        left_out = (*SHEET_FILES, PACKAGE.name, self.package or "", *self.not_for_students)
        files = _files(self.beside(""), left_out)
        work = {name.split("/")[0] for name in files if WORK.search(f"/{name}")}
        return {
            name: path.read_bytes()
            for name, path in files.items()
            if name.split("/")[0] not in work
        }

    def students_package(self) -> dict[str, bytes]:
        """Return the modules that students get, without those they write themselves: content by path."""
        files = {}
        if self.package:
            own = _files(self.folder / self.package, self.not_for_students)
            files = {f"{self.package}/{name}": path.read_bytes() for name, path in own.items()}
        if self.package != PACKAGE.name:
            for pattern in FOR_ANY_SHEET:
                for path in PACKAGE.glob(pattern):
                    files[path.relative_to(PACKAGE.parent).as_posix()] = path.read_bytes()
        return files


def find_sheet(folder: Path | None = None) -> Sheet:
    """Return the sheet in a folder, by default this kit's; notebooks are in the folder or in its `notebooks`.

    Raises:
        SheetError: there are no notebooks, or `sheet.toml` is invalid.
    """
    # this kit's are inside the installed package, or beside it in a checkout
    own = [PACKAGE / "notebooks", PACKAGE.parent / "notebooks"]
    folders = [folder / "notebooks", folder] if folder else own
    notebooks_folder = next(filter(Path.is_dir, folders), folders[-1])
    paths = sorted(notebooks_folder.glob("[!.]*.ipynb"))
    if not paths:
        raise SheetError(f"there are no notebooks in {str(notebooks_folder)!r}")
    folder = (folder or PACKAGE.parent).resolve()
    settings = _settings(notebooks_folder / SETTINGS)
    package = _package(folder, settings.get("package"))
    return Sheet(
        folder=folder,
        notebooks={path.stem: path.resolve() for path in paths},
        **({"title": folder.name} | settings | {"package": package}),
    )


def find_notebook(name: str, sheet: Sheet) -> Path:
    """Return the sheet's notebook with this stem, or the notebook at this path.

    Raises:
        NotebookError: there is none; the message suggests the nearest.
    """
    path = sheet.notebooks.get(name, Path(name))
    if path.is_file():
        return path
    known = ", ".join(sheet.notebooks)
    raise NotebookError(
        f"there is no notebook {name!r}; the sheet has {known}{nearest(path.stem, sheet.notebooks)}"
    )


@functools.cache
def kit_digest() -> str:
    """Return a digest of this kit's files."""
    return _digest(PACKAGE)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of a sheet; a missing file is empty.

    Raises:
        SheetError: it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise SheetError(f"{path} cannot be read: {reason(error)}") from error


def _settings(path: Path) -> dict[str, Any]:
    settings = read_toml(path)
    try:
        jsonschema.validate(settings, {"properties": KEYS, "propertyNames": {"enum": [*KEYS]}})
    except jsonschema.ValidationError as error:
        where = "".join(f"{each}: " for each in error.path)
        raise SheetError(f"{path}: {where}{error.message}") from error
    return settings


def _package(folder: Path, named: str | None) -> str | None:
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    candidates = packages - {PACKAGE.name} or packages  # a student edition contains this kit, too
    if named:
        candidates = packages & {named}
    if len(candidates) > 1 or named and not candidates:
        names = ", ".join(sorted(packages))
        raise SheetError(f"{SETTINGS}: package must be one in {folder} ({names}), got {named!r}")
    return next(iter(candidates), None)


def _digest(folder: Path) -> str:
    contents = {name: path.read_bytes() for name, path in _files(folder).items()}
    return digest_of(repr(contents))


def _files(folder: Path, left_out: Collection[str] = ()) -> dict[str, Path]:
    """Return the files in a folder by relative path, without backups and those that match a pattern."""
    files = {}
    for path in sorted(filter(Path.is_file, folder.rglob("*"))):
        name = path.relative_to(folder).as_posix()
        is_left_out = any(fnmatch.fnmatchcase(f"{name}/", f"{each}/*") for each in left_out)
        if not is_left_out and not BACKUP.search(f"/{name}/"):
            files[name] = path
    return files
