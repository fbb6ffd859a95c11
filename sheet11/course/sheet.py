"""A sheet: its notebooks, the package beside them, and what its `sheet.toml` says of them."""

import functools
import hashlib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from sheet11.course.errors import NotebookError, SheetError
from sheet11.course.notebooks import nearest

PACKAGE = Path(__file__).resolve().parents[1]  # this kit
SETTINGS = "sheet.toml"
OF_SHEET = (SETTINGS, "student.md", "mistakes", "nbgrader_config.py")  # beside the notebooks
BACKUP = re.compile(r"\..+|__pycache__|.*~|#.*#|.*\.(pyc|bak|orig|rej|sw[a-p]|tmp)", re.DOTALL)
FOR_ANY_SHEET = (
    "__init__.py",
    "given/__init__.py",
    "given/checks.py",
    "lab/*.py",
)  # what notebooks of another sheet may use of this kit


class Sheet(NamedTuple):
    """Notebooks with what belongs to them.

    `sheet.toml`, which stands with the notebooks and may be missing, sets

    | key                | what                                                 | default                |
    |--------------------|------------------------------------------------------|------------------------|
    | `title`            | name of the sheet in gradebooks and on pages         | name of the folder     |
    | `package`          | what the notebooks import                            | the package beside them |
    | `not_for_students` | files that the student edition lacks, patterns       | none                   |
    | `requirements`     | what the student edition asks to be installed        | `jupyterlab`, `numpy`  |
    """

    title: str
    folder: Path  # holds the package
    notebooks: dict[str, Path]  # by stem, in order
    package: str | None
    not_for_students: tuple[str, ...]
    requirements: tuple[str, ...]

    def beside(self, name: str) -> Path:
        """Return the path of a file beside the notebooks, such as `student.md`, which need not exist."""
        return next(iter(self.notebooks.values())).parent / name

    @property
    def assignment(self) -> str:
        """The name of the sheet's folder, as nbgrader knows it: `source/ASSIGNMENT`."""
        return self.folder.name

    @property
    def imports_from(self) -> str | None:
        """Folder in which executed notebooks find the package; None for this kit, which is installed."""
        own = self.package is None or self.folder / self.package == PACKAGE
        return None if own else str(self.folder)

    def package_digest(self) -> str:
        """Digest of the files of the package; the same for this kit's, which has a version."""
        files = (
            _files(self.folder / self.package, ("*",)) if self.package and self.imports_from else {}
        )
        return hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()

    def files_beside(self) -> dict[str, Path]:
        """Files beside the notebooks that travel with them, such as data, modules and pictures, by path from there.

        Not among them are notebooks, what this kit and nbgrader read of a sheet, the package, what is not for
        students, backups, and folders that hold notebooks or marks, which are hand-ins or results.
        """
        folder = self.beside("")
        own = {folder / name for name in (*OF_SHEET, self.package or "", PACKAGE.name)}
        files: dict[str, Path] = {}
        for top in sorted(set(folder.iterdir()) - own):
            if _is_backup(top.name):
                continue
            within = [path for path in (top, *sorted(top.rglob("*"))) if path.is_file()]
            if top.is_file() or not any(map(_is_work, within)):
                files |= {path.relative_to(folder).as_posix(): path for path in within}
        return {
            name: path
            for name, path in files.items()
            if not _is_work(path)
            and not any(map(_is_backup, PurePosixPath(name).parts))
            and not _matches(PurePosixPath("/", name), self.not_for_students)
        }

    def students_package(self) -> dict[str, bytes]:
        """Modules that students get, without those that they write themselves: content by path."""
        files = {}
        if self.package:
            files = _files(self.folder / self.package, ("*",), self.not_for_students)
        if self.package != PACKAGE.name:
            files |= _files(PACKAGE, FOR_ANY_SHEET)
        return files


def find_sheet(folder: Path | None = None) -> Sheet:
    """Return the sheet in a folder: notebooks in it or in its `notebooks`, a package beside them; None is this kit's.

    Raises:
        SheetError: there are no notebooks, or `sheet.toml` is unusable.
    """
    if folder is None:  # installed inside the package, in a checkout beside it
        installed = (PACKAGE / "notebooks").is_dir()
        return _sheet(
            PACKAGE / "notebooks" if installed else PACKAGE.parent / "notebooks", PACKAGE.parent
        )
    if not folder.is_dir():
        raise SheetError(f"there is no folder {str(folder)!r}")
    inner = folder / "notebooks"
    return _sheet(inner if inner.is_dir() else folder, folder)


def find_notebook(name: str, sheet: Sheet) -> Path:
    """Return the notebook at a path, or the sheet's own with that stem.

    Raises:
        NotebookError: there is none; the message lists the sheet's and suggests the nearest.
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
    """Digest of the files of this kit."""
    return hashlib.sha256(repr(sorted(_files(PACKAGE, ("*",)).items())).encode()).hexdigest()


def _sheet(notebooks: Path, folder: Path) -> Sheet:
    paths = sorted(path for path in notebooks.glob("*.ipynb") if not path.name.startswith("."))
    if not paths:
        raise SheetError(f"{notebooks} holds no notebooks")
    settings = _settings(notebooks / SETTINGS)
    package = settings.get("package") or _package_beside(folder)
    if package and not (folder / package).is_dir():
        raise SheetError(
            f"{notebooks / SETTINGS}: package must be a folder in {folder}, got {package!r}"
        )
    return Sheet(
        title=settings.get("title", folder.resolve().name),
        folder=folder.resolve(),
        notebooks={path.stem: path.resolve() for path in paths},
        package=package,
        not_for_students=tuple(settings.get("not_for_students", ())),
        requirements=tuple(settings.get("requirements", ("jupyterlab", "numpy"))),
    )


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of a sheet; a missing file is empty.

    Raises:
        SheetError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise SheetError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _settings(path: Path) -> Mapping[str, Any]:
    wanted: dict[str, type] = {
        "title": str,
        "package": str,
        "not_for_students": list,
        "requirements": list,
    }
    settings = read_toml(path)
    for name, value in settings.items():
        if name not in wanted:
            raise SheetError(
                f"{path} has a key {name!r}; there are {', '.join(wanted)}{nearest(name, wanted)}"
            )
        texts = value if isinstance(value, list) else [value]
        if not isinstance(value, wanted[name]) or not all(isinstance(text, str) for text in texts):
            raise SheetError(
                f"{path}: {name} must be {'text' if wanted[name] is str else 'a list of texts'}, got {value!r}"
            )
    return settings


def _package_beside(folder: Path) -> str | None:
    found = sorted(path.parent.name for path in folder.glob("*/__init__.py"))
    found = [
        name for name in found if name != PACKAGE.name
    ] or found  # a student edition brings this kit along
    if len(found) > 1:
        raise SheetError(
            f"{folder} holds several packages, {', '.join(found)}; {SETTINGS} must say which with package"
        )
    return found[0] if found else None


def _files(
    package: Path, wanted: tuple[str, ...], left_out: tuple[str, ...] = ()
) -> dict[str, bytes]:
    """Content of the files of a package, by path from the folder that holds it."""
    files = {}
    for path in sorted(package.rglob("*")):
        name = PurePosixPath("/", *path.relative_to(package).parts)
        if (
            path.is_file()
            and not any(map(_is_backup, name.parts))
            and _matches(name, wanted)
            and not _matches(name, left_out)
        ):
            files[f"{package.name}{name}"] = path.read_bytes()
    return files


def _matches(path: PurePosixPath, patterns: tuple[str, ...]) -> bool:
    """Tell whether a path below `/`, or a folder that it is in, matches one of the patterns."""
    return any(
        each.match(f"/{pattern}") for each in (path, *path.parents[:-1]) for pattern in patterns
    )


def _is_backup(name: str) -> bool:
    """Tell whether a file or folder is hidden, or left behind by a program."""
    return BACKUP.fullmatch(name) is not None


def _is_work(path: Path) -> bool:
    """Tell whether a file is a notebook or holds marks."""
    return ".ipynb" in path.name or path.name in ("grading.sqlite", "gradebook.db")
