"""JupyterLab on this machine alone, and what a person does in it. Pages and locators are Playwright's."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

MINUTE = 60.0
PROMPTS = ".jp-Notebook .jp-CodeCell .jp-InputArea-prompt"
PLACES = (
    "JUPYTER_CONFIG_DIR JUPYTER_DATA_DIR JUPYTER_RUNTIME_DIR"
    " JUPYTERLAB_SETTINGS_DIR JUPYTERLAB_WORKSPACES_DIR IPYTHONDIR".split()
)
SETTINGS = {
    # no question about news and no look for updates: neither has anything to do with the notebooks, and both want a net
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    # when each cell ran goes into the saved notebook: proof that it did
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"recordTiming": True},
}


@dataclass(frozen=True)
class Lab:
    """A running server, its address, its token and its folder."""

    url: str
    token: str
    folder: Path

    def address(self, name):
        """Of a notebook, in a workspace that holds nothing else."""
        return f"{self.url}lab/tree/{name}?reset&token={self.token}"

    def request(self, method, path):
        """Ask the server's own interface; `path` is relative to it."""
        request = urllib.request.Request(
            f"{self.url}api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=MINUTE) as response:
            return json.loads(response.read() or "null")

    def end_kernels(self):
        """End all kernels, so that the next notebook has the machine for itself."""
        for session in self.request("GET", "sessions"):
            self.request("DELETE", f"sessions/{session['id']}")


@contextlib.contextmanager
def jupyter_lab(folder):
    """JupyterLab on `folder`, on a free port of the loopback, with settings of its own and none of the user's."""
    with tempfile.TemporaryDirectory() as own:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
        environment |= {name: f"{own}/{name}" for name in PLACES}
        for name, settings in SETTINGS.items():
            path = Path(own, "JUPYTERLAB_SETTINGS_DIR", name)
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(settings))
        options = "--no-browser --ip=127.0.0.1 --port=0 --allow-root".split()
        with open(Path(own, "log"), "w+") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *options],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                about = Path(own, "JUPYTER_RUNTIME_DIR", f"jpserver-{server.pid}.json")
                yield _wait_for(server, folder, about, Path(log.name))
            finally:
                server.send_signal(signal.SIGTERM)  # upon which it ends its kernels
                try:
                    server.wait(MINUTE)
                finally:
                    server.kill()  # kernels end by themselves when their server is gone
                    server.wait()


def _wait_for(server, folder, about, log):
    """Wait until the server answers. The file it writes about itself tells port and token."""
    end = time.monotonic() + 2 * MINUTE
    while server.poll() is None and time.monotonic() < end:
        # not there, half written, or not listening yet
        with contextlib.suppress(OSError, ValueError):
            told = json.loads(about.read_text())
            lab = Lab(told["url"], told["token"], folder)
            lab.request("GET", "status")
            return lab
        time.sleep(0.05)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")


def open_notebook(page, lab, name, code_cells):
    """Open a notebook and wait until its kernel is idle and all its code cells are there."""
    page.goto(lab.address(name))
    _wait_for_idle(page)
    # JupyterLab attaches the cells below the window when it has time
    page.wait_for_function(
        f"count => document.querySelectorAll('{PROMPTS}').length == count", arg=code_cells
    )


def run_all(page):
    """Choose Run ▸ Run All Cells, and wait until every code cell has run, or one has failed and the rest will not."""
    # what is stored looks as if it had just been run
    page.locator(PROMPTS).evaluate_all(
        "prompts => prompts.forEach(prompt => (prompt.textContent = ''))"
    )
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        f"""() => [...document.querySelectorAll('{PROMPTS}')].every(
            prompt => prompt.textContent && !prompt.textContent.includes('*'))"""
    )
    _wait_for_idle(page)


def save(page):
    """Save the notebook, and wait until the server has it."""
    with page.expect_response(
        lambda response: response.request.method == "PUT" and "/api/contents/" in response.url
    ):
        page.keyboard.press("Control+s")


def cell(page, index):
    """Locate a cell by its place in the notebook."""
    return page.locator(".jp-Notebook .jp-Cell").nth(index)


def _wait_for_idle(page):
    # in the status bar: the sign beside the kernel's name says idle before there is a kernel, and a run would be lost
    page.locator(".jp-StatusBar-TextItem", has_text="| Idle").wait_for()
