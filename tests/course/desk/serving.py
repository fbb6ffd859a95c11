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
PATIENCE = 60  # seconds


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def settings(folder):
    """The environment of a server whose own files go into a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    return kept | {
        "JUPYTER_CONFIG_DIR": f"{folder}/config",
        "JUPYTER_RUNTIME_DIR": f"{folder}/runtime",
    }


@dataclass
class Server:
    """A running server and the address that it printed."""

    process: subprocess.Popen
    url: str
    out: Path

    @property
    def token(self):
        return self.url.partition("token=")[2]

    def request(self, path, sent=None, **headers):
        """Ask without a browser: (status, text)."""
        headers = {"Authorization": f"token {self.token}"} | headers
        body = None if sent is None else json.dumps(sent).encode()
        request = urllib.request.Request(self.url.partition("?")[0] + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def ask(self, path, sent=None):
        """The server's reply to a request that is granted."""
        status, text = self.request(f"api/{path}", sent)
        assert status == 200, text
        return json.loads(text)

    def end(self):
        """End it as Ctrl-C does, and return what it printed after its address."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=PATIENCE)[0]


@contextlib.contextmanager
def serving(out, own, name="grace", port=None, command=MARK):
    """The server, until the context ends."""
    options = ["--no-browser", f"--port={port or free_port()}", f"--name={name}"]
    process = subprocess.Popen(
        [*command, str(out), *options],
        env=settings(own),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # where the tests run in the background, SIGINT is ignored, and a child would inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        printed = process.stdout.readline()
        address = re.fullmatch(r"Marking at (http://127\.0\.0\.1:\d+/\S+)\n", printed)
        yield Server(process, address[1], out)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
        process.stdout.close()
