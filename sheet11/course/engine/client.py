"""Client of a forked kernel, inside or outside a sandbox: sends cells and receives their outputs."""

import base64
import contextlib
import functools
import itertools
import json
import math
import os
import platform
import re
import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output

# as ipykernel reports it
LANGUAGE = {
    "name": "python",
    "version": platform.python_version(),
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
    "file_extension": ".py",
}

LOST = "lost"  # the keeper or the server has died
LOOK = 0.05  # seconds between calls of `look`
PATIENCE = 60  # seconds that a keeper may take to end its kernel's processes
# JSON values from a kernel with limits: each takes up to some hundred bytes of memory
MOST_VALUES = 2_000_000
# a string counts once, whatever it contains; so do arrays, objects and their further items
VALUES = re.compile(rb'"(?>[^"\\]+|\\.)*+"?|[\[{,]', re.DOTALL)

OVERWRITTEN = re.compile(r"^.*\r(?=[^\r\n])", re.MULTILINE)
JSON = re.compile(r"application/(.*\+)?json")
SESSION = Session()
SHOWING = ("display_data", "execute_result", "update_display_data")

Message = dict[str, Any]


class Kernel:
    """A forked kernel.

    Args:
        most: limit of bytes from the kernel, which sets the limit `MOST_VALUES`, too; None is no limit.
    """

    def __init__(self, most: int | None = None) -> None:
        self.ended: str | None = None  # the limit that the kernel has exceeded, or another reason
        self.look: Callable[[], object] = lambda: None  # called every 0.05 s
        self.session = SESSION  # nbclient's widgets create messages with it
        self.shell_channel = self  # and send them here
        (self._status, status), (self._wire, wire) = socket.socketpair(), socket.socketpair()
        (out, their_out), (err, their_err) = os.pipe(), os.pipe()
        self._pipes = {"stdout": out, "stderr": err}  # output of programs
        self.theirs = [status.detach(), wire.detach(), their_out, their_err]
        for end in (self._wire.fileno(), out, err):
            os.set_blocking(end, False)
        self._bytes_left = most or math.inf
        self._values_left = MOST_VALUES if most else math.inf
        self._incoming, self._outgoing = bytearray(), bytearray()

    def run(
        self, source: str, show: Callable[[Message], object], timeout: float | None = None
    ) -> Any:
        """Run a cell and return the content of the kernel's reply; `show` gets the messages before it.

        Raises:
            TimeoutError: the cell took longer than `timeout` seconds.
            DeadKernelError: the kernel has ended; `ended` has the reason.
        """
        deadline = time.monotonic() + (timeout or math.inf)
        request = SESSION.msg("execute_request", {"code": source, "stop_on_error": False})
        self.send(request)
        while not self.ended:
            if time.monotonic() > deadline:
                raise TimeoutError
            for message in self._messages(request["header"]):
                if message["parent_header"].get("msg_id") != request["msg_id"]:
                    continue  # from a thread of an earlier cell
                if message["msg_type"] == "execute_reply":
                    return message["content"]
                show(message)
        raise DeadKernelError("Kernel died")

    def send(self, message: Message) -> None:
        """Send a request, or a message to a widget, as soon as the kernel accepts it."""
        self._outgoing += json.dumps(message, default=json_default).encode() + b"\n"

    def end(self) -> str:
        """End the kernel and its processes, wait for that, and return why the kernel ended."""
        with contextlib.suppress(OSError):
            self._status.shutdown(socket.SHUT_WR)
            self._status.settimeout(PATIENCE)
            self.ended = self.ended or self._status.recv(64).decode()
        self.close()
        self.ended = self.ended or LOST
        return self.ended

    def close(self) -> None:
        """End the kernel and its processes without waiting."""
        self._status.close()
        self._wire.close()
        while self._pipes:
            os.close(self._pipes.popitem()[1])

    def _messages(self, parent: Message) -> Iterator[Message]:
        """Send what the kernel accepts, and yield what has arrived; wait a little if there is nothing."""
        self.look()
        reading: list[Any] = [self._status, self._wire, *self._pipes.values()]
        writing = [self._wire] if self._outgoing else []
        ready = select.select(reading, writing, [], LOOK)[0]
        with contextlib.suppress(OSError):  # it is busy, or dead as `_status` will tell
            del self._outgoing[: self._wire.send(self._outgoing)]
        sent = self._read(self._wire.fileno())
        for name, pipe in self._pipes.items():  # programs printed this before the messages
            if text := self._read(pipe).decode("utf-8", "replace"):
                yield SESSION.msg("stream", {"name": name, "text": text}, parent)
        self._incoming += sent
        if b"\n" in sent:
            *lines, self._incoming = self._incoming.split(b"\n")
            yield from map(self._parsed, lines)
        if self._status in ready and not sent:
            self.end()

    def _read(self, end: int) -> bytes:
        """Read what has arrived at a descriptor."""
        part = b""
        with contextlib.suppress(OSError):  # there is nothing
            part = os.read(end, 1 << 20)
        self._bytes_left -= len(part)
        self._check_limits()
        return part

    def _parsed(self, line: bytearray) -> Message:
        """Parse a line within the limits (32 MB of JSON can take a gigabyte of memory) into nbclient's form.

        Raises:
            ValueError, TypeError, KeyError, AttributeError, RecursionError: the notebook's code writes to the wire.
        """
        if self._values_left < math.inf:
            self._values_left -= sum(1 for _ in VALUES.finditer(line))
        self._check_limits()
        message: Message = json.loads(line)
        message["buffers"] = [base64.b64decode(text) for text in message["buffers"]]
        if message["msg_type"] in SHOWING:
            data = message["content"]["data"]
            # nbformat accepts only text, except for JSON types
            for kind, value in data.items():
                if not isinstance(value, str) and not JSON.fullmatch(kind):
                    data[kind] = json.dumps(value)
        return message

    def _check_limits(self) -> None:
        if min(self._bytes_left, self._values_left) < 0:
            self.ended = "output"
            raise DeadKernelError("Kernel died")


def execute_cell(client: Any, cell: NotebookNode, cell_index: int) -> None:
    """Run a cell in a forked kernel, `client.kc`, and let nbclient's client store its outputs.

    Raises:
        CellExecutionError: the cell raised an error that no tag allows.
        CellTimeoutError: the cell took too long.
        DeadKernelError: the kernel has ended.
    """
    tags = cell.metadata.get("tags", [])
    if cell.cell_type != "code" or not cell.source.strip() or client.skip_cells_with_tag in tags:
        return
    if client.record_timing:
        cell.metadata["execution"] = {}
    cell.outputs = []
    client.clear_before_next_output = False
    timeout = client._get_timeout(cell)

    show = functools.partial(client.process_message, cell=cell, cell_index=cell_index)
    try:
        reply = client.kc.run(cell.source, show, timeout)
    except TimeoutError:
        raise CellTimeoutError.error_from_timeout_and_cell(
            "Cell execution timed out", timeout, cell
        ) from None
    raise_if_exited(reply)
    if reply["status"] == "error" and not client.allow_errors and "raises-exception" not in tags:
        raise CellExecutionError.from_cell_and_msg(cell, reply)


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
    joined: list[NotebookNode] = []
    for name, group in itertools.groupby(outputs, lambda output: output.get("name")):
        if name is None:
            joined += group
        else:
            text = OVERWRITTEN.sub("", "".join(output.text for output in group))
            joined.append(new_output("stream", name=name, text=text))
    return joined
