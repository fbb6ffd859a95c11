"""A forked kernel: ipykernel's own, connected to nothing but the wire to whoever wants cells run.

`server.py` loads this file from beside it; it imports nothing of this package.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import os
import resource
import select
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

FLUSH = 0.2  # seconds for which printed text is collected, as in ipykernel
MOST_KEPT = 1 << 20  # characters of it: what is sent takes several times their memory
INLINE = "module://matplotlib_inline.backend_inline"  # as ipykernel sets it
TERMINAL = (
    "TERM",
    "CLICOLOR",
    "FORCE_COLOR",
    "CLICOLOR_FORCE",
    "PAGER",
    "GIT_PAGER",
)  # set by ipykernel
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def make_kernel() -> Any:
    """Ipykernel's kernel, connected to nothing, that keeps no history and reads nobody's configuration."""
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp
    from IPython.core.profiledir import ProfileDir
    from jupyter_client.jsonutil import json_default
    from jupyter_client.session import Session
    from traitlets.config import Config

    class Wire(Session):
        """What the kernel sends goes out as a line of JSON."""

        wire, owner, parent = -1, -1, {}  # descriptor, process, header of the request
        lock: Any = None  # of the threads that send

        def send(
            self,
            stream: Any,
            msg_or_type: Any,
            content: Any = None,
            parent: Any = None,
            ident: Any = None,
            buffers: Any = None,
            *args: Any,
            **more: Any,
        ) -> None:
            message = (
                msg_or_type
                if isinstance(msg_or_type, dict)
                else {"msg_type": msg_or_type, "content": content}
            )
            kind, content = message["msg_type"], message["content"]
            if os.getpid() != self.owner:  # in a child of the kernel, which prints past it
                if kind == "stream":
                    write_all(1 if content["name"] == "stdout" else 2, content["text"].encode())
                return
            line = {"msg_type": kind, "content": content, "parent_header": self.parent}
            line["metadata"] = message.get("metadata") or more.get("metadata") or {}
            line["buffers"] = [base64.b64encode(buffer).decode() for buffer in buffers or ()]
            with self.lock:
                write_all(
                    self.wire,
                    json.dumps(line, default=json_default, allow_nan=False).encode() + b"\n",
                )

    config = Config({"HistoryManager": {"enabled": False, "hist_file": ":memory:"}})
    session = Wire()
    app = IPKernelApp.instance(config=config)  # some ask it whether they are in a notebook
    options = {"config": app.config, "session": session, "parent": app, "log": app.log}
    with (
        tempfile.TemporaryDirectory() as folder
    ):  # a profile that says nothing, instead of the user's
        kernel: Any = IPythonKernel.instance(profile_dir=ProfileDir(location=folder), **options)
    app.kernel = kernel
    kernel.shell_channel_thread = SimpleNamespace(parent_thread=None)
    kernel.shell.exit_now = False
    return kernel


def run(kernel: Any, request: dict[str, Any], wire: int, out: int, err: int) -> None:
    """In the kernel's process: run the cells that come over the wire, and never return."""
    code = 1
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        limits = request.get(
            "limits"
        )  # where there are some, nobody reads what is printed past Python
        for descriptor, place in (
            (null, 0),
            (null if limits else out, 1),
            (null if limits else err, 2),
        ):
            os.dup2(descriptor, place)
        for descriptor in (null, out, err):
            os.close(descriptor)
        os.chdir(request["cwd"])
        if request["env"] is not None:
            kept = {name: os.environ[name] for name in (*THREADS, *TERMINAL) if name in os.environ}
            os.environ.clear()
            os.environ.update(request["env"] | kept)
        if os.environ.setdefault("MPLBACKEND", INLINE) != INLINE and "matplotlib" in sys.modules:
            sys.modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]
        folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        sys.path[:0] = [folder for folder in folders if folder and folder not in sys.path]
        kernel.parent.init_path()  # the working directory, where ipykernel has it
        if limits:
            _limit(limits)
        if request.get("instead_of_figures"):
            _draw_nothing(kernel.shell, request["instead_of_figures"])
        sys.argv = ["ipykernel_launcher.py"]
        import random

        random.seed()  # every fork has the server's generators: seed them anew, as in a new process
        if module := sys.modules.get("numpy.random"):
            module.seed()
        if module := sys.modules.get("torch"):
            module.default_generator.seed()  # `torch.seed` looks for every kind of device, which takes 5 ms
        code = asyncio.run(_answer(kernel, socket.socket(fileno=wire)))
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _limit(limits: dict[str, int]) -> None:
    size = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    for kind, most in {
        resource.RLIMIT_AS: size + limits["memory"],
        resource.RLIMIT_CPU: limits["seconds"] + 1,
        resource.RLIMIT_FSIZE: limits["file_size"],
        resource.RLIMIT_NOFILE: 128,
        resource.RLIMIT_CORE: 0,
    }.items():
        resource.setrlimit(kind, (most, most))
    if limits["alone"]:  # this user has no other processes
        resource.setrlimit(resource.RLIMIT_NPROC, (2 * limits["processes"],) * 2)


def _draw_nothing(shell: Any, text: str) -> None:
    """Have figures shown as a text, which takes no drawing."""
    from matplotlib_inline.config import InlineBackend

    InlineBackend.instance(parent=shell).figure_formats = set()
    formatter = shell.display_formatter.formatters["text/plain"]
    formatter.for_type_by_name(
        "matplotlib.figure", "Figure", lambda figure, printer, cycle: printer.text(text)
    )


async def _answer(kernel: Any, wire: socket.socket) -> int:
    """Run a cell for every line that comes, until no more do."""
    session = kernel.session
    session.wire, session.owner, session.lock = wire.fileno(), os.getpid(), threading.Lock()
    wire.setblocking(False)
    sys.stdout, sys.stderr = Text("stdout", session), Text("stderr", session)
    os.register_at_fork(
        before=lambda: (sys.stdout.flush(), sys.stderr.flush())
    )  # or a child would print it again
    reader, _ = await asyncio.open_connection(sock=wire, limit=1 << 30)
    while line := await reader.readline():
        request = json.loads(line)
        if request["msg_type"] != "execute_request":  # to a widget
            getattr(kernel.comm_manager, request["msg_type"])(None, None, request)
            continue
        session.parent = request["header"]
        kernel.set_parent([b""], {"header": request["header"], "metadata": {}})
        code, count = request["content"]["code"], kernel.shell.execution_count
        session.send(None, "execute_input", {"code": code, "execution_count": count})
        reply = await kernel.do_execute(code, silent=False, store_history=True, allow_stdin=False)
        sys.stdout.flush()
        sys.stderr.flush()
        session.send(None, "execute_reply", reply)
    return 0


class Text(io.TextIOBase):
    """Standard output or error of a notebook."""

    def __init__(self, name: str, session: Any) -> None:
        self.name, self._session, self._since = name, session, 0.0
        self._kept: list[str] = []
        self._size = 0

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of what programs print."""
        return "UTF-8"

    def writable(self) -> bool:
        """Yes."""
        return True

    def fileno(self) -> int:
        """Where programs that the notebook starts print."""
        return 1 if self.name == "stdout" else 2

    def write(self, text: str) -> int:
        """Keep text for a while."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if not self._kept:
            self._since = time.monotonic()
        self._kept.append(text)
        self._size += len(text)
        if self._size > MOST_KEPT or time.monotonic() - self._since > FLUSH:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Send what has been kept."""
        text, self._kept, self._size = "".join(self._kept), [], 0
        if text:
            self._session.send(None, "stream", {"name": self.name, "text": text})


def write_all(descriptor: int, content: bytes) -> None:
    """Write everything, also to a descriptor that does not block."""
    left = memoryview(content)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            select.select([], [descriptor], [])
