"""The process inside the sandbox: runs cells of a student's notebook, each batch in a fork of its own.

It is given to the sandbox as a file and imports nothing of this package. Messages are JSON, each after its length in
four bytes, on the first standard streams; the code that is run has no access to them.

A batch comes as {"go_on": …, "limits": {…}}, followed by {"cells": [{"id", "source"}, …]}, which only the fork reads:
the next one must not find them in the memory that it inherits. The fork runs the cells in an IPython shell and writes
what each one displayed as a line of JSON, so that what was finished is known when it is ended. It is ended, with
whatever it has started, as soon as it breaks a limit; and nothing of it outlives its batch.
"""

import contextlib
import ctypes
import gc
import io
import json
import os
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from typing import Any

PR_SET_DUMPABLE = 4  # linux/prctl.h
POLL = 0.05  # seconds


def serve(requests: io.FileIO, replies: io.BufferedWriter) -> None:
    """Import what the first message names, then run batches until there are no more."""
    preload = _receive(requests) or {"modules": []}
    for module in preload["modules"]:
        with contextlib.suppress(ImportError):  # the cell that wants it will say so
            __import__(module)
    if "matplotlib" in sys.modules:
        draw(1)
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell: Any = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.enable_gui = lambda gui=None: None  # %matplotlib inline wants no event loop
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0)  # its memory and descriptors are closed to its children
    gc.collect()
    gc.freeze()  # else every fork's collector walks through, and so copies, what it has inherited
    _send(replies, {"ready": True})
    while (request := _receive(requests)) is not None:
        _send(replies, _run(shell, request, requests))


def draw(times: int) -> None:
    """Draw a throw-away figure, so that what matplotlib loads for its first one is there for all forks."""
    from matplotlib.figure import Figure

    for _ in range(times):
        figure = Figure(figsize=(8, 3))  # not by pyplot, which would choose its backend for good
        left, right = figure.subplots(1, 2)
        left.plot([1, 1000], [1e-9, 1], "o-", label="line")
        left.set(title="fonts", xlabel="$x^2$", ylabel="y", yscale="log")
        left.legend()
        figure.colorbar(right.pcolormesh([[-1, 0], [0.5, 1]]), ax=right, label="colours")
        figure.savefig(io.BytesIO(), format="png")


def _run(shell: Any, request: dict[str, Any], requests: io.FileIO) -> dict[str, Any]:
    """Run a batch in a fork; what its cells displayed, and what ended it if it did not end by itself."""
    limits = request["limits"]
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _work(shell, request, requests, write)
    os.close(write)
    os.set_blocking(read, False)
    received, ended, deadline = bytearray(), None, time.monotonic() + limits["seconds"]
    own = _memory("self")
    running = True
    while running:
        select.select([read], [], [], POLL)
        running = os.waitpid(pid, os.WNOHANG)[0] == 0
        while len(received) <= limits["output"] and (part := _read(read)):
            received += part
        others = _others()
        if len(received) > limits["output"]:
            ended = "output"
        elif running and len(others) > limits["processes"]:
            ended = "processes"
        elif running and sum(max(0, _memory(other) - own) for other in others) > limits["memory"]:
            ended = "memory"
        elif running and time.monotonic() > deadline:
            ended = "time"
        if ended:
            break
    _kill_others()
    os.close(read)
    for folder in (os.getcwd(), "/dev/shm") if os.getpid() == 1 else (os.getcwd(),):
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry, ignore_errors=True)
            else:
                os.unlink(entry)
    lines = bytes(received[: limits["output"]]).split(b"\n")[:-1]
    return {"cells": [line.decode("utf-8", "replace") for line in lines], "ended": ended}


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return b""


def _others() -> list[int]:
    """Processes of the sandbox besides this one, which is its first; without a sandbox, those of the session."""
    me = os.getpid()
    session = None if me == 1 else os.getsid(0)
    found = []
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        with contextlib.suppress(ProcessLookupError):
            if pid != me and (session is None or os.getsid(pid) == session):
                found.append(pid)
    return found


def _kill_others() -> None:
    """End all processes of the sandbox but this one; without a sandbox, those of the session."""
    while others := _others():
        for other in [-1] if os.getpid() == 1 else others:  # -1: all in this namespace but the caller, at once
            with contextlib.suppress(ProcessLookupError):
                os.kill(other, signal.SIGKILL)
        _reap()


def _reap() -> None:
    """Take the exit codes of all children that have ended, so that they are gone."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _memory(pid: int | str) -> int:
    """Bytes that are not mapped from files."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            _, resident, shared, *_ = map(int, file.read().split())
        return (resident - shared) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _work(shell: Any, request: dict[str, Any], requests: io.FileIO, write: int) -> None:
    """In the fork: run the cells, write a line for each, and never return."""
    code = 1
    try:
        cells = (_receive(requests) or {"cells": []})["cells"]
        os.closerange(3, write)
        os.closerange(write + 1, 256)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        gc.set_threshold(50_000, 20, 50)  # what runs here is short
        _limit(request["limits"])
        outputs = _capture(shell, request["limits"]["output"])
        with open(write, "wb", buffering=0) as lines:
            for cell in cells:
                outputs.clear()
                result = shell.run_cell(cell["source"])
                line = json.dumps({"id": cell["id"], "outputs": outputs, "success": result.success}, default=repr)
                lines.write(line.encode() + b"\n")
                if not (result.success or request["go_on"]):
                    break
        code = 0
    finally:
        os._exit(code)


def _limit(limits: dict[str, int]) -> None:
    with open("/proc/self/statm") as file:
        size = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    for kind, most in {
        resource.RLIMIT_AS: size + limits["memory"],
        resource.RLIMIT_CPU: limits["seconds"] + 1,
        resource.RLIMIT_FSIZE: limits["file_size"],
        resource.RLIMIT_NOFILE: 128,
        resource.RLIMIT_CORE: 0,
    }.items():
        resource.setrlimit(kind, (most, most))


def _capture(shell: Any, limit: int) -> list[dict[str, Any]]:
    """Have the shell put all that it shows into a list."""
    from IPython.core.displayhook import CapturingDisplayHook
    from IPython.core.displaypub import CapturingDisplayPublisher

    outputs: list[dict[str, Any]] = []

    class Text(io.TextIOBase):
        """Standard output or error."""

        written = 0

        def __init__(self, name: str) -> None:
            self.name = name

        def writable(self) -> bool:
            return True

        def write(self, text: str) -> int:
            Text.written += len(text)
            if Text.written > limit // 4:
                raise OSError(f"more than {limit // 4} characters were printed")
            if outputs and outputs[-1].get("name") == self.name:
                outputs[-1]["text"].append(text)
            else:
                outputs.append({"name": self.name, "text": [text]})
            return len(text)

    def show(kind: Any, value: Any, lines: list[str]) -> None:
        outputs.append({"ename": str(getattr(kind, "__name__", kind)), "evalue": str(value), "traceback": lines})

    def show_error(exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
        kind, value, trace = exc_tuple or sys.exc_info()  # IPython's coloured form takes 0.1 s to make
        show(kind, value, traceback.format_exception(kind, value, trace, limit=-5))

    shell.display_pub = CapturingDisplayPublisher()
    shell.display_pub.outputs, shell.display_pub.clear_output = outputs, lambda wait=False: None
    sys.displayhook = CapturingDisplayHook(shell=shell, outputs=outputs)
    shell.display_trap.hook = sys.displayhook
    shell._showtraceback, shell.showtraceback, shell.showsyntaxerror = show, show_error, lambda *_, **__: show_error()
    sys.stdout, sys.stderr = Text("stdout"), Text("stderr")
    return outputs


def _receive(stream: io.FileIO) -> dict[str, Any] | None:
    """The next message, or None at the end; not a byte more is read, because the rest may be for another process."""
    header = _exactly(stream, 4)
    return json.loads(_exactly(stream, int.from_bytes(header, "big"))) if len(header) == 4 else None


def _exactly(stream: io.FileIO, size: int) -> bytes:
    content = b""
    while len(content) < size and (part := stream.read(size - len(content))):
        content += part
    return content


def _send(stream: io.BufferedWriter, message: dict[str, Any]) -> None:
    content = json.dumps(message).encode()
    stream.write(len(content).to_bytes(4, "big") + content)
    stream.flush()


if __name__ == "__main__":
    # the streams move away from 0 and 1, where imports may print
    incoming, outgoing = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    devnull = os.open(os.devnull, os.O_RDWR)
    os.dup2(devnull, 0)
    os.dup2(devnull, 1)
    serve(incoming, outgoing)
