"""A sheet: its notebooks, the package beside them, and the settings in `sheet.toml`."""

import functools
import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from sheet11.course.errors import NotebookError, SheetError
from sheet11.course.notebooks import nearest
from sheet11.course.text import digest_of

PACKAGE = Path(__file__).resolve().parents[1]  # this kit
SETTINGS = "sheet.toml"
KEYS = {
    "title": "text",
    "package": "text",
    "not_for_students": "a list of texts",
    "requirements": "a list of texts",
}
OF_SHEET = (SETTINGS, "student.md", "mistakes", "nbgrader_config.py")  # beside the notebooks
BACKUP = re.compile(r"\..+|__pycache__|.*~|#.*#|.*\.(pyc|bak|orig|rej|sw[a-p]|tmp)", re.DOTALL)
WORK = re.compile(r".*\.ipynb.*|grading\.sqlite|gradebook\.db")  # notebooks and marks
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
    not_for_students: tuple[str, ...]
    requirements: tuple[str, ...]

    def beside(self, name: str) -> Path:
        """Return the path of a file beside the notebooks, such as `student.md`; it may be missing."""
        return next(iter(self.notebooks.values())).parent / name

    @property
    def assignment(self) -> str:
        """Name of the folder, by which nbgrader knows the sheet: `source/ASSIGNMENT`."""
        return self.folder.name

    @property
    def imports_from(self) -> str | None:
        """Folder from which notebooks import the package; None for this kit, which is installed."""
        own = self.package is None or self.folder / self.package == PACKAGE
        return None if own else str(self.folder)

    def package_digest(self) -> str:
        """Return a digest of the package's files; empty for this kit, which `kit_digest` covers."""
        return _digest(self.folder / (self.package or "")) if self.imports_from else ""

    def files_beside(self) -> dict[str, Path]:
        """Return the files that students get with the notebooks, such as data, modules and pictures, by relative path.

        Left out are notebooks, settings of this kit and nbgrader, the package, files that are not for students,
        backups, and folders with notebooks or marks, which are hand-ins or results.
        """
        packages = [name for name in (self.package, PACKAGE.name) if name]
        files = _files(self.beside(""), (*OF_SHEET, *packages, *self.not_for_students))
        tops = {name: name.partition("/")[0] for name in files}
        work = {tops[name] for name, path in files.items() if WORK.fullmatch(path.name)}
        return {name: path for name, path in files.items() if tops[name] not in work}

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
        SheetError: there are no notebooks, or `sheet.toml` is unusable.
    """
    if folder is None:  # notebooks are inside the installed package, or beside it in a checkout
        folder = PACKAGE.parent
        places = [PACKAGE / "notebooks", folder / "notebooks"]
    elif folder.is_dir():
        places = [folder / "notebooks", folder]
    else:
        raise SheetError(f"there is no folder {str(folder)!r}")
    place = next(filter(Path.is_dir, places))
    paths = sorted(place.glob("[!.]*.ipynb"))
    if not paths:
        raise SheetError(f"{place} holds no notebooks")
    settings = _settings(place / SETTINGS)
    package = settings.get("package") or _package_beside(folder)
    if package and not (folder / package).is_dir():
        raise SheetError(
            f"{place / SETTINGS}: package must be a folder in {folder}, got {package!r}"
        )
    return Sheet(
        title=settings.get("title", folder.resolve().name),
        folder=folder.resolve(),
        notebooks={path.stem: path.resolve() for path in paths},
        package=package,
        not_for_students=tuple(settings.get("not_for_students", ())),
        requirements=tuple(settings.get("requirements", ("jupyterlab", "numpy"))),
    )


def find_notebook(name: str, sheet: Sheet) -> Path:
    """Return the sheet's notebook with this stem, or the notebook at this path.

    Raises:
        NotebookError: there is none; the message suggests the nearest.
    """
    if name in sheet.notebooks:
        return sheet.notebooks[name]
    path = Path(name)
    if path.is_file():
        return path
    known = ", ".join(sheet.notebooks)
    raise NotebookError(
        f"there is no notebook {name!r}; the sheet has {known}{nearest(name, sheet.notebooks)}"
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
        raise SheetError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _settings(path: Path) -> dict[str, Any]:
    settings = read_toml(path)
    for name, value in settings.items():
        if name not in KEYS:
            raise SheetError(
                f"{path} has a key {name!r}; there are {', '.join(KEYS)}{nearest(name, KEYS)}"
            )
        texts = [value] if KEYS[name] == "text" else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise SheetError(f"{path}: {name} must be {KEYS[name]}, got {value!r}")
    return settings


def _package_beside(folder: Path) -> str | None:
    found = {path.parent.name for path in folder.glob("*/__init__.py")}
    found = found - {PACKAGE.name} or found  # a student edition contains this kit, too
    if len(found) > 1:
        names = ", ".join(sorted(found))
        raise SheetError(
            f"{folder} holds several packages, {names}; {SETTINGS} must say which with package"
        )
    return next(iter(found), None)


def _digest(folder: Path) -> str:
    contents = {name: path.read_bytes() for name, path in _files(folder).items()}
    return digest_of(repr(contents))


def _files(folder: Path, left_out: tuple[str, ...] = ()) -> dict[str, Path]:
    """Return the files in a folder by relative path, without backups and those that match a pattern."""
    files = {}
    for path in sorted(folder.rglob("*")):
        name = PurePosixPath("/", *path.relative_to(folder).parts)
        if (
            path.is_file()
            and not any(map(BACKUP.fullmatch, name.parts))
            and not _matches(name, left_out)
        ):
            files[f"{name}".removeprefix("/")] = path
    return files


def _matches(path: PurePosixPath, patterns: tuple[str, ...]) -> bool:
    """Return whether a path below `/`, or one of its folders, matches one of the patterns."""
    return any(
        each.match(f"/{pattern}") for each in (path, *path.parents[:-1]) for pattern in patterns
    )
