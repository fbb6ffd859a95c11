"""A bubblewrap sandbox for untrusted code, with the engine's server inside.

The sandbox has its own user, process, network, IPC and mount namespaces, no capabilities, an empty environment, and
small writable folders in memory. Inside are the operating system's programs, the Python environment and the students'
package, all read-only, and nothing of this kit, the submissions or the results.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import ValidationError, from_dict

from sheet11.course.engine.client import LOOK, LOST, Kernel, execute_cell, merged
from sheet11.course.engine.warm import CAN_FORK, SERVER, Server
from sheet11.course.engine.watch import CHANGED, WALL, descendants
from sheet11.course.errors import NotInstalledError
from sheet11.course.files import folder_of_this_process
from sheet11.course.sandbox import cgroup
from sheet11.course.sandbox.bubblewrap import (
    BESIDE,
    INSIDE,
    MEGABYTE,
    SCRATCH,
    SPACE,
    bubblewrap,
    environment,
    font_cache,
)

Cells = Sequence[tuple[str, str]]  # names and sources

NONSENSE = "nonsense"  # a batch ended because its code has written to the wire
# reasons for the end of a kernel after which the sandbox is not used again
BREAKING = ("time", "memory", "processes", "files", "output", LOST, NONSENSE)
# errors from lines on the wire that a kernel would not write
NO_ANSWER = (KeyError, TypeError, ValueError, AttributeError, RecursionError, ValidationError)
ALLOW = (
    "this machine may forbid user namespaces to ordinary users: root allows them by the sysctls "
    "user.max_user_namespaces or kernel.unprivileged_userns_clone, or, where AppArmor forbids them (loopback: Failed "
    "RTM_NEWADDR), by a profile for bwrap or kernel.apparmor_restrict_unprivileged_userns=0; "
    "or grade as root"
)
CELLS = 10  # time limit of a notebook, as a multiple of that of a cell
LINK = """\
import os, sys
for name in os.listdir({0!r}):
    os.symlink(os.path.join({0!r}, name), name)
sys.path.insert(1, "")
"""
START = 120  # seconds that the server inside may take to start


class Limits(NamedTuple):
    """Resources that an execution may use."""

    seconds: int = 30  # processor time of a cell and everything it starts; real time may be three times as long
    memory: int = 2000 * MEGABYTE  # bytes, of all processes together
    processes: int = 64  # and threads
    files: int = 10_000
    file_size: int = 16 * MEGABYTE  # bytes
    output: int = 32 * MEGABYTE  # bytes

    @property
    def notebook_seconds(self) -> int:
        """Seconds of processor time of all cells together."""
        return CELLS * self.seconds


class Batch(NamedTuple):
    """Result of an execution."""

    outputs: dict[str, list[dict[str, Any]]]  # outputs of each finished cell, in nbformat's form
    succeeded: set[str]  # cells that raised no error
    ended: (
        str | None
    )  # the limit that was exceeded, or another reason why the sandbox cannot be used again


class Sandbox(contextlib.ExitStack):
    """A sandbox that runs batches of cells, each in a separate fork; a context manager.

    After a batch that was ended or has left something, `is_reusable` is False.

    Args:
        package: folder to import from, besides the Python environment.
        modules: modules to import before the first batch.
        isolated: False to run cells outside a sandbox.
        hidden: paths to hide, even inside the Python environment.
        beside: folder whose files are linked into the working folder.

    Raises:
        NotInstalledError: there is no bubblewrap, or it cannot make a sandbox here.
    """

    def __init__(
        self,
        package: Path,
        modules: Sequence[str],
        isolated: bool = True,
        hidden: Collection[Path] = (),
        beside: Path | None = None,
    ) -> None:
        super().__init__()
        if not CAN_FORK:
            raise NotInstalledError(
                "grading needs Linux, whose kernel it uses to limit and watch processes"
            )
        self._isolated = isolated
        if isolated:
            opening = bubblewrap(package, hidden, beside)
            command, variables, descriptor = self.enter_context(opening)
            self._folders = [SCRATCH, "/dev/shm"]
            self._server = Server(
                modules=modules,
                command=[*command, sys.executable, f"{INSIDE}/server.py"],
                env=variables,
                descriptors=[descriptor],
            )
        else:
            temporary = tempfile.TemporaryDirectory(dir=folder_of_this_process())
            self._folders = [self.enter_context(temporary)]
            own = {"PYTHONPATH": str(package), "MPLCONFIGDIR": str(font_cache().parent)}
            self._server = Server(
                modules=modules,
                command=[sys.executable, str(SERVER)],
                env=environment() | own,
                cwd=self._folders[0],
            )
        link = LINK.format(BESIDE if isolated else beside)
        self._first = [(BESIDE, f"exec({link!r}, {{}})")] if beside else []
        self.callback(self._server.close)
        if not self._server.is_ready(START):
            self.close()
            raise NotInstalledError("the process that runs answers could not be started")

    def run(self, cells: Cells, limits: Limits, instead_of_figures: str | None = None) -> Batch:
        """Run cells, given as (name, source), in a fork; it continues after errors.

        Args:
            cells: in order, with different names.
            limits: limits of each cell and of all together.
            instead_of_figures: text to show instead of drawing each figure.

        Raises:
            RuntimeError: the process inside has ended.
        """
        counted = limits._asdict() | {"seconds": limits.notebook_seconds, "alone": self._isolated}
        with cgroup.group(limits.memory + 2 * SPACE, 2 * limits.processes) as group:
            kernel = self._server.fork(
                self._folders[0],
                limits=counted,
                empty=self._folders,
                group=group,
                instead_of_figures=instead_of_figures,
            )
            batch = self._run(kernel, [*self._first, *cells], limits, group)
            batch.outputs.pop(BESIDE, None)
            if group and batch.ended is None:
                batch = batch._replace(ended=cgroup.limit_met(group, limits.notebook_seconds))
        return batch

    def _run(self, kernel: Kernel, cells: Cells, limits: Limits, group: Path | None) -> Batch:
        blank = {"cell_type": "code", "metadata": {}, "outputs": []}
        notebook = from_dict({"cells": [blank | {"source": source} for _, source in cells]})
        client: Any = _Collector(notebook, timeout=WALL * limits.seconds, record_timing=False)
        client.kc = kernel
        batch = Batch({}, set(), None)
        try:
            for index, (name, _) in enumerate(cells):
                cell = notebook.cells[index]
                kernel.look = _look(self._server.process.pid, group, limits)
                with contextlib.suppress(CellExecutionError):
                    execute_cell(client, cell, index)
                    batch.succeeded.add(name)
                batch.outputs[name] = list(merged(cell.outputs))
        except DeadKernelError:
            pass
        except TimeoutError:
            kernel.ended = "time"
        except NO_ANSWER:
            kernel.ended = NONSENSE
        finally:
            ended = kernel.end()
            self.is_reusable = len(batch.outputs) == len(cells) and ended not in (
                *BREAKING,
                CHANGED,
            )
        return batch._replace(ended=ended if ended in BREAKING else None)


def _look(pid: int, group: Path | None, limits: Limits) -> Callable[[], None]:
    """Return a function that, called often, checks every 50 ms what a cell has used, and ends the cell at its limits.

    Args:
        pid: process that has opened the sandbox.
        group: control group of the processes in it.
        limits: limits of the cell.
    """
    before: float | None = None  # measured at the first look, as most cells end earlier
    again = time.monotonic() + LOOK

    def look() -> None:
        nonlocal again, before
        if time.monotonic() < again:
            return
        again = time.monotonic() + LOOK
        if group and cgroup.limit_met(group, limits.notebook_seconds):
            cgroup.end(group)
        seconds = _seconds_below(pid)
        if before is None:
            before = seconds
        if seconds - before > limits.seconds:
            raise TimeoutError

    return look


def _seconds_below(pid: int) -> float:
    """Return the processor time of all processes below one, including ended children."""
    seconds = 0.0
    for each in descendants(pid):
        with contextlib.suppress(psutil.Error):
            seconds += sum(psutil.Process(each).cpu_times()[:4])
    return seconds


class _Collector(NotebookClient):
    """Client that ignores widgets, whose state untrusted code could let grow without limit."""

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Handle a message."""
        # a forged status would end the cell by an exception of nbclient's own
        if msg["msg_type"].startswith(("comm", "status")):
            return None
        return super().process_message(msg, cell, cell_index)


def check_sandbox() -> None:
    """Check that a sandbox can be opened on this machine.

    Raises:
        NotInstalledError: there is no bubblewrap, or it cannot make a sandbox.
    """
    with bubblewrap(SERVER.parent) as (command, variables, descriptor):
        opened = subprocess.run(
            [*command, sys.executable, "-c", ""],
            env=variables,
            pass_fds=[descriptor],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C must not kill bubblewrap alone
        )
    if opened.returncode:
        message = " ".join(opened.stderr.split()) or f"exit code {opened.returncode}"
        advice = f"{ALLOW}; " if os.geteuid() else ""
        raise NotInstalledError(
            f"no sandbox can be made here ({message}); {advice}--no-sandbox runs the code with your permissions"
        )
