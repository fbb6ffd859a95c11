"""The process that runs notebooks: it has imported what they use, and forks for each of them.

It is started as a file, outside of a sandbox or inside of one, and imports nothing of this package.

    client ──control──▶ server ──fork──▶ keeper ──fork──▶ kernel
       ▲──────────status (why it ended)────────────┘         │
       ▲───────────wire (settings and cells in, messages out)┘

The *server* imports, draws one figure so that fonts are loaded, and makes an ipykernel that is connected to nothing.
It starts no thread, because a thread that holds a lock while the process forks leaves it locked for ever in the child.
For each notebook it forks a *keeper*, which forks the *kernel*, watches its limits if it has any, and ends whatever
the notebook has started. The kernel is ipykernel's own; what it would publish to its sockets goes over the wire, a
line of JSON for each message. A fork shares nothing with the next one.

Whoever dies, nothing is left: the server ends with the client's end of the control socket, a keeper with the server
or with the client's end of its status socket, the kernel with its keeper, and its children with it.
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
else:  # as a program, which finds them beside itself
    import child
    import watch

    if not sys.flags.safe_path:
        del sys.path[0]  # notebooks find nothing there
    for name in ("child", "watch"):
        sys.modules[f"sheet11_{name}"] = sys.modules.pop(name)

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36  # linux/prctl.h
POLL = 0.05  # seconds between two looks at what a kernel uses
prctl = ctypes.CDLL(None).prctl


def serve(control: socket.socket, modules: list[str], closed: bool) -> None:
    """Import modules, then fork on request until the client closes its end.

    Args:
        control: brings the descriptors of each kernel (see `keep`), whose wire begins with the request.
        modules: what notebooks use.
        closed: whether what runs in its forks must not look into it; then one runs at a time.
    """
    if os.getpid() == 1:  # in a sandbox, which must not outlive who holds it
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    kernel = make_ready(modules)
    if closed:
        close(kernel)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    alive, ours = os.pipe()  # keepers read its end when this process has ended
    private = [control.fileno(), alive, ours]
    keepers = []
    with contextlib.suppress(ConnectionError):  # the client has died
        control.sendall(b"!")
        while descriptors := socket.recv_fds(control, 1, 8)[1]:
            lines = open(descriptors[1], "rb", closefd=False)
            request = json.loads(lines.readline())
            _import(request["modules"])
            gc.freeze()  # else every fork's collector would walk through, and so copy, what it has inherited
            _reap()
            if closed:  # nothing inside of a sandbox can stop its first process
                keep(kernel, request, lines, descriptors, private, control.fileno())
            elif pid := os.fork():
                keepers.append(pid)
            else:
                be_keeper(kernel, request, lines, descriptors, private)
            for descriptor in descriptors:
                os.close(descriptor)
    os.close(ours)
    for pid in keepers:
        with contextlib.suppress(ChildProcessError):  # it has ended long ago
            os.waitpid(pid, 0)
    end_children()  # left by keepers that were killed


def make_ready(modules: list[str]) -> Any:
    """Import modules, load fonts, and make the kernel that forks run."""
    gc.disable()  # it would walk again and again through what is imported, which takes a fifth of the time
    _import(modules)
    _draw_once()
    return child.make_kernel()


def close(kernel: Any) -> None:
    """Close this process to what runs below it: its memory, its descriptors, and all signals that it handles."""
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
    """In a fork: keep a kernel, also when the server ends."""
    try:
        prctl(PR_SET_CHILD_SUBREAPER, 1)  # what loses its parent below is this process's child then
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
    """Fork a kernel, watch it, end all that it has started, and say why it ended.

    Args:
        kernel: what runs in the fork.
        request: from the client.
        lines: that come over the wire after the request.
        descriptors: status, whose other end tells that no more is wanted by being closed; the fork's wire, standard
            output and standard error; and the list of a control group's processes if it is to enter one.
        private: descriptors that the fork must not have.
        wake: descriptor that tells that the kernel is to end, by having something to read.
    """
    status = descriptors[0]
    for folder in request["empty"]:
        _empty(folder)  # of what the server has left there when it imported
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
    """In a fork: run cells."""
    status, wire, out, err, *group = descriptors
    gc.enable()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor in group:
        os.write(descriptor, b"0")  # itself
    for descriptor in (status, *group, *private):
        os.close(descriptor)
    parent = os.getppid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before this process could ask to go with it
    prctl(PR_SET_DUMPABLE, 1)  # the keeper looks how much memory it has
    child.run(kernel, request, socket.socket(fileno=wire), lines, out, err)


def wait(pid: int, wakes: list[int], request: dict[str, Any], begun: Any) -> str:
    """Wait for the end of a kernel, and say why it has ended or must: its exit code, or the limit it has met."""
    limits = request["limits"]
    ended = os.pidfd_open(pid)
    try:
        while True:
            ready = select.select([ended, *wakes], [], [], POLL if limits else None)[0]
            # also at the end: what could not have too many processes may have ended for that
            if limits and (why := watch.exceeded(limits, begun, request["empty"])):
                return str(why)
            if ended in ready:
                return str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            if ready:  # the client wants no more, or has gone, or the server has
                return str(-signal.SIGKILL)
    finally:
        os.close(ended)


def _empty(folder: str) -> None:
    """Remove everything in a folder, however deep it lies and whatever rights it has been left with."""
    with contextlib.suppress(PermissionError):
        os.chmod(
            folder, stat.S_IRWXU
        )  # else it is somebody else's, so that nobody can have closed it
    if os.listdir(folder):
        for command in (
            ["chmod", "-R", "u+rwx", folder],
            ["find", folder, "-mindepth", "1", "-delete"],
        ):
            subprocess.run(command, stderr=subprocess.DEVNULL, check=False)


def end_children() -> None:
    """End all processes below this one, also those that have left their session or lost their parents."""
    while found := watch.descendants(os.getpid()):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)
        _reap()


def _reap() -> None:
    """Have the system forget processes that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _import(modules: list[str]) -> None:
    for module in modules:
        package, _, name = module.rpartition(".")
        with contextlib.suppress(ImportError, AttributeError):  # the cell that wants it will say so
            if not hasattr(
                sys.modules.get(package), name
            ):  # which a package may import when it is asked
                __import__(module)


def _draw_once() -> None:
    """Draw a throw-away figure, so that what matplotlib loads for its first one is there for all forks."""
    if "matplotlib" not in sys.modules:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()  # not by pyplot, which would choose its backend for good
    figure.subplots().set(title="fonts", xlabel="$x^2$", yscale="log")
    FigureCanvasAgg(figure).print_png(io.BytesIO())  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[3:], sys.argv[2] == "closed")
    atexit._run_exitfuncs()  # matplotlib's folder goes, for one
    os._exit(0)  # taking modules down again, one by one, would take a quarter of a second
