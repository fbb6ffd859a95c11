"""Fixtures that build small notebooks and run them on the command line."""

import os
import subprocess
import sys
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sheet11.course.cli import main
from sheet11.course.engine import warm

RECORDING = (
    "from sheet11 import record\nimport numpy as np\nrecord(square=n * n, many=np.arange(n))"
)
HIDING = """
import sys

class Hidden:
    def find_spec(name, *_):
        if name in {modules}:
            raise ModuleNotFoundError(name)

sys.modules["rfc3987_syntax"] = None
if any(word.endswith("server.py") for word in sys.orig_argv):
    sys.meta_path.insert(0, Hidden)
"""


class Ended(NamedTuple):
    """A command that has ended, as `subprocess.run` describes it."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def recording():
    """Return the source of a cell that records n² and 0 … n−1."""
    return RECORDING


@pytest.fixture(scope="session")
def build():
    """Make a notebook of code cells, the first one tagged `parameters`."""

    def build(*sources, parameters="n: int = 3  # a number", **metadata):
        cells = [new_code_cell(source) for source in sources]
        if parameters:
            cells.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        return new_notebook(
            cells=[new_markdown_cell("# A *small* notebook"), *cells], metadata=metadata
        )

    return build


@pytest.fixture(scope="session")
def light(tmp_path_factory):
    """Return environments for `sheet11 run` and `sweep` that skip slow imports in the kernel server and elsewhere.

    Notebooks in tests must not use the skipped modules; `sweep` may, and so may its kernel if it draws no figures.
    """

    def environment(name, modules):
        folder = tmp_path_factory.mktemp(name)
        (folder / "sitecustomize.py").write_text(HIDING.format(modules=modules))
        return os.environ | {"PYTHONPATH": str(folder)}

    slow = ["seaborn", "networkx"]
    return {"run": environment("run", [*slow, "matplotlib"]), "sweep": environment("sweep", slow)}


@pytest.fixture
def sheet11():
    """Run the command `sheet11` in a separate process."""

    def sheet11(*arguments, cwd, env=None):
        command = [sys.executable, "-m", "sheet11", *map(str, arguments)]
        return subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300
        )

    return sheet11


@pytest.fixture(scope="session")
def one_server():
    """Share one kernel server in this process, and end it after the session."""
    yield
    warm.stop_server()


@pytest.fixture
def keep_server(one_server, monkeypatch):
    """Keep this process's kernel server for the next test."""
    monkeypatch.setattr(warm, "stop_server", lambda: None)


@pytest.fixture(scope="module")
def new_server():
    """Start a fresh kernel server with one thread for each kernel; the server of this process is set aside."""
    kept, warm._server = warm._server, None
    yield warm.server(threads=1)
    warm.stop_server()
    warm._server = kept


@pytest.fixture
def invoke(keep_server, monkeypatch):
    """Call the command `sheet11` in this process, which saves imports and the start of a kernel server."""

    def invoke(*arguments, cwd):
        monkeypatch.chdir(cwd)
        result = CliRunner().invoke(main, list(map(str, arguments)), prog_name="sheet11")
        if result.exc_info and not isinstance(result.exception, SystemExit | None):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return invoke
