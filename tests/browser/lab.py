"""JupyterLab on localhost, and a user's actions in it. Pages and locators are Playwright's."""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

from serving import answered, free_port, settings

MINUTE = 60.0
PROMPTS = ".jp-Notebook .jp-CodeCell .jp-InputArea-prompt"
FOLDED = ".jp-Notebook .jp-CodeCell .jp-InputPlaceholder"  # has no prompt
# no question about news and no look for updates: neither has anything to do with the notebooks, and both want a net
SETTINGS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
NO_NEWS = '{"fetchNews": "false", "checkForUpdates": false}'


@contextlib.contextmanager
def jupyter_lab(folder):
    """JupyterLab on `folder`, with settings of its own and none of the user's: the address of a notebook's page."""
    with tempfile.TemporaryDirectory() as own:
        path = Path(own, "lab", SETTINGS)
        path.parent.mkdir(parents=True)
        path.write_text(NO_NEWS)
        environment = settings(own) | {"JUPYTERLAB_SETTINGS_DIR": f"{own}/lab"}
        options = "--no-browser --ip=127.0.0.1 --allow-root --IdentityProvider.token=secret".split()
        port = free_port()
        command = [sys.executable, "-m", "jupyterlab", *options, f"--port={port}"]
        with subprocess.Popen(
            command, cwd=folder, env=environment, stderr=subprocess.DEVNULL
        ) as server:
            try:
                url = f"http://127.0.0.1:{port}/"
                answered(server, url)
                # in a workspace that holds nothing else
                yield lambda name: f"{url}lab/tree/{name}?reset&token=secret"
            finally:
                server.terminate()  # upon which it ends its kernels


def open_notebook(page, address, code_cells):
    """Open a notebook and wait until its kernel is idle and all its code cells are there."""
    page.goto(address)
    _wait_for_idle(page)
    # JupyterLab attaches the cells below the window when it has time
    page.wait_for_function(
        f"count => document.querySelectorAll('{PROMPTS}, {FOLDED}').length == count", arg=code_cells
    )


def run_all(page):
    """Choose Run ▸ Run All Cells, and wait until every code cell has run, or one has failed and the rest will not.

    The last one must not be folded.
    """
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
