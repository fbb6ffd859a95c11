"""Client of the server that forks kernels (`server.py`): started once, it forks each in milliseconds."""

import atexit
import contextlib
import functools
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.kernelspec import KernelSpecManager
from nbformat import NotebookNode

from sheet11.course.engine.child import INLINE, THREADS
from sheet11.course.engine.client import LANGUAGE, Kernel, execute_cell

# a separate program that imports nothing of this package
SERVER = Path(__file__).with_name("server.py")
PRELOAD = [
    "numpy",
    "matplotlib.pyplot",
    "seaborn",
    "networkx",
    "tqdm",
    "ipywidgets",
    "ipykernel.debugger",
    "tornado.platform.asyncio",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.core.logger",
    "IPython.core.pylabtools",
]
TORCH = ["torch", "torch._dynamo"]  # takes as long as all others; optimizers import the second
PATIENCE = 1  # seconds that a server may take to end
MEMORY = 512 << 20  # bytes that a kernel may need
CAN_FORK = sys.platform.startswith("linux")  # macOS frameworks do not survive a fork

_server: "Server | None" = None  # of this process
# all servers of this process, those in sandboxes included
_servers: "set[Server]" = set()


class Server:
    """A process that imports modules, while the caller continues, and then forks kernels.

    Args:
        threads: number of threads for BLAS and torch in every kernel; None leaves it to the libraries.
        modules: modules to import.
        command: command line that starts it with arguments appended; a server that is started so denies its forks
            access to its memory.
        env: its environment, by default this process's.
        cwd: its working directory; None is this process's.
        descriptors: of files that the command reads.
    """

    def __init__(
        self,
        threads: int | None = None,
        modules: Sequence[str] = PRELOAD,
        command: Sequence[str] | None = None,
        env: Mapping[str, str] = os.environ,
        cwd: str | None = None,
        descriptors: Sequence[int] = (),
    ) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        variables = {"MPLBACKEND": INLINE} | dict(env)
        # the debugger would warn of frozen modules when imported
        variables["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
        if threads is not None:
            variables |= dict.fromkeys(THREADS, str(threads))
        program = command or [sys.executable, str(SERVER)]
        kind = "closed" if command else "open"
        with theirs:
            self.process = subprocess.Popen(
                [*program, str(theirs.fileno()), kind, *modules],
                pass_fds=[theirs.fileno(), *descriptors],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL if command else None,
                env=variables,
                cwd=cwd,
                start_new_session=True,  # Ctrl-C reaches only the client, which ends the server
            )
        _servers.add(self)

    def is_ready(self, seconds: float) -> bool:
        """Wait up to `seconds` for the server to finish importing; return whether it has."""
        return bool(select.select([self.control], [], [], seconds)[0] and self.control.recv(1))

    def fork(
        self,
        cwd: str | Path,
        limits: Mapping[str, int] | None = None,
        group: Path | None = None,
        **settings: Any,
    ) -> Kernel:
        """Fork a kernel, after importing any missing modules.

        Args:
            cwd: its working directory.
            limits: `seconds`, `memory`, `processes`, `file_size` and `output` for it and its processes together.
            group: control group (v2) for it and its processes; requires limits.
            settings: `modules` that it needs; `env`, its environment instead of the server's; folders that are
                `empty` before it starts and after it has ended; a folder to `remove` when it has ended, even if this
                process has died; `instead_of_figures`, a text that is shown instead of drawing each figure.

        Raises:
            RuntimeError: the server has died.
        """
        kernel = Kernel(limits["output"] if limits else None)
        request = settings | {"cwd": os.path.abspath(cwd), "limits": limits}
        theirs = kernel.theirs
        if group:
            # opened here, so that no process inside the sandbox needs permission to enter
            theirs.append(os.open(group / "cgroup.procs", os.O_WRONLY))
        try:
            socket.send_fds(self.control, [json.dumps(request).encode()], theirs)
        except OSError as error:
            kernel.close()
            raise RuntimeError("the process that forks kernels has died") from error
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return kernel

    def close(self) -> None:
        """End the server and its kernels."""
        _servers.discard(self)
        self.control.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            # it is importing; the signal also ends bubblewrap's child, still blocked at startup
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@functools.cache
def is_own(kernel_name: str) -> bool:
    """Return whether a kernel is this interpreter's own ipykernel, which can be forked."""
    command = KernelSpecManager().get_kernel_spec(kernel_name).argv
    is_this = command[0] == sys.executable or command[0].startswith("python")
    return CAN_FORK and is_this and "ipykernel_launcher" in command


_server_lock = threading.Lock()


def server(threads: int | None = None) -> Server:
    """Return this process's server; start it with `threads` if it does not run yet or has died."""
    global _server
    if _server is not None and _server.process.poll() is not None:
        stop_server()
    with _server_lock:
        _server = _server or Server(threads)
        return _server


def stop_server() -> None:
    """End this process's server and its kernels, if there is one."""
    global _server
    with _server_lock:
        if _server is not None:
            _server.close()
            _server = None


@contextlib.contextmanager
def kernel_for(client: Any, cwd: str | Path, **settings: Any) -> Iterator[None]:
    """Fork a kernel for an nbclient client, and end it; the arguments are those of `Server.fork`."""
    kernel = server().fork(cwd, modules=wanted(client.nb), **settings)
    with contextlib.closing(kernel):
        client.kc = kernel
        client.execute_cell = functools.partial(execute_cell, client)
        client.nb.metadata.language_info = LANGUAGE
        yield
        client.set_widgets_metadata()


def wanted(notebook: NotebookNode) -> list[str]:
    """Return the modules imported on demand that a notebook mentions."""
    return TORCH if any(re.search(r"\btorch\b", cell.source) for cell in notebook.cells) else []


@atexit.register
def _close_all() -> None:
    """End all servers of this process, those in sandboxes included."""
    servers = list(_servers)  # threads may start and close others meanwhile
    for running in servers:
        running.control.close()  # so that they end in parallel
    for running in servers:
        running.close()


def share_cores(workers: int | None = None) -> tuple[int, int]:
    """Return how many notebooks cores and memory allow at a time, and the threads for each."""
    cores = len(os.sched_getaffinity(0)) if CAN_FORK else os.cpu_count() or 1
    room = max(1, psutil.virtual_memory().available // MEMORY)
    workers = min(workers or cores, cores, room)
    return workers, cores // workers
