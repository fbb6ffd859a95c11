"""The server that kernels are forked from: it imports what notebooks use, and then only forks.

It draws figures, so that fonts and caches are loaded, and starts no thread, because a thread that holds a lock while
the process forks leaves it locked for ever in the child. `kernel.py` starts it as
`python -m sheet11.course.forkserver` and sends requests, each with a socket on which it learns the pid of the kernel
and later its exit code.
"""

import contextlib
import gc
import glob
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from sheet11.course.grading.inside import draw

PRELOAD = ["numpy", "matplotlib.pyplot", "networkx", "seaborn", "tqdm"]
PRELOAD += ["ipykernel.debugger", "tornado.platform.asyncio", "sqlite3"]  # of every kernel
PRELOAD += ["IPython.core." + name for name in ("completerlib", "debugger", "oinspect", "logger", "pylabtools")]
# for the first kernel that wants it, as slow as all others together; the second is what every optimizer imports
ON_DEMAND = {"torch": ["torch", "torch._dynamo"]}
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def fork_on_request(control: socket.socket) -> None:
    """Preload, then fork on request until the client closes its end."""
    _preload()
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler, so that the wake-up pipe is written to
    signal.set_wakeup_fd(wake_write)
    kernels: dict[int, tuple[socket.socket, str]] = {}
    watched: list[Any] = [control, wake_read]
    while True:
        ready = select.select(watched, [], [])[0]
        if wake_read in ready:
            os.read(wake_read, 4096)
            _report_exits(kernels)
        if control in ready:
            request = _next_request(control)
            if request is None:
                break
            status, content = request
            _import(module for wanted in content["modules"] for module in ON_DEMAND.get(wanted, [wanted]))
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                for end in (control, status, *(status for status, _ in kernels.values())):
                    end.close()
                os.close(wake_read)
                os.close(wake_write)
                _become_kernel(content)
            kernels[pid] = status, content["connection_file"]
            with contextlib.suppress(OSError):  # the client may have gone
                status.sendall(b"%d\n" % pid)
    for pid, (_, connection_file) in kernels.items():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        _remove_connection(connection_file)


def _next_request(control: socket.socket) -> tuple[socket.socket, dict[str, Any]] | None:
    """The next request and the status socket that came with it, or None at the end."""
    header, fds, _, _ = socket.recv_fds(control, 4, 1)
    if len(header) < 4:
        return None
    size, content = int.from_bytes(header, "big"), b""
    while len(content) < size:
        if not (part := control.recv(size - len(content))):
            return None
        content += part
    return socket.socket(fileno=fds[0]), json.loads(content)


def _report_exits(kernels: dict[int, tuple[socket.socket, str]]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            status, _ = kernels.pop(ended[0])
            with contextlib.suppress(OSError), status:
                status.sendall(b"%d" % os.waitstatus_to_exitcode(ended[1]))


def _import(modules: Iterable[str]) -> None:
    for module in modules:
        with contextlib.suppress(ImportError):  # a notebook of somebody else may not need it
            __import__(module)


def _preload() -> None:
    _import(PRELOAD)
    import ipykernel.kernelapp  # noqa: F401

    draw(3)  # until caches and bytecode are warm
    gc.collect()
    gc.freeze()  # else every kernel's collector walks through, and so copies, what it has inherited


def _become_kernel(request: dict[str, Any]) -> NoReturn:
    """In the forked child: be an ordinary ipykernel, and never return."""
    code = 1
    try:
        import ctypes
        import random

        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # the server died before the kernel could ask to go with it
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.chdir(request["cwd"])
        threads = {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ}
        os.environ.clear()
        os.environ.update(request["env"] | threads)
        _import_like_a_new_process()
        # every fork has the server's generators: seed them anew, as in a new process
        random.seed()
        for name in ("numpy.random", "torch"):
            if module := sys.modules.get(name):
                module.seed()
        from ipykernel.kernelapp import launch_new_instance

        # a parent: without one, ipykernel explains how to connect to it and to end it
        sys.argv = ["ipykernel_launcher", "-f", request["connection_file"], f"--IPKernelApp.parent_handle={parent}"]
        launch_new_instance()
        code = 0
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _import_like_a_new_process() -> None:
    """Import from PYTHONPATH, and this package from wherever the kernel finds it: a sheet may bring its own."""
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [folder for folder in folders if folder and folder not in sys.path]
    for name in [name for name in sys.modules if name.partition(".")[0] == __package__.partition(".")[0]]:
        del sys.modules[name]


def _remove_connection(connection_file: str) -> None:
    """Remove a connection file and its sockets, and their folder if nothing else is in it."""
    with contextlib.suppress(OSError, ValueError):
        connection = json.loads(Path(connection_file).read_text())
        os.unlink(connection_file)
        if connection["transport"] == "ipc":
            for path in glob.glob(glob.escape(connection["ip"]) + "-*"):
                os.unlink(path)
        os.rmdir(os.path.dirname(connection_file))


if __name__ == "__main__":
    fork_on_request(socket.socket(fileno=int(sys.argv[1])))
