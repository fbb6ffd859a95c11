"""`sheet11 mark` as a process of its own, with settings of its own and none of the user's."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
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
        "JUPYTER_DATA_DIR": f"{folder}/data",
        "JUPYTER_RUNTIME_DIR": f"{folder}/runtime",
        "JUPYTERLAB_WORKSPACES_DIR": f"{folder}/workspaces",
        "IPYTHONDIR": f"{folder}/ipython",
    }


def answered(process, url):
    """Wait until the server of a process answers."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError):
            return urllib.request.urlopen(url, timeout=PATIENCE).close()
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers at {url}")


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

    def ask(self, path, **sent):
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
