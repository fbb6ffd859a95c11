"""A place to run code that nobody should have to trust: a bubblewrap sandbox with the engine's server in it.

The sandbox has user, process, network, IPC and mount namespaces of its own, no capabilities, an empty environment and
a small folder in memory to write to. It sees the operating system's programs and the Python environment, read-only, and
the package that it is given; of this kit, the submissions and the results it sees nothing.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from nbclient.exceptions import CellControlSignal, CellExecutionError, DeadKernelError
from nbformat import NotebookNode, ValidationError
from nbformat.v4 import new_code_cell, new_notebook

from sheet11.course.engine.client import LOST, NONSENSE, Client, Kernel, merged
from sheet11.course.engine.warm import OPTIONS, SERVER, Server
from sheet11.course.engine.watch import WALL
from sheet11.course.errors import NotInstalledError
from sheet11.course.files import folder_of_this_process
from sheet11.course.sandbox import cgroup
from sheet11.course.sandbox.bubblewrap import (
    INSIDE,
    MEGABYTE,
    SCRATCH,
    SPACE,
    bubblewrap,
    environment,
    font_cache,
    is_user_alone,
)

BREAKING = ("time", "memory", "processes", "files", "output")  # limits that end a batch
# what an answer may raise that is no kernel's
NO_ANSWER = (KeyError, TypeError, ValueError, AttributeError, ValidationError, CellControlSignal)
ALLOW = (
    "this machine forbids user namespaces to ordinary users: root allows them by the sysctls user.max_user_namespaces "
    "or kernel.unprivileged_userns_clone, or by an AppArmor profile for bwrap; or grade as root"
)
START = 120  # seconds that the process inside may take to start


class Limits(NamedTuple):
    """What one batch of cells may use."""

    seconds: int = 30  # processor time of all processes together; three times that by the clock
    memory: int = 2000 * MEGABYTE  # bytes, of all processes together
    processes: int = 64  # and threads
    files: int = 10_000
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
        self,
        package: Path,
        modules: Sequence[str],
        isolated: bool = True,
        hidden: Collection[Path] = (),
    ) -> None:
        if not sys.platform.startswith("linux"):
            raise NotInstalledError(
                "grading needs Linux: it limits and watches processes by what only Linux has"
            )
        self._closing = contextlib.ExitStack()
        self._alone = isolated and is_user_alone()
        if isolated:
            self._folder, self._empty = SCRATCH, [SCRATCH, "/dev/shm"]
            command, needed = self._closing.enter_context(bubblewrap(package, hidden))
            command += [sys.executable, *OPTIONS, f"{INSIDE}/server.py"]
            variables, descriptors = environment(), [needed]
        else:
            self._folder = self._closing.enter_context(
                tempfile.TemporaryDirectory(dir=folder_of_this_process())
            )
            self._empty = [self._folder]
            command = [sys.executable, *OPTIONS, str(SERVER)]
            variables = environment() | {
                "PYTHONPATH": str(package),
                "MPLCONFIGDIR": str(font_cache()),
            }
            descriptors = []
        where = None if isolated else self._folder
        self._server = Server(
            None, modules, command, variables, where, closed=True, descriptors=descriptors
        )
        self._closing.callback(self._server.close)
        if not self._server.is_ready(START):
            self.close()
            raise NotInstalledError("the process that runs answers could not be started")

    def run(self, cells: Sequence[tuple[str, str]], limits: Limits, go_on: bool = False) -> Batch:
        """Run cells, given as (id, source), in a fork; stop at the first that fails unless told to go on.

        Raises:
            SandboxError: the sandbox broke; it is closed.
        """
        counted = limits._asdict() | {"alone": self._alone}
        with cgroup.group(limits.memory + 2 * SPACE, 2 * limits.processes) as group:
            try:
                kernel = self._server.fork(
                    self._folder, limits=counted, empty=self._empty, group=group
                )
                if group:
                    kernel.look = partial(_end_if_limited, group, limits.seconds)
                batch = _run(kernel, cells, limits, go_on)
            except RuntimeError as error:
                self.close()
                raise SandboxError("the sandbox has ended") from error
            except NO_ANSWER as error:
                self.close()
                raise SandboxError("the sandbox's answer is none") from error
            if batch.ended in (LOST, NONSENSE):
                self.close()
                raise SandboxError("the sandbox has ended")
            if group and batch.ended is None:
                batch = batch._replace(ended=cgroup.limit_met(group, limits.seconds))
        return batch

    def close(self) -> None:
        """End the sandbox and everything in it."""
        self._closing.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _run(kernel: Kernel, cells: Sequence[tuple[str, str]], limits: Limits, go_on: bool) -> Batch:
    notebook = new_notebook(cells=[new_code_cell(source) for _, source in cells])
    client = _Collector(notebook, timeout=WALL * limits.seconds + START, record_timing=False)
    client.kc = kernel
    outputs: dict[str, list[dict[str, Any]]] = {}
    succeeded = set()
    try:
        for index, (name, _) in enumerate(cells):
            cell = notebook.cells[index]
            try:
                client.execute_cell(cell, index)
                succeeded.add(name)
            except CellExecutionError:
                pass
            outputs[name] = list(map(_plain, merged(cell.outputs)))
            if name not in succeeded and not go_on:
                break
    except DeadKernelError:
        pass
    finally:
        ended = kernel.end()
    return Batch(outputs, succeeded, ended if ended in (*BREAKING, LOST, NONSENSE) else None)


class _Collector(Client):
    """A client for whatever code sends, which speaks to no widgets."""

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Called for every message."""
        if msg["msg_type"].startswith("comm"):
            return None
        return super().process_message(msg, cell, cell_index)


def _plain(output: NotebookNode) -> dict[str, Any]:
    """An output whose parts are of the types that nbformat demands."""
    kind = output.output_type
    if kind == "stream":
        return {"output_type": kind, "name": str(output.name), "text": str(output.text)}
    if kind == "error":
        return {
            "output_type": kind,
            "ename": str(output.ename),
            "evalue": str(output.evalue),
            "traceback": [str(line) for line in output.traceback],
        }
    return {"output_type": "display_data", "data": dict(output.data), "metadata": {}}


def _end_if_limited(group: Path, seconds: int) -> None:
    """End what is in a control group if that has met a limit."""
    if cgroup.limit_met(group, seconds):
        cgroup.end(group)


class SandboxError(RuntimeError):
    """The process inside has ended, does not answer, or answers nonsense."""


def check_sandbox() -> None:
    """Open an empty sandbox, to find out whether that works here.

    Raises:
        NotInstalledError: there is no bubblewrap, or it cannot make a sandbox.
    """
    with bubblewrap(SERVER.parent) as (command, descriptor):
        command += [sys.executable, "-c", ""]
        # out of Ctrl-C's reach, and not killed: see `bubblewrap`
        with subprocess.Popen(
            command,
            pass_fds=[descriptor],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as opened:
            stderr = opened.communicate()[1]
    if opened.returncode:
        said = (stderr.strip().splitlines() or [f"exit code {opened.returncode}"])[-1]
        forbidden = os.geteuid() and ("namespace" in said or "uid map" in said)
        advice = f"{ALLOW}; " if forbidden else ""
        raise NotInstalledError(
            f"no sandbox can be made here ({said}); {advice}--no-sandbox runs the code with your rights"
        )
