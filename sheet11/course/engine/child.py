"""The forked kernel: ipykernel's own, connected only to its client's wire.

`server.py` loads this file from beside it; it imports nothing of this package.
"""

from __future__ import annotations

import asyncio
import codecs
import io
import json
import os
import resource
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from importlib.machinery import PathFinder
from types import SimpleNamespace
from typing import Any

import psutil

FLUSH = 0.2  # seconds to collect printed text, as in ipykernel
MOST_KEPT = 1 << 20  # characters to collect: sending takes several times their memory
INLINE = "module://matplotlib_inline.backend_inline"  # as ipykernel sets it
# packages that only notebooks use, not the kernel
REPLACEABLE = ("matplotlib", "networkx", "numpy", "pandas", "scipy", "seaborn", "torch", "tqdm")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def make_kernel() -> Any:
    """Make ipykernel's kernel without sockets, history or the user's configuration."""
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp
    from IPython.core.profiledir import ProfileDir
    from jupyter_client.jsonutil import json_default
    from jupyter_client.session import Session

    class Wire(Session):
        """A session that sends each message as a line of JSON."""

        wire: socket.socket
        parent: Any = {}  # header of the request
        lock = threading.Lock()  # threads may send at the same time

        def send(  # type: ignore[override]
            self, stream: Any, message: Any, content: Any = None, *_: Any, **more: Any
        ) -> Any:
            """Send a message, given whole or as its type and content, and return it."""
            if isinstance(message, str):
                message = self.msg(message, content, metadata=more.get("metadata"))
            buffers = list(map(bytes, more.get("buffers") or ()))  # written as base64
            line = message | {"parent_header": self.parent, "buffers": buffers}
            text = json.dumps(line, default=json_default, allow_nan=False, ensure_ascii=False)
            if os.getpid() == self.pid:  # not a child of the kernel
                with self.lock:
                    self.wire.sendall(text.encode("utf-8", "halves") + b"\n")
            return line

    # escape lone surrogates, which JSON can hold but UTF-8 cannot
    codecs.register_error("halves", _halves)
    app = IPKernelApp.instance()  # libraries ask it whether they are in a notebook
    app.config.HistoryManager.update(enabled=False, hist_file=":memory:")
    with tempfile.TemporaryDirectory() as folder:
        profile = ProfileDir(location=folder)  # empty, instead of the user's
        kernel: Any = IPythonKernel.instance(
            profile_dir=profile, session=Wire(), parent=app, log=app.log
        )
    app.kernel = kernel
    kernel.shell_channel_thread = SimpleNamespace(parent_thread=None)
    # do the first cell's initialisation once for all forks
    kernel.shell.transform_cell("%matplotlib inline")
    kernel.shell.display_formatter.format(1)
    return kernel


def run(kernel: Any, settings: dict[str, Any], wire: socket.socket) -> None:
    """Run the cells that come over the wire, one a line."""
    sys.argv = ["ipykernel_launcher.py"]
    _set_up(kernel, settings)
    session = kernel.session
    session.wire, session.pid = wire, os.getpid()
    sys.stdout, sys.stderr = Text("stdout", session), Text("stderr", session)
    asyncio.run(_answer(kernel, wire.makefile("rb")))


def _set_up(kernel: Any, settings: dict[str, Any]) -> None:
    """Set working directory, environment, limits and random generators as in a new process."""
    os.chdir(settings["cwd"])
    if "env" in settings:
        kept = {name: os.environ[name] for name in THREADS if name in os.environ}
        os.environ.clear()
        os.environ.update(settings["env"] | kept)
        kernel.shell.init_environment()
    os.environ.setdefault("MPLBACKEND", INLINE)
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    kernel.parent.init_path()  # puts the working directory where ipykernel has it
    _forget_modules_named_as_in(settings["cwd"])
    if settings["limits"]:
        _limit(settings["limits"])
    if text := settings.get("instead_of_figures"):
        _draw_nothing(kernel.shell, text)
    # forks inherit the server's generators: seed them again, as in a new process
    if module := sys.modules.get("numpy.random"):
        module.seed()
    if module := sys.modules.get("torch"):
        module.default_generator.seed()  # `torch.seed` takes 5 ms to look for devices


def _forget_modules_named_as_in(folder: str) -> None:
    """Let a notebook import its own `networkx.py`, for example, although the server has imported the library."""
    for name in REPLACEABLE:
        spec = PathFinder.find_spec(name, [folder])
        if spec and spec.origin:  # not a folder of data
            for module in list(sys.modules):
                if module.partition(".")[0] == name:
                    del sys.modules[module]


def _halves(error: Any) -> tuple[str, int]:
    """Replace half a character by text as Python's `backslashreplace` does, within JSON."""
    return "\\" + ascii(error.object[error.start])[1:-1], error.start + 1


def _limit(limits: dict[str, int]) -> None:
    size = psutil.Process().memory_info().vms
    for kind, most in {
        resource.RLIMIT_AS: size + limits["memory"],
        resource.RLIMIT_FSIZE: limits["file_size"],
        resource.RLIMIT_NOFILE: 128,
        resource.RLIMIT_CORE: 0,
    }.items():
        resource.setrlimit(kind, (most, most))
    if limits["alone"]:  # this user has no other processes
        resource.setrlimit(resource.RLIMIT_NPROC, (2 * limits["processes"],) * 2)


def _draw_nothing(shell: Any, text: str) -> None:
    """Show figures as a text instead of drawing them."""
    from matplotlib_inline.config import InlineBackend

    InlineBackend.instance(parent=shell).figure_formats = set()
    formatter = shell.display_formatter.formatters["text/plain"]
    formatter.for_type_by_name(
        "matplotlib.figure", "Figure", lambda figure, printer, cycle: printer.text(text)
    )


async def _answer(kernel: Any, lines: Iterable[bytes]) -> None:
    """Handle requests, one a line, as ipykernel does: run a cell, or hand a message to a widget."""
    for line in lines:
        await asyncio.sleep(0)  # lets tasks of earlier cells start
        request = json.loads(line) | {"buffers": []}
        kernel.session.parent = request["header"]
        kernel.set_parent([b""], request)
        handled = kernel.shell_handlers[request["msg_type"]](None, [b""], request)
        if handled is not None:
            await handled


class Text(io.StringIO):
    """Standard output or error of a notebook, buffered for `FLUSH` seconds."""

    encoding = "UTF-8"

    def __init__(self, name: str, session: Any) -> None:
        super().__init__()
        self.name, self._session, self._since = name, session, 0.0
        os.register_at_fork(before=self.flush)  # else a child would print the same text again

    def fileno(self) -> int:
        """Return the descriptor that the notebook's programs print to."""
        return 1 if self.name == "stdout" else 2

    def write(self, text: str) -> int:
        """Collect text, and send it if it is long or old enough."""
        if not self.tell():
            self._since = time.monotonic()
        count = super().write(text)
        if self.tell() > MOST_KEPT or time.monotonic() - self._since > FLUSH:
            self.flush()
        return count

    def flush(self) -> None:
        """Send the collected text."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        if text and os.getpid() == self._session.pid:
            self._session.send(None, "stream", {"name": self.name, "text": text})
        elif text:  # a child of the kernel prints to the pipes
            os.write(self.fileno(), text.encode("utf-8", "backslashreplace"))

    close = flush  # open for the next cell
