"""The server: a process that has imported what notebooks use, and forks a kernel for each.

It runs as a separate program, outside or inside a sandbox, and imports nothing of this package.

    client ──control──▶ server ──fork──▶ keeper ──fork──▶ kernel
       ▲──────────status (why it ended)────────────┘         │
       ▲───────────wire (settings and cells in, messages out)┘

The *server* imports modules, draws a figure to load fonts, and makes an ipykernel without sockets. It starts no
threads, because a lock that a thread holds during a fork stays locked in the child. For each notebook it forks a
*keeper*, which forks the *kernel*, watches its limits if it has any, and ends all processes of the notebook. The kernel
is ipykernel's own; its messages go over the wire, a line of JSON for each. Kernels share nothing with each other.

No process outlives its client: the server ends when the control socket closes, a keeper when the server ends or its
status socket closes, the kernel with its keeper, and the kernel's children with it.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import io
import json
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from sheet11.course.engine import child, watch
else:  # run as a program: they are beside it
    import child
    import watch

    if not sys.flags.safe_path:
        del sys.path[0]  # notebooks must not import from there
    for name in ("child", "watch"):
        sys.modules[f"sheet11_{name}"] = sys.modules.pop(name)

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36  # linux/prctl.h
POLL = 0.05  # seconds between checks of a kernel's limits
prctl = ctypes.CDLL(None).prctl


def serve(control: socket.socket, modules: list[str], closed: bool) -> None:
    """Import modules, then fork on request until the client closes its end.

    Args:
        control: socket that brings the descriptors of each kernel (see `keep`); the request comes over the wire.
        modules: modules that notebooks use.
        closed: whether to deny forks access to this process; then kernels run one at a time.
    """
    if os.getpid() == 1:  # a sandbox must not outlive its owner
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    kernel = make_ready(modules)
    if closed:
        close(kernel)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    alive, ours = os.pipe()  # keepers read end of file there when this process ends
    private = [control.fileno(), alive, ours]
    keepers = []
    with contextlib.suppress(ConnectionError):  # the client has died
        control.sendall(b"!")
        while descriptors := socket.recv_fds(control, 1, 8)[1]:
            lines = open(descriptors[1], "rb", closefd=False)
            request = json.loads(lines.readline())
            _import(request["modules"])
            # else each fork's garbage collector would touch, and so copy, inherited memory
            gc.freeze()
            _reap()
            if closed:  # no keeper: a sandbox's first process cannot be killed from inside
                keep(kernel, request, lines, descriptors, private, control.fileno())
            elif pid := os.fork():
                keepers.append(pid)
            else:
                be_keeper(kernel, request, lines, descriptors, private)
            for descriptor in descriptors:
                os.close(descriptor)
    os.close(ours)
    for pid in keepers:
        with contextlib.suppress(ChildProcessError):  # already reaped
            os.waitpid(pid, 0)
    end_children()  # left by keepers that were killed


def make_ready(modules: list[str]) -> Any:
    """Import modules, load fonts, and make the kernel that forks run."""
    gc.disable()  # collecting would take a fifth of the import time
    _import(modules)
    _draw_once()
    return child.make_kernel()


def close(kernel: Any) -> None:
    """Deny child processes access to this process's memory and descriptors, and ignore Ctrl-C."""
    kernel.shell.InteractiveTB.set_mode("Plain")  # other tracebacks take 0.1 s each
    prctl(PR_SET_DUMPABLE, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def be_keeper(
    kernel: Any,
    request: dict[str, Any],
    lines: Iterable[bytes],
    descriptors: Sequence[int],
    private: Sequence[int],
) -> NoReturn:
    """Run `keep` in a fork, which outlives the server long enough to clean up."""
    try:
        prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans below become its children
        control, alive, ours = private
        os.close(control)
        os.close(ours)
        keep(kernel, request, lines, descriptors, [alive], alive)
    finally:
        os._exit(0)


def keep(
    kernel: Any,
    request: dict[str, Any],
    lines: Iterable[bytes],
    descriptors: Sequence[int],
    private: Sequence[int],
    wake: int,
) -> None:
    """Fork a kernel, watch it, end all its processes, and report why it ended.

    Args:
        kernel: kernel to run in the fork.
        request: from the client.
        lines: come over the wire after the request.
        descriptors: status, which the client closes to end the kernel; wire; standard output; standard error; and
            `cgroup.procs` of a control group if the kernel is to enter one.
        private: descriptors that the fork must close.
        wake: descriptor that becomes readable when the kernel has to end.
    """
    status = descriptors[0]
    for folder in request["empty"]:
        _empty(folder)  # files that the server's imports have left
    begun = watch.begin(request["empty"])
    pid = os.fork()
    if pid == 0:
        be_kernel(kernel, request, lines, descriptors, private)
    why = wait(pid, [status, wake], request, begun)
    end_children()
    for folder in request["empty"]:
        _empty(folder)
    for folder in request["remove"]:
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.write(status, why.encode())


def be_kernel(
    kernel: Any,
    request: dict[str, Any],
    lines: Iterable[bytes],
    descriptors: Sequence[int],
    private: Sequence[int],
) -> NoReturn:
    """Become the kernel in a fork, and run cells."""
    status, wire, out, err, *group = descriptors
    gc.enable()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor in group:
        os.write(descriptor, b"0")  # 0 is this process
    for descriptor in (status, *group, *private):
        os.close(descriptor)
    parent = os.getppid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before prctl took effect
    prctl(PR_SET_DUMPABLE, 1)  # lets the keeper read its memory use
    child.run(kernel, request, socket.socket(fileno=wire), lines, out, err)


def wait(pid: int, wakes: list[int], request: dict[str, Any], begun: Any) -> str:
    """Wait until a kernel ends or has to; return its exit code or the limit that it exceeds."""
    limits = request["limits"]
    ended = os.pidfd_open(pid)
    try:
        while True:
            ready = select.select([ended, *wakes], [], [], POLL if limits else None)[0]
            # also at the end: a failed fork may have ended the kernel
            if limits and (why := watch.exceeded(limits, begun, request["empty"])):
                return str(why)
            if ended in ready:
                return str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            if ready:  # the client closed its end, or the client or server died
                return str(-signal.SIGKILL)
    finally:
        os.close(ended)


def _empty(folder: str) -> None:
    """Remove everything in a folder, whatever its depth and permissions."""
    # a folder of another user cannot have lost its permissions
    with contextlib.suppress(PermissionError):
        os.chmod(folder, stat.S_IRWXU)
    if os.listdir(folder):
        for command in (
            ["chmod", "-R", "u+rwx", folder],
            ["find", folder, "-mindepth", "1", "-delete"],
        ):
            subprocess.run(command, stderr=subprocess.DEVNULL, check=False)


def end_children() -> None:
    """End all processes below this one, even in other sessions or without their parents."""
    while found := watch.descendants(os.getpid()):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)
        _reap()


def _reap() -> None:
    """Reap child processes that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _import(modules: list[str]) -> None:
    for module in modules:
        package, _, name = module.rpartition(".")
        # the cell that imports it will raise the error; hasattr triggers a package's lazy imports
        with contextlib.suppress(ImportError, AttributeError):
            if not hasattr(sys.modules.get(package), name):
                __import__(module)


def _draw_once() -> None:
    """Draw a figure and discard it, so that matplotlib loads its fonts once for all forks."""
    if "matplotlib" not in sys.modules:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()  # pyplot would fix its backend
    figure.subplots().set(title="fonts", xlabel="$x^2$", yscale="log")
    FigureCanvasAgg(figure).print_png(io.BytesIO())  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[3:], sys.argv[2] == "closed")
    atexit._run_exitfuncs()  # removes matplotlib's temporary folder, for example
    os._exit(0)  # unloading modules would take a quarter of a second
