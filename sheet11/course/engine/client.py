"""The client's end of a forked kernel, with what nbclient asks of a kernel's manager and of its client."""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import queue
import re
import socket
import sys
from collections.abc import Callable
from typing import Any

from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from nbclient.exceptions import DeadKernelError

LANGUAGE = {
    "name": "python",
    "version": sys.version.split()[0],
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": sys.version_info[0]},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
    "file_extension": ".py",
}  # as ipykernel says it

KILLED = "-9"  # why a kernel has ended, as long as nobody knows better
LOST = "lost"  # why a kernel has ended whose keeper, or the server, has died
NONSENSE = "nonsense"  # why a kernel has ended that sent what are no messages
MOST_VALUES = (
    2_000_000  # in the JSON of one that has limits: each takes up to some hundred bytes of memory
)
VALUES = re.compile(
    rb'"(?>[^"\\]+|\\.)*+"?|[\[{,]', re.DOTALL
)  # strings, what is in them not counted, and the rest

Message = dict[str, Any]


class Channel:
    """Messages that have come and are not read yet."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Message | Exception] = asyncio.Queue()
        self.put, self.join = self._queue.put_nowait, self._queue.join
        self.send: Callable[[Message], None]

    async def get_msg(self, timeout: float | None = None) -> Message:
        """The next message.

        Raises:
            queue.Empty: none came in time.
            DeadKernelError: none will come.
        """
        try:
            found = await asyncio.wait_for(self._queue.get(), timeout)
        except TimeoutError:
            raise queue.Empty from None
        self._queue.task_done()
        if isinstance(found, Exception):
            raise found
        return found


class Kernel:
    """A forked kernel, with what nbclient wants of a kernel's manager and of its client."""

    has_kernel = True
    allow_stdin = False

    def __init__(
        self, status: socket.socket, wire: socket.socket, pipes: dict[str, int], most: int
    ) -> None:
        """Take over the client's ends of the sockets, and of the pipes by the name of their stream.

        No more than `most` bytes are read, and then no more than `MOST_VALUES` values.
        """
        self._left = most
        self._values_left = None if most == sys.maxsize else MOST_VALUES
        self.session = Session()
        self.ended: str | None = None  # exit code, or the limit that ended it
        self._status, self._wire, self._pipes = status, wire, pipes
        self._parent: Message = {}
        self._loop: Any = None
        self._incoming = bytearray()

    def client(self) -> "Kernel":
        """Itself."""
        return self

    def start_channels(self) -> None:
        """Listen, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self.shell_channel, self.iopub_channel = Channel(), Channel()
        self.shell_channel.send = self.send
        for end in (self._status, self._wire):
            end.setblocking(False)
        self._loop.add_reader(self._status, self._read_status)
        self._loop.add_reader(self._wire, self._read_wire)
        for name, pipe in self._pipes.items():
            os.set_blocking(pipe, False)
            self._loop.add_reader(pipe, self._read_pipe, name)

    def wait_for_ready(self, timeout: float | None = None) -> None:
        """There is nothing to wait for: requests wait for the kernel."""

    def execute(self, code: str, store_history: bool = True, stop_on_error: bool = True) -> str:
        """Run a cell; the id of the request, which the messages that it leads to carry as that of their parent."""
        request = self.session.msg("execute_request", {"code": code})
        self._parent = request["header"]
        self.send(request)
        return str(request["header"]["msg_id"])

    def send(self, message: Message) -> None:
        """Send a request, or a message to a widget."""
        with contextlib.suppress(OSError):  # it has died, and its status will say so
            self._wire.setblocking(True)
            self._wire.sendall(json.dumps(message, default=json_default).encode() + b"\n")
            self._wire.setblocking(False)

    def kernel_info(self) -> str:
        """Ask for the kernel's language."""
        reply = {"msg_type": "kernel_info_reply", "content": {"language_info": LANGUAGE}}
        self.shell_channel.put(reply | {"parent_header": {"msg_id": "kernel_info"}})
        return "kernel_info"

    def is_alive(self) -> bool:
        """Whether the kernel runs."""
        return self.ended is None

    def shutdown_kernel(self, now: bool = False) -> None:
        """End the kernel and all that it has started."""
        self.close()

    def cleanup_resources(self) -> None:
        """Nothing is left."""

    def stop_channels(self) -> None:
        """Listen no more."""
        self.close()

    async def end(self) -> None:
        """End the kernel and all that it has started, and wait until that is done; `ended` says why it has ended."""
        with contextlib.suppress(OSError):
            self._status.shutdown(socket.SHUT_WR)
        await self._over.wait()
        self.close()

    def close(self) -> None:
        """End the kernel and all that it has started, and listen no more."""
        listening = self._loop is not None and not self._loop.is_closed()
        ends = [self._status.fileno(), self._wire.fileno(), *self._pipes.values()]
        if listening:
            for end in ends:
                if end >= 0:  # else it is closed already
                    self._loop.remove_reader(end)
        self._status.close()
        self._wire.close()
        while self._pipes:
            os.close(self._pipes.popitem()[1])
        if listening:
            self._end(KILLED)

    def _publish(self, kind: str, content: Message) -> None:
        message = {
            "msg_type": kind,
            "header": {"msg_type": kind},
            "content": content,
            "metadata": {},
        }
        self.iopub_channel.put(message | {"parent_header": self._parent})

    def _read_pipe(self, name: str) -> bool:
        """Publish what has been printed past Python; whether there was something."""
        try:
            text = os.read(self._pipes[name], 1 << 16)
        except BlockingIOError:
            return False
        self._left -= len(text)
        if text and self._left >= 0:
            self._publish("stream", {"name": name, "text": text.decode("utf-8", "replace")})
        else:
            self._loop.remove_reader(self._pipes[name])
            self._check_size()
        return bool(text) and self._left >= 0

    def _read_pipes(self) -> None:
        for name in self._pipes:
            while self._read_pipe(name):
                pass

    def _read_wire(self) -> bool:
        """Pass on what the kernel sends; whether there was something."""
        try:
            part = self._wire.recv(1 << 20)
        except BlockingIOError:
            return False
        except OSError:
            part = b""
        self._left -= len(part)
        if not part or self._left < 0:
            self._loop.remove_reader(self._wire)
            self._check_size()
            return False
        self._incoming += part
        *lines, self._incoming = self._incoming.split(b"\n") if b"\n" in part else [self._incoming]
        for line in lines:
            if not self._has_room_for(line):
                self._end("output")
                return False
            try:
                self._pass_on(json.loads(line))
            except (
                ValueError,
                TypeError,
                KeyError,
                RecursionError,
            ):  # whoever has got hold of the wire
                self._end(NONSENSE)
                return False
        return True

    def _has_room_for(self, line: bytearray) -> bool:
        """Whether a line of JSON may be parsed: 32 MB of it can hold what takes a gigabyte."""
        if self._values_left is not None:
            self._values_left -= sum(
                1 for _ in itertools.islice(VALUES.finditer(line), self._values_left + 1)
            )
        return self._values_left is None or self._values_left >= 0

    def _pass_on(self, message: Message) -> None:
        message["header"] = {"msg_type": message["msg_type"]}
        message["buffers"] = [base64.b64decode(text) for text in message.get("buffers", ())]
        self._read_pipes()  # what a program has printed before is shown before
        if message["msg_type"] == "execute_reply":
            self._publish("status", {"execution_state": "idle"})
            self.shell_channel.put(message)
        else:
            self.iopub_channel.put(message)

    def _check_size(self) -> None:
        if self._left < 0:
            self._end("output")

    def _read_status(self) -> None:
        """Learn that the kernel has ended."""
        try:
            text = self._status.recv(64).decode()
        except BlockingIOError:
            return
        except OSError:
            text = ""
        self._over.set()
        self._loop.remove_reader(self._status)
        while self._read_wire():
            pass
        self._read_pipes()
        self._end(text or LOST)

    def _end(self, why: str) -> None:
        if self.ended is None:
            self.ended = why
            self._giving_up = self._loop.create_task(self._give_up())

    async def _give_up(self) -> None:
        await self.iopub_channel.join()
        self.shell_channel.put(DeadKernelError("Kernel died"))
