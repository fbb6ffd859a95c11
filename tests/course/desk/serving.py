"""Run `sheet11 mark` in a separate process, with its own settings instead of the user's."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import requests

MARK = [sys.executable, "-m", "sheet11.course.cli", "mark"]
PATIENCE = 60  # seconds
PLACES = (
    "JUPYTER_CONFIG_DIR JUPYTER_DATA_DIR JUPYTER_RUNTIME_DIR JUPYTERLAB_WORKSPACES_DIR IPYTHONDIR"
)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def settings(folder):
    """The environment of a server whose own files go into a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    return kept | {name: f"{folder}/{name}" for name in PLACES.split()}


def answered(process, url):
    """Wait until the server of a process answers."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(url, timeout=PATIENCE)
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers at {url}")


@dataclass
class Server:
    """A running server and the address that it printed."""

    process: subprocess.Popen
    url: str
    out: Path

    def request(self, path, sent=None, **headers):
        """Ask without a browser: post what is sent, else get."""
        address, _, token = self.url.partition("?token=")
        return requests.request(
            "GET" if sent is None else "POST",
            address + path,
            json=sent,
            headers={"Authorization": f"token {token}"} | headers,
            timeout=PATIENCE,
        )

    def ask(self, path, **sent):
        """The server's reply to a request that is granted."""
        response = self.request(f"api/{path}", sent)
        assert response.ok, response.text
        return response.json()


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
    with process:
        try:
            address = re.fullmatch(r"Marking at (http://\S+)\n", process.stdout.readline())
            yield Server(process, address[1], out)
        finally:
            process.terminate()
