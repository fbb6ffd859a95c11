"""Command line, tested by running it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version

import nbformat
import psutil
import pytest
from sheets import waves
from students import Student, first, write_class

from sheet11.course.notebooks import error_of, read_notebook
from sheet11.lab.records import read_records


def test_run_writes_everything(build, recording, invoke, tmp_path):
    figure = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    nbformat.write(build(recording, figure), tmp_path / "ok.ipynb")
    nbformat.write(build("raise RuntimeError('no')"), tmp_path / "bad.ipynb")
    nbformat.write(
        build(recording, parameters="n: int = 2\nother: str = 'x'"), tmp_path / "other.ipynb"
    )
    arguments = [
        "run",
        "bad.ipynb",
        "ok.ipynb",
        "other.ipynb",
        "-p",
        "n=4",
        "-p",
        "other=some text",
        "-o",
        "out",
    ]
    result = invoke(*arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert "Error: 3 of 3 notebooks were executed; failed: bad" in result.stderr
    assert "Traceback" not in result.stderr
    assert "ok: done" in result.stdout and "bad: failed, RuntimeError: no" in result.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        [f"{stem}.{ending}" for stem in ("ok", "bad", "other") for ending in ("ipynb", "html")]
        + ["ok.png", "index.html"]
    )
    assert read_records(tmp_path / "out" / "ok.ipynb")["square"] == 16
    assert error_of(read_notebook(tmp_path / "out" / "bad.ipynb")) == "RuntimeError: no"
    other = json.loads((tmp_path / "out" / "other.ipynb").read_text())
    assert other["metadata"]["papermill"]["parameters"] == {"n": 4, "other": "some text"}
    index = (tmp_path / "out" / "index.html").read_text()
    for expected in (
        "square",
        "<td>16</td>",
        'src="ok.png"',
        "RuntimeError: no",
        'href="bad.html"',
    ):
        assert expected in index


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ok.ipynb", "-p", "m=1"], "no notebook has a parameter 'm'; there are n"),
        (["01_encoding", "-p", "convension=x"], "did you mean 'convention'?"),
        (["ok.ipynb", "-j", "0"], "Invalid value for '-j': 0 is not in the range x>=1"),
        (["ok.ipynb", "--sheet", "nowhere"], "there are no notebooks in 'nowhere'"),
        (["ok.ipynb", "-p", "n"], "Invalid value for '-p': 'n' must be NAME=VALUE"),
        (
            ["ok.ipynb", "-p", "n=1", "-p", "n=2"],
            "Invalid value for '-p': 'n=2' must be NAME=VALUE, with each name once",
        ),
        (["01_encodin"], "did you mean '01_encoding'?"),
        (["text.ipynb"], "text.ipynb is not a Jupyter notebook"),
        (["kernel.ipynb", "text.ipynb"], "kernel.ipynb: no kernel named 'nope' is installed; text"),
        (["ok.ipynb", "-o", "text.ipynb/out"], "cannot write to text.ipynb/out: Not a directory"),
    ],
)
def test_unusable_arguments_end_in_one_line(build, invoke, arguments, message, tmp_path):
    (tmp_path / "sub").mkdir()
    nbformat.write(build("1"), tmp_path / "ok.ipynb")
    nbformat.write(build("1"), tmp_path / "sub" / "ok.ipynb")
    nbformat.write(
        build("1", kernelspec={"name": "nope", "display_name": "n"}), tmp_path / "kernel.ipynb"
    )
    (tmp_path / "text.ipynb").write_text("text")
    result = invoke("run", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ") and message in line
    assert not (tmp_path / "build").exists()


def test_help_and_version(invoke, tmp_path):
    for option in ("-h", "--help"):
        assert "Usage: sheet11 " in invoke(option, cwd=tmp_path).stdout
        assert "-p NAME=V1,V2,..." in invoke("sweep", option, cwd=tmp_path).stdout
    assert invoke("--version", cwd=tmp_path).stdout == f"sheet11, version {version('sheet11')}\n"


WAITING = "import time\nif n == 4:\n    while True: time.sleep(0.01)"
ENDLESS = {  # what never ends, and what is there as soon as all but that is done
    "run": (["quick.ipynb", "slow.ipynb", "-p", "n=4"], "quick.html"),
    "sweep": (["slow.ipynb", "-p", "n=3,4"], "points/*.ipynb"),
    "grade": (["class", "--sheet", "sheet", "--timeout", "100"], "students/quick/*.ipynb"),
}


@pytest.fixture
def endless(build, recording, tmp_path):
    """Make a folder in which every command has one job that ends and one that does not."""
    nbformat.write(build(recording), tmp_path / "quick.ipynb")
    nbformat.write(build(WAITING), tmp_path / "slow.ipynb")
    course = waves(tmp_path / "sheet")
    slow = first(course, wave="def wave(*_, **__):\n    while True: pass")
    write_class(
        tmp_path / "class", [Student("quick", first(course)), Student("slow", slow)], course
    )
    (tmp_path / "tmp").mkdir()
    return tmp_path


def left_of(environment):
    """Processes with this environment that live."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if (
                process.environ().get("TMPDIR") == environment
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
    return found


def has_server(pid):
    """Whether a command has started the process that runs notebooks, which then imports for a while."""
    with contextlib.suppress(psutil.Error):
        below = psutil.Process(pid).children(recursive=True)
        return any(word.endswith("server.py") for each in below for word in each.cmdline())
    return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "works", "signum"),
    [
        ("run", True, signal.SIGINT),
        ("sweep", True, signal.SIGINT),
        ("grade", True, signal.SIGINT),
        ("run", False, signal.SIGINT),
        ("grade", False, signal.SIGINT),
        ("grade", True, signal.SIGKILL),
        ("sweep", False, signal.SIGKILL),
    ],
)
def test_a_command_that_is_ended_keeps_what_is_done_and_leaves_nothing_else(
    command, works, signum, endless, light
):
    scratch, (arguments, finished) = endless / "tmp", ENDLESS[command]
    process = subprocess.Popen(
        [sys.executable, "-m", "sheet11", command, *arguments, "-j", "2", "-o", "out"],
        cwd=endless,
        env=light.get(command, os.environ) | {"TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # a shell's background jobs ignore it
    )
    deadline = time.monotonic() + 60
    while not (list((endless / "out").glob(finished)) if works else has_server(process.pid)):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    since = time.monotonic()
    os.killpg(process.pid, signum)  # as a terminal does it
    process.wait(30)
    seconds = time.monotonic() - since
    while (left := [*left_of(str(scratch)), *scratch.iterdir()]) and time.monotonic() - since < 15:
        time.sleep(0.1)
    assert left == [], "no process, no socket, no temporary folder"
    stderr = process.communicate()[1]
    if signum == signal.SIGINT:
        assert seconds < 5  # 3 where nothing else is to do
        assert process.returncode == 1 and stderr.strip().splitlines()[-1] == "Aborted!"
        assert {path.name for path in (endless / "out").rglob(".*")} <= {".lock"}, (
            "no half-written file"
        )
    assert "Traceback" not in stderr and "Exception ignored" not in stderr
    assert bool(list((endless / "out").glob(finished))) == works


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_names_that_a_terminal_cannot_write(sheet11, tmp_path, encoding):
    ended = sheet11(
        "run", "Łukasz 李.ipynb", cwd=tmp_path, env=os.environ | {"PYTHONIOENCODING": encoding}
    )
    assert ended.returncode == 2 and "Traceback" not in ended.stderr
    assert r"\u0141ukasz \u674e.ipynb" in ended.stderr
