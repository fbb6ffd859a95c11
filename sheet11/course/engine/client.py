"""Client of a forked kernel, inside or outside a sandbox: sends cells and receives their outputs."""

import base64
import contextlib
import itertools
import json
import math
import os
import re
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import nbclient
import nbformat
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

# as ipykernel reports it
LANGUAGE = {
    "name": "python",
    "version": sys.version.split()[0],
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": sys.version_info[0]},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
    "file_extension": ".py",
}

LOST = "lost"  # the keeper or the server has died
NONSENSE = "nonsense"  # the kernel sent invalid messages
LOOK = 0.05  # seconds between calls of `look`
PATIENCE = 60  # seconds that a keeper may take to end its kernel's processes
# JSON values from a kernel with limits: each takes up to some hundred bytes of memory
MOST_VALUES = 2_000_000
# a string counts once, whatever it contains; so do arrays, objects and their further items
VALUES = re.compile(rb'"(?>[^"\\]+|\\.)*+"?|[\[{,]', re.DOTALL)

JSON = re.compile(r"application/(.*\+)?json")
SESSION = Session()
SHOWING = ("display_data", "execute_result", "update_display_data")

Message = dict[str, Any]


class Kernel:
    """A forked kernel.

    Args:
        status: socket that reports why the kernel has ended; closing it ends the kernel.
        wire: socket for cells and messages.
        pipes: output of programs that the notebook starts, by name of the stream.
        most: limit of bytes from the kernel, which sets the limit `MOST_VALUES`, too; None is no limit.
    """

    def __init__(
        self,
        status: socket.socket,
        wire: socket.socket,
        pipes: dict[str, int],
        most: int | None = None,
    ) -> None:
        self.ended: str | None = None  # exit code or exceeded limit
        self.look: Callable[[], object] | None = None  # called every 0.05 s
        self.session = SESSION  # nbclient's widgets create messages with it
        self.shell_channel = self  # and send them here
        self._status, self._wire, self._pipes = status, wire, pipes
        self._bytes_left = math.inf if most is None else most
        self._values_left = math.inf if most is None else MOST_VALUES
        self._request: Message = {}
        self._received: deque[Message] = deque()
        self._incoming, self._outgoing = bytearray(), bytearray()
        self._open = {status.fileno(), wire.fileno(), *pipes.values()}
        for end in self._open:
            os.set_blocking(end, False)

    def run(
        self, source: str, show: Callable[[Message], object], timeout: float | None = None
    ) -> Message:
        """Run a cell and return the content of the kernel's reply; `show` gets the messages before it.

        Raises:
            TimeoutError: the cell took longer than `timeout` seconds.
            DeadKernelError: the kernel has ended; `ended` has the reason.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        request = self.session.msg("execute_request", {"code": source})
        self._request = request["header"]
        self.send(request)
        while True:
            while self._received:
                message = self._received.popleft()
                if message["parent_header"].get("msg_id") != self._request["msg_id"]:
                    continue  # from a thread of an earlier cell
                if message["msg_type"] == "execute_reply":
                    reply: Message = message["content"]
                    return reply
                show(message)
            if self.ended is not None:
                raise DeadKernelError("Kernel died")
            self._receive(deadline)

    def send(self, message: Message) -> None:
        """Send a request, or a message to a widget, as soon as the kernel accepts it."""
        self._outgoing += json.dumps(message, default=json_default).encode() + b"\n"
        self._write()

    def end(self) -> str | None:
        """End the kernel and its processes, wait for that, and return why the kernel ended."""
        with contextlib.suppress(OSError):
            self._status.shutdown(socket.SHUT_WR)
            self._status.settimeout(PATIENCE)
            self._end(self._status.recv(64).decode())
        self._end(LOST)
        self.close()
        return self.ended

    def close(self) -> None:
        """End the kernel and its processes without waiting."""
        self._status.close()
        self._wire.close()
        while self._pipes:
            os.close(self._pipes.popitem()[1])

    def _receive(self, deadline: float) -> None:
        """Read what has arrived; wait if there is nothing."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self.look:
            self.look()
            left = min(left, LOOK)
        writing = [self._wire] if self._outgoing else []
        ready, writable, _ = select.select(
            self._open, writing, [], None if math.isinf(left) else left
        )
        if writable:
            self._write()
        has_ended = self._status.fileno() in ready
        while ready:
            sent = self._read(self._wire.fileno())
            for name in self._pipes:  # programs printed this before the messages
                self._show(name)
            self._incoming += sent
            *lines, self._incoming = self._incoming.split(b"\n") if sent else [self._incoming]
            for line in lines:
                self._take(line)
            if not has_ended or not sent:
                break
        if has_ended:
            self._end(self._read(self._status.fileno()).decode())

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # it is busy, or dead as `_status` will tell
            del self._outgoing[: self._wire.send(self._outgoing)]

    def _read(self, end: int) -> bytes:
        """Read what has arrived at a descriptor; stop listening to it at end of file."""
        try:
            part = os.read(end, 1 << 20)
        except BlockingIOError:
            return b""
        except OSError:
            part = b""
        if not part:
            self._open.discard(end)
        self._bytes_left -= len(part)
        if self._bytes_left < 0:
            self._end("output")
        return part

    def _show(self, name: str) -> None:
        """Turn what programs have printed into a message."""
        if text := self._read(self._pipes[name]):
            content = {"name": name, "text": text.decode("utf-8", "replace")}
            message = {"msg_type": "stream", "metadata": {}, "content": content}
            message |= {"header": {"msg_type": "stream"}, "parent_header": self._request}
            self._received.append(message)

    def _take(self, line: bytearray) -> None:
        """Parse a line within the limits: 32 MB of JSON can take a gigabyte of memory."""
        if self._values_left < math.inf:
            self._values_left -= sum(1 for _ in VALUES.finditer(line))
        if self._values_left < 0 or self._bytes_left < 0:
            self._end("output")
        elif self.ended != NONSENSE:
            try:
                self._received.append(message_of(line))
            except (ValueError, TypeError, KeyError, RecursionError):
                self._end(NONSENSE)  # the notebook's code writes to the wire

    def _end(self, why: str) -> None:
        self.ended = self.ended or why or LOST


def message_of(line: bytearray) -> Message:
    """Parse a message into the form that nbclient expects.

    Raises:
        ValueError, TypeError, KeyError, RecursionError: the line is not a message.
    """
    message = json.loads(line)
    message["header"] = {"msg_type": message["msg_type"]}
    message["buffers"] = [base64.b64decode(text) for text in message["buffers"]]
    if not isinstance(message["content"], dict) or not isinstance(message["parent_header"], dict):
        raise ValueError
    return dict(message)


def _valid(data: Message) -> Message:
    """Return displayed data in a form that nbformat accepts: text, except for JSON types."""
    return {
        kind: value if isinstance(value, str) or JSON.fullmatch(kind) else json.dumps(value)
        for kind, value in data.items()
    }


class InFork:
    """Mixin for nbclient's clients: cells run in a forked kernel, and nbclient stores their outputs."""

    kc: Any  # Kernel

    def execute_cell(self: Any, cell: NotebookNode, cell_index: int) -> NotebookNode:
        """Run a cell and store its outputs in it.

        Raises:
            CellExecutionError: the cell raised an error that no tag allows.
            CellTimeoutError: the cell took too long.
            DeadKernelError: the kernel has ended.
        """
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        if self.record_timing:
            cell.metadata["execution"] = {}
        cell.outputs = []
        self.clear_before_next_output = False
        timeout = self._get_timeout(cell)

        def show(message: Message) -> None:
            if message["msg_type"] in SHOWING:
                message["content"]["data"] = _valid(message["content"]["data"])
            self.process_message(message, cell, cell_index)

        try:
            reply = self.kc.run(cell.source, show, timeout)
        except TimeoutError:
            raise CellTimeoutError.error_from_timeout_and_cell(
                "Cell execution timed out", timeout, cell
            ) from None
        raise_if_exited(reply)
        if reply["status"] == "error" and not self.allow_errors and "raises-exception" not in tags:
            raise CellExecutionError.from_cell_and_msg(cell, reply)
        return cell


class Client(InFork, nbclient.NotebookClient):
    """nbclient's client with a forked kernel."""


def raise_if_exited(reply: Message) -> None:
    """Raise an error if a cell has called `exit()` or `quit()`.

    Raises:
        DeadKernelError: it has.
    """
    for payload in reply.get("payload", []):
        if payload.get("source") == "ask_exit" and not payload.get("keepkernel"):
            raise DeadKernelError("the notebook ended its kernel with exit() or quit()")


def merged(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Join consecutive texts of a stream, which are split by chance."""
    found: list[NotebookNode] = []
    for key, group in itertools.groupby(outputs, lambda output: output.get("name")):
        if key is None:
            found += group
        else:
            text = "".join(output.text for output in group)
            found.append(nbformat.v4.new_output("stream", name=key, text=last_written(text)))
    return found


def last_written(text: str) -> str:
    """Remove text overwritten after a carriage return, line by line."""
    lines = text.split("\n")
    return "\n".join(line[line.rstrip("\r").rfind("\r") + 1 :] for line in lines)
