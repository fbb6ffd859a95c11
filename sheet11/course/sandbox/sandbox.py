"""A place to run code that is not trusted: a bubblewrap sandbox with the engine's server in it.

The sandbox has user, process, network, IPC and mount namespaces of its own, no capabilities, an empty environment and
a small folder in memory to write to. It sees the operating system's programs and the Python environment, read-only, and
the package that it is given; of this kit, the submissions and the results it sees nothing.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode, ValidationError
from nbformat.v4 import new_code_cell, new_notebook

from sheet11.course.engine.client import LOOK, LOST, Kernel, execute_cell, merged
from sheet11.course.engine.warm import SERVER, Server
from sheet11.course.engine.watch import WALL, descendants
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
    is_user_alone,
)

Cells = Sequence[tuple[str, str]]  # names and sources

BREAKING = ("time", "memory", "processes", "files", "output")  # limits that end a batch
NONSENSE = "nonsense"  # what ends a batch whose code has written to the wire
# what an answer may raise that is no kernel's
NO_ANSWER = (KeyError, TypeError, ValueError, AttributeError, RecursionError, ValidationError)
ALLOW = (
    "this machine may forbid user namespaces to ordinary users: root allows them by the sysctls "
    "user.max_user_namespaces or kernel.unprivileged_userns_clone, or by an AppArmor profile for bwrap; "
    "or grade as root"
)
CELLS = 10  # as many times as long as a cell may a whole notebook take
LINK = """\
import os, sys
for name in os.listdir({0!r}):
    os.symlink(os.path.join({0!r}, name), name)
sys.path.insert(1, "")
"""
START = 120  # seconds that the process inside may take to start


class Limits(NamedTuple):
    """Resources that an execution may use."""

    seconds: int = 30  # processor time of a cell with all that it starts; by the clock three times
    memory: int = 2000 * MEGABYTE  # bytes, of all processes together
    processes: int = 64  # and threads
    files: int = 10_000
    file_size: int = 16 * MEGABYTE  # bytes
    output: int = 32 * MEGABYTE  # bytes

    @property
    def whole(self) -> int:
        """Seconds of processor time of all cells together."""
        return CELLS * self.seconds


class Batch(NamedTuple):
    """Result of an execution."""

    outputs: dict[str, list[dict[str, Any]]]  # in nbformat's form, of each cell that has ended
    succeeded: set[str]  # cells that raised no error
    ended: str | None  # the limit that was met, or that the sandbox broke
    broke: bool = False  # the sandbox is closed


class Sandbox:
    """A place in which batches of cells run, each in a fork of its own; use it in a `with` statement.

    Args:
        package: folder that is imported from, besides the Python environment.
        modules: what is imported before the first batch.
        isolated: False does without the sandbox.
        hidden: paths that the sandbox must not see even if they lie inside of the Python environment.
        beside: folder whose files are links in the working folder.

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
        if not sys.platform.startswith("linux"):
            raise NotInstalledError(
                "grading needs Linux: it limits and watches processes by what only Linux has"
            )
        self._closing = contextlib.ExitStack()
        self._alone = isolated and is_user_alone()
        command, variables, descriptors = [sys.executable, str(SERVER)], environment(), []
        where = None
        if isolated:
            self._empty = [SCRATCH, "/dev/shm"]
            opening, needed = self._closing.enter_context(bubblewrap(package, hidden, beside))
            command, descriptors = [*opening, sys.executable, f"{INSIDE}/server.py"], [needed]
        else:
            temporary = tempfile.TemporaryDirectory(dir=folder_of_this_process())
            where = self._closing.enter_context(temporary)
            self._empty = [where]
            variables |= {"PYTHONPATH": str(package), "MPLCONFIGDIR": str(font_cache())}
        place = BESIDE if isolated else str(beside)
        self._first = [("beside", f"exec({LINK.format(place)!r}, {{}})")] if beside else []
        self._server = Server(None, modules, command, variables, where, descriptors=descriptors)
        self._closing.callback(self._server.close)
        if not self._server.is_ready(START):
            self.close()
            raise NotInstalledError("the process that runs answers could not be started")

    def run(self, cells: Cells, limits: Limits, instead_of_figures: str | None = None) -> Batch:
        """Run cells, given as (name, source), in a fork; errors do not end it.

        Args:
            cells: in order, with different names.
            limits: for each cell and for all together.
            instead_of_figures: a text that is shown for every figure, which takes no drawing.

        Raises:
            RuntimeError: the process inside has ended.
        """
        counted = limits._asdict() | {"seconds": limits.whole, "alone": self._alone}
        with cgroup.group(limits.memory + 2 * SPACE, 2 * limits.processes) as group:
            kernel = self._server.fork(
                self._empty[0],
                limits=counted,
                empty=self._empty,
                group=group,
                instead_of_figures=instead_of_figures,
            )
            kernel.look = look = _Look(self._server.process.pid, group, limits)
            batch = _run(kernel, look, [*self._first, *cells], limits)
            for name, _ in self._first:
                batch.outputs.pop(name, None)
            if batch.broke:
                self.close()
            elif group and batch.ended is None:
                batch = batch._replace(ended=cgroup.limit_met(group, limits.whole))
        return batch

    def close(self) -> None:
        """End the sandbox and everything in it."""
        self._closing.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _run(kernel: Kernel, look: "_Look", cells: Cells, limits: Limits) -> Batch:
    notebook = new_notebook(cells=[new_code_cell(source) for _, source in cells])
    client: Any = _Collector(notebook, timeout=WALL * limits.seconds, record_timing=False)
    client.kc = kernel
    outputs: dict[str, list[dict[str, Any]]] = {}
    succeeded = set()
    met = None
    try:
        for index, (name, _) in enumerate(cells):
            cell = notebook.cells[index]
            look.begin()
            try:
                execute_cell(client, cell, index)
                succeeded.add(name)
            except CellExecutionError:
                pass
            outputs[name] = list(map(_plain, merged(cell.outputs)))
    except DeadKernelError:
        pass
    except TimeoutError:
        met = "time"
    except NO_ANSWER:
        met = NONSENSE
    finally:
        ended = kernel.end()
    met = met or (ended if ended in (*BREAKING, LOST, NONSENSE) else None)
    return Batch(outputs, succeeded, met, broke=met in (LOST, NONSENSE))


class _Look:
    """Check every 50 ms what a cell uses, and end it if that is too much.

    Args:
        pid: of the process that has opened the sandbox.
        group: control group of what runs in it.
        limits: for the cell.
    """

    def __init__(self, pid: int, group: Path | None, limits: Limits) -> None:
        self._pid, self._group, self._limits = pid, group, limits
        self.begin()

    def begin(self) -> None:
        """Begin with the next cell."""
        self._next = time.monotonic() + LOOK
        self._before = _seconds_below(self._pid)

    def __call__(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOOK
        if self._group and cgroup.limit_met(self._group, self._limits.whole):
            cgroup.end(self._group)
        if _seconds_below(self._pid) - self._before > self._limits.seconds:
            raise TimeoutError


def _seconds_below(pid: int) -> float:
    """Return the processor time of all processes below one, and of those that they have waited for."""
    found = 0.0
    for each in descendants(pid):
        with contextlib.suppress(psutil.Error):
            found += sum(psutil.Process(each).cpu_times()[:4])
    return found


class _Collector(NotebookClient):
    """Client that ignores widgets: untrusted code could make their state grow without end."""

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Handle a message."""
        # a forged status would end the cell by an exception of nbclient's own
        if msg["msg_type"].startswith(("comm", "status")):
            return None
        return super().process_message(msg, cell, cell_index)


def _plain(output: NotebookNode) -> dict[str, Any]:
    """Return an output whose parts are of the types that nbformat demands."""
    plain: dict[str, Any] = {"output_type": output.output_type}
    match output.output_type:
        case "stream":
            return plain | {"name": str(output.name), "text": str(output.text)}
        case "error":
            plain |= {"ename": str(output.ename), "evalue": str(output.evalue)}
            return plain | {"traceback": list(map(str, output.traceback))}
        case "execute_result":
            plain["execution_count"] = None
    return plain | {"data": dict(output.data), "metadata": {}}


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
        advice = f"{ALLOW}; " if os.geteuid() else ""
        raise NotInstalledError(
            f"no sandbox can be made here ({said}); {advice}--no-sandbox runs the code with your rights"
        )
