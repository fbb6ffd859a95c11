"""The process that runs notebooks: it has imported what they use, and forks for each of them.

It is started as a file, outside of a sandbox or inside of one, and imports nothing of this package.

    client ──control──▶ server ──fork──▶ keeper ──fork──▶ kernel
       ▲──────────status (pid, then why it ended)──┘         │
       ▲───────────wire (cells in, messages out)─────────────┘

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
import importlib.util
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
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36  # linux/prctl.h
QUIET = "PYDEVD_DISABLE_FILE_VALIDATION"  # else the debugger, when it is imported, warns of Python's frozen modules
READY = b"!"
POLL = 0.05  # seconds between two looks at what a kernel uses
MANY = 10  # forks, after which many more can be expected
prctl = ctypes.CDLL(None).prctl


def _beside(name: str) -> Any:
    """The module in the file beside this one."""
    found = importlib.util.spec_from_file_location(
        f"sheet11_{name}", Path(__file__).with_name(f"{name}.py")
    )
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # which dataclasses and the like look for
    found.loader.exec_module(module)
    return module


child, huge, watch = _beside("child"), _beside("huge"), _beside("watch")


def serve(control: socket.socket) -> None:
    """Import what the first message names, then fork on request until the client closes its end."""
    if os.getpid() == 1:  # in a sandbox, which must not outlive who holds it
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    message = receive(control)
    if message is None:
        return
    gc.disable()  # it would walk again and again through what is imported, which takes a fifth of the time
    as_it_was = os.environ.get(QUIET)
    os.environ[QUIET] = "1"
    _import(message[0]["modules"])
    _draw_once()
    kernel = child.make_kernel()
    if as_it_was is None:
        del os.environ[QUIET]
    gc.freeze()
    if message[0].get("closed"):
        kernel.shell.InteractiveTB.set_mode("Plain")  # other tracebacks take 0.1 s each
        prctl(
            PR_SET_DUMPABLE, 0
        )  # memory and descriptors of this process are closed to what runs below it
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # all others that it does not handle are not delivered
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    with contextlib.suppress(
        OSError
    ):  # the client has ended meanwhile, but may have left folders to be removed
        control.sendall(READY)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    signal.signal(
        signal.SIGCHLD, lambda *_: None
    )  # a handler, so that the wake-up pipe is written to
    signal.set_wakeup_fd(wake_write)
    keepers: set[int] = set()
    watched: list[Any] = [control, wake_read]
    forks = 0
    while True:
        ready = select.select(watched, [], [])[0]
        if wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake_read, 4096)
            keepers = end_orphans(keepers)
        if control in ready:
            message = receive(control)
            if message is None:
                break
            request, sockets = message
            keepers = end_orphans(keepers)
            _import(request["modules"])
            forks += 1
            if forks == MANY:
                huge.collapse()
            if request[
                "limits"
            ]:  # one at a time; nothing inside of a sandbox can stop its first process
                ours = [control.fileno(), wake_read, wake_write]
                keep(kernel, request, sockets, ours, wakes=[control.fileno()])
                continue
            pid = os.fork()
            if pid == 0:
                be_keeper(kernel, request, sockets, [control.fileno(), wake_read, wake_write])
            keepers.add(pid)
            for descriptor in sockets:
                os.close(descriptor)
    signal.set_wakeup_fd(-1)
    for pid in keepers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)  # it ends what it keeps
    while keepers and watch.children(os.getpid()):
        keepers -= _reap(block=True)


def be_keeper(
    kernel: Any, request: dict[str, Any], sockets: list[int], ours: list[int]
) -> NoReturn:
    """In a fork: keep a kernel, also when the server ends."""
    try:
        prctl(PR_SET_CHILD_SUBREAPER, 1)  # what loses its parent below is this process's child then
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in ours:
            os.close(descriptor)
        terminated, wake = os.pipe()
        signal.signal(signal.SIGTERM, lambda *_: os.write(wake, b"!"))
        _die_with_parent(signal.SIGTERM)  # it ends what it keeps first
        keep(kernel, request, sockets, ours=[terminated, wake], wakes=[terminated])
    finally:
        os._exit(0)


def keep(
    kernel: Any,
    request: dict[str, Any],
    sockets: Sequence[int],
    ours: Sequence[int],
    wakes: Sequence[int] = (),
) -> None:
    """Fork a kernel, watch it, end all that it has started, and say why it ended.

    Args:
        kernel: what runs in the fork.
        request: from the client.
        sockets: status, whose other end tells that no more is wanted by being closed; the fork's wire, standard
            output and standard error; and the list of a control group's processes if it is to enter one.
        ours: descriptors that the fork must not have.
        wakes: descriptors that tell that it is to end, by having something to read.
    """
    status, wire, out, err, *group = sockets
    for folder in request["empty"]:
        _empty(folder)  # where the keeper before was killed, it has not done so
    begun = watch.begin(request["empty"])
    pid = os.fork()
    if pid == 0:
        gc.enable()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for descriptor in group:
            os.write(descriptor, b"0")  # itself
        for descriptor in (status, *group, *ours):
            os.close(descriptor)
        _die_with_parent()
        prctl(PR_SET_DUMPABLE, 1)  # the keeper looks how much memory it has
        child.run(kernel, request, wire, out, err)
    for descriptor in (wire, out, err, *group):
        os.close(descriptor)
    ended, limits, why = os.pidfd_open(pid), request["limits"], ""
    while not why:
        ready = select.select([ended, status, *wakes], [], [], POLL if limits else None)[0]
        if limits:  # also at the end: what could not have more than too many processes may have ended for that
            why = watch.exceeded(limits, begun, request["empty"])
        if not why and ended in ready:
            why = str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        elif not why and ready:  # the client wants no more, or has gone, or the server has
            why = str(-signal.SIGKILL)
    end_children()
    for folder in request["empty"]:
        _empty(folder)
    for folder in request["remove"]:
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.write(status, why.encode())
    os.close(ended)
    os.close(status)


def receive(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """The next message and the descriptors that came with it, or None at the end."""
    try:
        header, descriptors, _, _ = socket.recv_fds(control, 4, 8)
    except ConnectionError:
        header = b""
    if len(header) < 4:
        return None
    size, content = int.from_bytes(header, "big"), b""
    while len(content) < size:
        if not (part := control.recv(size - len(content))):
            return None
        content += part
    return json.loads(content), list(descriptors)


def _empty(folder: str) -> None:
    """Remove everything in a folder, however deep it lies and whatever rights it has been left with."""
    left = []
    with contextlib.suppress(
        PermissionError
    ):  # it belongs to somebody else, so that nobody can have closed it
        os.chmod(folder, stat.S_IRWXU)
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            left.append(entry.path)
        else:
            os.unlink(entry)
    for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]) if left else ():
        subprocess.run(
            [*command, "--", *left],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )


def end_orphans(keepers: set[int]) -> set[int]:
    """End what keepers have left behind that were killed; those that live."""
    keepers -= _reap()
    while orphans := set(watch.children(os.getpid())) - keepers:
        for pid in [other for orphan in orphans for other in (orphan, *watch.descendants(orphan))]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        keepers -= _reap()
    return keepers


def end_children() -> None:
    """End all processes below this one, also those that have left their session or lost their parents."""
    while found := watch.descendants(os.getpid()):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _reap(block=True)


def _reap(block: bool = False) -> set[int]:
    """Collect children that have ended; wait for one if `block`."""
    ended = set()
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, 0 if block else os.WNOHANG)[0]:
            ended.add(pid)
            block = False
    return ended


def _die_with_parent(signum: int = signal.SIGKILL) -> None:
    parent = os.getppid()
    prctl(PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent:
        os._exit(1)  # it died before this process could ask to go with it


def _import(modules: list[str]) -> None:
    for module in modules:
        package, _, name = module.rpartition(".")
        with contextlib.suppress(ImportError, AttributeError):  # the cell that wants it will say so
            if not hasattr(
                sys.modules.get(package), name
            ):  # which a package may import when it is asked
                __import__(module)
    gc.freeze()  # else every fork's collector would walk through, and so copy, what it has inherited


def _draw_once() -> None:
    """Draw a throw-away figure, so that what matplotlib loads for its first one is there for all forks."""
    if "matplotlib" not in sys.modules:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    left, right = Figure(figsize=(8, 3)).subplots(
        1, 2
    )  # not by pyplot, which would choose its backend for good
    left.plot([1, 1000], [1e-9, 1], "o-", label="line")
    left.set(title="fonts", xlabel="$x^2$", ylabel="y", yscale="log")
    left.legend()
    if seaborn := sys.modules.get("seaborn"):
        seaborn.heatmap([[-1, 0], [0.5, 1]], ax=right, cbar_kws={"label": "colours"})
    FigureCanvasAgg(left.figure).print_png(io.BytesIO())  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
    atexit._run_exitfuncs()  # matplotlib's folder goes, for one
    os._exit(0)  # taking modules down again, one by one, would take a quarter of a second
