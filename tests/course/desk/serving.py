"""`sheet11 mark` as a process of its own, with settings of its own and none of the user's."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

MARK = [sys.executable, "-m", "sheet11.course.cli", "mark"]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def settings(folder):
    """The environment of a server whose own files go into a folder."""
    places = {
        name: str(Path(folder, name.lower()))
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")
    }
    return {
        name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")
    } | places


@dataclass
class Server:
    """A running server and the address that it printed."""

    process: subprocess.Popen
    url: str

    @property
    def token(self):
        return self.url.partition("token=")[2]

    def request(self, path, sent=None, **headers):
        """Ask without a browser: (status, text)."""
        headers = {"Authorization": f"token {self.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        body = None if sent is None else json.dumps(sent).encode()
        request = urllib.request.Request(self.url.partition("?")[0] + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def end(self):
        """End it as Ctrl-C does; what it printed after its address."""
        self.process.send_signal(signal.SIGINT)
        return self.process.stdout.read()

    def ask(self, path, sent=None):
        """What the server answers."""
        status, text = self.request(f"api/{path}", sent)
        assert status == 200, text
        return json.loads(text)


@contextlib.contextmanager
def serving(out, own, name="grace", port=None, command=MARK):
    """The server, until the context ends."""
    options = [
        "--no-browser",
        "--port",
        str(port or free_port()),
        *(["--name", name] if name else []),
    ]
    process = subprocess.Popen(
        [*command, str(out), *options],
        env=settings(own),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        address = re.fullmatch(
            r"Marking at (http://127\.0\.0\.1:\d+/\S+)\n", process.stdout.readline()
        )
        yield Server(process, address[1])
    finally:
        process.terminate()
        with process.stdout:
            process.wait(timeout=60)
