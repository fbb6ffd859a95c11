"""A warm kernel: forked from a server that has already imported what notebooks use.

Starting Python and importing torch, matplotlib and ipykernel takes seconds; a fork of a process that has done so takes
milliseconds. The server (`forkserver.py`) forks one process for each kernel, so that no state passes from one to the
next; here is the client's side.

    client process ──control socket──▶ server ──fork──▶ kernel
         ▲──────────status socket (pid, then exit code)──┘

Whoever dies, nothing is left: the server ends its kernels when the client's end of the control socket closes, and the
operating system ends kernels whose server dies.

Where fork is not to be had (Windows), or the notebook wants another interpreter, the ordinary kernel serves.
"""

import atexit
import contextlib
import json
import math
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.paths import jupyter_runtime_dir
from traitlets import default

from sheet11.course import forkserver
from sheet11.course.forkserver import ON_DEMAND, THREAD_VARIABLES

CAN_FORK = sys.platform.startswith("linux")  # macOS frameworks do not survive a fork


class PromptClient(AsyncKernelClient):
    """A client that starts work as soon as the kernel has answered on both channels."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """As the ordinary client does, without listening 0.2 s longer for messages that nbclient passes over anyway.

        Raises:
            RuntimeError: the kernel has died, or not answered within `timeout` seconds.
        """
        deadline = time.monotonic() + (math.inf if timeout is None else timeout)
        while True:
            self.kernel_info()
            with contextlib.suppress(queue.Empty):
                reply = await self.get_shell_msg(timeout=1)
                if reply["msg_type"] == "kernel_info_reply":
                    await self.get_iopub_msg(timeout=1)  # else the first outputs could be lost
                    self._handle_kernel_info_reply(reply)
                    return
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > deadline:
                raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")


class WarmKernelManager(AsyncKernelManager):
    """A kernel manager whose kernels are forked; for nbclient's `kernel_manager_class`."""

    modules: Collection[str] = ON_DEMAND  # those of them that the kernel is to have

    @default("client_factory")
    def _default_client_factory(self) -> type:
        return PromptClient

    @default("transport")
    def _default_transport(self) -> str:
        return "ipc" if os.name == "posix" else "tcp"  # anyone on the machine could connect to TCP ports

    @default("ip")
    def _default_ip(self) -> str:
        if self.transport != "ipc":
            return super()._ip_default()
        runtime = jupyter_runtime_dir()
        os.makedirs(runtime, mode=0o700, exist_ok=True)
        return os.path.join(runtime, f"kernel-{uuid.uuid4().hex[:12]}")  # short: socket paths have 107 characters

    async def _async_wait(self, pollinterval: float = 0.005) -> None:
        await super()._async_wait(min(pollinterval, 0.005))  # jupyter_client's 0.1 s is longer than a kernel takes

    @property
    def kernel_spec(self) -> KernelSpec | None:
        """The kernel's specification, with the provisioner that forks."""
        spec = super().kernel_spec
        if spec is not None:
            spec.metadata["kernel_provisioner"] = {"provisioner_name": "sheet11-warm"}
        return spec


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel by a request to the server instead of a new interpreter."""

    process: Any  # a ForkedKernel, or what the ordinary provisioner has

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork if `cmd` is this interpreter's own ipykernel, else launch `cmd`."""
        if not (CAN_FORK and _is_own_ipykernel(cmd)):
            return await super().launch_kernel(cmd, **kwargs)
        env = {name: value for name, value in kwargs["env"].items() if name not in THREAD_VARIABLES}
        self.cwd = os.path.abspath(kwargs.get("cwd") or os.getcwd())
        modules = getattr(self.parent, "modules", ON_DEMAND)
        self.process = server().fork(cmd[cmd.index("-f") + 1], self.cwd, env, modules)
        self.pid = self.pgid = self.process.pid  # the kernel leads its own process group
        return self.connection_info


class ForkedKernel:
    """A kernel process with the interface of `subprocess.Popen` that jupyter_client uses."""

    stdin = stdout = stderr = None

    def __init__(self, status: socket.socket) -> None:
        """Wait for the pid on the status socket."""
        self._status = status
        line = b""
        while not line.endswith(b"\n"):
            if not (byte := status.recv(1)):
                status.close()
                raise RuntimeError("the kernel server has died")
            line += byte
        self.pid = int(line)
        self.returncode: int | None = None
        status.setblocking(False)

    def poll(self) -> int | None:
        """Exit code, None while the kernel runs; −9 if the server died and took the kernel along."""
        if self.returncode is None:
            with contextlib.suppress(BlockingIOError):
                self.returncode = int(self._status.recv(16) or -signal.SIGKILL)
                self._status.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Exit code, as soon as there is one."""
        while (code := self.poll()) is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
        return code

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel process."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Server:
    """The client's end of a kernel server."""

    def __init__(self, threads: int | None = None) -> None:
        """Start a server; it imports while the caller goes on.

        Args:
            threads: number of threads for BLAS and torch in every kernel; None leaves it to the libraries.
        """
        self._control, theirs = socket.socketpair()
        env = os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}  # as ipykernel sets it
        if threads is not None:
            env |= dict.fromkeys(THREAD_VARIABLES, str(threads))
        with theirs:
            self.process = subprocess.Popen(
                # -P: the working directory is the kernel's to import from, not the server's; frozen modules: as the
                # kernel specification of ipykernel has it, for the debugger
                [sys.executable, "-P", "-Xfrozen_modules=off", "-m", forkserver.__name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=env,
                start_new_session=True,  # Ctrl-C is for the client, which then ends the server
            )
        self._lock = threading.Lock()
        self._forked = False

    def fork(
        self, connection_file: str, cwd: str, env: dict[str, str], modules: Collection[str] = ON_DEMAND
    ) -> ForkedKernel:
        """Fork a kernel, after importing those of the modules that are not imported yet.

        Raises:
            RuntimeError: the server has died.
        """
        ours, theirs = socket.socketpair()
        content = {"connection_file": connection_file, "cwd": cwd, "env": env, "modules": list(modules)}
        request = json.dumps(content).encode()
        with theirs, self._lock:
            try:
                socket.send_fds(self._control, [len(request).to_bytes(4, "big")], [theirs.fileno()])
                self._control.sendall(request)
                self._forked = True
            except OSError as error:
                ours.close()
                raise RuntimeError("the kernel server has died") from error
        return ForkedKernel(ours)

    def close(self) -> None:
        """End the server and its kernels."""
        if not self._forked:
            self.process.kill()  # it may still import
        self._control.close()
        self.process.wait()


_server: Server | None = None
_server_lock = threading.Lock()


def server(threads: int | None = None) -> Server:
    """This process's server, started on the first call, and again if it has died; `threads` is for a new one."""
    global _server
    with _server_lock:
        if _server is not None and _server.process.poll() is not None:
            _server.close()
            _server = None
        if _server is None:
            _server = Server(threads)
            atexit.register(stop_server)
        return _server


def share_cores(workers: int | None = None) -> tuple[int, int]:
    """How many kernels at a time, and the threads for each.

    If not given, one more than there are cores: a kernel that starts or ends mostly waits.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return workers or cores + 1, max(1, cores // (workers or cores))


def stop_server() -> None:
    """End this process's server, if there is one, and its kernels."""
    global _server
    with _server_lock:
        if _server is not None:
            _server.close()
            _server = None


def _is_own_ipykernel(cmd: list[str]) -> bool:
    return "ipykernel_launcher" in cmd and "-f" in cmd and Path(cmd[0]).absolute() == Path(sys.executable).absolute()
