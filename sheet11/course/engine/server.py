"""The server: a process that has imported what notebooks use, and forks a kernel for each.

It runs as a separate program, outside or inside a sandbox, and imports nothing of this package.

    client ──control──▶ server ──fork──▶ keeper ──fork──▶ kernel
       ▲──────────status (why it ended)────────────┘         │
       ▲───────────wire (cells in, messages out)─────────────┘

The *server* imports modules, draws a figure to load fonts, and makes an ipykernel without sockets. It starts no
threads, because a lock that a thread holds during a fork stays locked in the child. For each notebook it forks a
*keeper*, which forks the *kernel*, watches its limits if it has any, and ends all processes of the notebook. The kernel
is ipykernel's own; its messages go over the wire, a line of JSON for each. Kernels share nothing with each other.

No process outlives its client: server and keepers end when the client closes the control socket, a keeper also when
the client closes the status socket, the kernel with its keeper, and the kernel's children with it.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import glob
import io
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from sheet11.course.engine import child, watch
else:  # run as a program: they are beside it
    import child
    import watch

    del sys.path[0]  # notebooks must not import from there
    del sys.modules["child"], sys.modules["watch"]

Request = dict[str, Any]

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36  # linux/prctl.h
LARGEST = 1 << 20  # bytes of a request
POLL = 50  # milliseconds between checks of a kernel's limits
prctl = ctypes.CDLL(None).prctl


def serve(control: socket.socket, closed: bool, modules: list[str]) -> None:
    """Import modules, then fork on request until the client closes its end.

    Args:
        control: socket that brings requests with the descriptors of each kernel (see `keep`).
        closed: whether to deny forks access to this process; then kernels run one at a time.
        modules: modules that notebooks use.
    """
    if os.getpid() == 1:  # a sandbox must not outlive its owner
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    kernel = make_ready(modules, closed)
    prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans below become its children
    keepers: list[int] = []
    with contextlib.suppress(ConnectionError):  # the client has died
        control.sendall(b"!")
        while True:
            message, descriptors, *_ = socket.recv_fds(control, LARGEST, 8)
            if not message:
                break
            request = json.loads(message)
            _import(request.get("modules", []))
            # else each fork's garbage collector would touch, and so copy, inherited memory
            gc.freeze()
            if closed:  # no keeper: a sandbox's first process cannot be killed from inside
                keep(kernel, request, descriptors, control.fileno())
            elif pid := os.fork():
                keepers = [each for each in keepers if os.waitpid(each, os.WNOHANG)[0] == 0]
                keepers.append(pid)
            else:
                prctl(PR_SET_CHILD_SUBREAPER, 1)
                try:
                    keep(kernel, request, descriptors, control.fileno())
                finally:
                    os._exit(0)
            for descriptor in descriptors:
                os.close(descriptor)
    for pid in keepers:
        os.waitpid(pid, 0)
    end_children()  # left by keepers that were killed


def make_ready(modules: list[str], closed: bool) -> Any:
    """Import modules, load fonts, and make the kernel that forks run."""
    gc.disable()  # collecting would take a fifth of the import time
    _import(modules)
    _draw_once()
    kernel = child.make_kernel()
    if closed:
        kernel.shell.InteractiveTB.set_mode("Plain")  # other tracebacks take 0.1 s each
        prctl(PR_SET_DUMPABLE, 0)  # forks cannot read this process's memory
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return kernel


def keep(kernel: Any, request: Request, descriptors: list[int], control: int) -> None:
    """Fork a kernel, watch it, end all its processes, and report why it ended.

    Args:
        kernel: kernel to run in the fork.
        request: from the client.
        descriptors: status, which the client closes to end the kernel; wire; standard output; standard error; and
            `cgroup.procs` of a control group if the kernel is to enter one.
        control: socket of the server; it ends the kernel, too, when the client closes it.
    """
    status, limits, empty = descriptors[0], request["limits"], request.get("empty", [])
    _empty(empty)  # of files that the server's imports have left
    before = _lasting(empty)
    exceeded = watch.watch(limits, empty) if limits else str
    pid = os.fork()
    if pid == 0:
        be_kernel(kernel, request, descriptors, control)
    ended = os.pidfd_open(pid)
    changes = select.poll()
    changes.register(ended, select.POLLIN)
    changes.register(status, select.POLLIN)
    changes.register(control, 0)  # a hang-up only, not the next request
    has_changed, why = False, ""
    while not has_changed and not why:
        has_changed = bool(changes.poll(POLL if limits else None))
        why = exceeded()  # also at the end: a failed fork may have ended the kernel
    os.close(ended)
    end_children()
    _empty(empty)
    if _lasting(empty) != before:
        why = why or watch.CHANGED
    if "remove" in request:
        shutil.rmtree(request["remove"], ignore_errors=True)
    with contextlib.suppress(OSError):
        os.write(status, (why or "ended").encode())


def be_kernel(kernel: Any, request: Request, descriptors: list[int], control: int) -> NoReturn:
    """Become the kernel in a fork, and run cells."""
    try:
        status, wire, out, err, *group = descriptors
        for descriptor in group:
            os.write(descriptor, b"0")  # 0 is this process
        null = os.open(os.devnull, os.O_RDWR)
        # with limits, discard what is not printed by Python itself
        outputs = (null, null) if request["limits"] else (out, err)
        for place, descriptor in enumerate((null, *outputs)):
            os.dup2(descriptor, place)
        for descriptor in (out, err, status, *group, control):
            os.close(descriptor)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        prctl(PR_SET_DUMPABLE, 1)  # lets the keeper read its memory use
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        gc.enable()
        child.run(kernel, request, socket.socket(fileno=wire))
    finally:
        os._exit(0)


def _empty(folders: list[str]) -> None:
    """Remove everything in folders, whatever its depth and permissions."""
    command = 'chmod -R u+rwx "$0"; find "$0" -mindepth 1 -delete'
    for folder in folders:
        # a folder of another user cannot have lost its permissions
        with contextlib.suppress(PermissionError):
            os.chmod(folder, 0o700)
        if os.listdir(folder):
            subprocess.run(["sh", "-c", command, folder], stderr=subprocess.DEVNULL, check=False)


def _lasting(folders: list[str]) -> list[object]:
    """Set the times of folders, and of devices if this is a sandbox, to now; return what else could stay with them."""
    paths = [*folders, *glob.glob("/dev/*"), *glob.glob("/dev/pts/*")] if os.getpid() == 1 else []
    for path in paths:
        with contextlib.suppress(OSError):  # of another user, or on a read-only file system
            os.utime(path, follow_symlinks=False)
    return [(path, *os.lstat(path)[:6]) for path in paths]


def end_children() -> None:
    """End all processes below this one, even in other sessions or without their parents."""
    while pids := watch.descendants(os.getpid()):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _import(modules: list[str]) -> None:
    for module in modules:
        # the cell that imports it will raise the error
        with contextlib.suppress(ImportError):
            __import__(module)


def _draw_once() -> None:
    """Draw a figure and discard it, so that matplotlib loads its fonts once for all forks."""
    if "matplotlib" in sys.modules:
        from matplotlib.figure import Figure

        figure = Figure()  # pyplot would fix its backend
        figure.subplots().set(title="fonts", xlabel="$x^2$", yscale="log")
        figure.savefig(io.BytesIO())


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2] == "closed", sys.argv[3:])
    atexit._run_exitfuncs()  # removes matplotlib's temporary folder, for example
    os._exit(0)  # unloading modules would take a quarter of a second
