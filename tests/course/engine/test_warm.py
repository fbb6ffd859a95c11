"""Warm kernels behave like ordinary kernels, and leave nothing behind when any process dies."""

import contextlib
import functools
import json
import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import nbformat
import numpy as np
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from sheet11.course.engine import warm
from sheet11.course.engine.child import THREADS
from sheet11.course.engine.warm import CAN_FORK, Server, server, stop_server
from sheet11.course.execute import execute
from sheet11.course.notebooks import error_of, read_notebook
from sheet11.course.sheet import find_sheet
from sheet11.lab.records import MIME_TYPE, read_records

pytestmark = pytest.mark.skipif(
    not CAN_FORK, reason="needs fork; elsewhere the ordinary kernel serves"
)

WORK = """
from sheet11 import record
import os, random, threading
import matplotlib, matplotlib.pyplot as plt, numpy as np, torch
a = torch.arange(250_000, dtype=torch.float64).reshape(500, 500) / 1e5
plt.plot([1, 2]); plt.show()
record(product=(a @ a.T), numpy_product=a.numpy() @ a.numpy(), threads=torch.get_num_threads(),
       backend=matplotlib.get_backend(), directory=os.listdir("."))
"""


@pytest.fixture(scope="module", autouse=True)
def imported(new_server, build):
    """Report if a new server has imported torch, torch._dynamo and seaborn, for its first and for a torch kernel."""
    source = (
        "import sys\nfrom sheet11 import record\nnames = ['tor' + 'ch', 'tor' + 'ch._dynamo', 'seaborn']\n"
        "record(imported=[name in sys.modules for name in names])"
    )
    return [
        read_records(execute(build(text), {}, warm=True))["imported"]
        for text in (source, f"{source}  # torch")
    ]


def gone(pid):
    """Wait up to ten seconds for a process to end."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.05)
                continue
        return True
    return False


def test_server_has_one_thread_also_after_forks(build):
    execute(build("1"), {}, warm=True)
    assert len(os.listdir(f"/proc/{server().process.pid}/task")) == 1


def test_kernels_have_as_many_threads_as_the_server_was_given(build, monkeypatch):
    given = Server(threads=3, modules=[])
    monkeypatch.setattr(warm, "_server", given)
    source = "import os\nfrom sheet11 import record\n"
    source += f"record(threads=' '.join(os.environ[name] for name in {list(THREADS)}))"
    try:
        assert read_records(execute(build(source), {}, warm=True))["threads"] == " ".join(
            "3" for _ in THREADS
        )
    finally:
        given.close()


@pytest.mark.slow
def test_a_new_server_imports_torch_for_the_first_kernel_that_wants_it_and_shares_its_threads(
    imported, build
):
    assert np.array_equal(imported, [[False, False, True], [True, True, True]])
    records = read_records(execute(build(WORK), {}, warm=True))
    assert len(os.listdir(f"/proc/{server().process.pid}/task")) == 1, (
        "what the first optimizer imports starts none"
    )
    assert records["threads"] == 1
    a = np.arange(250_000).reshape(500, 500) / 1e5
    assert np.allclose(records["numpy_product"], a @ a) and np.allclose(records["product"], a @ a.T)


def test_what_an_optimizer_imports_is_imported_already(build):
    source = """
import sys, torch
from sheet11 import record
before = set(sys.modules)
weight = torch.nn.Parameter(torch.ones(3))
optimizer = torch.optim.Adam([weight])
weight.sum().backward()
optimizer.step()
record(new=len([name for name in sys.modules if name not in before]))
"""
    assert read_records(execute(build(source), {}, warm=True))["new"] < 20


def test_a_package_comes_from_where_the_kernel_is_told(build, tmp_path):
    for name in (
        "here",
        "sheet11",
    ):  # an edition of this sheet brings a package of this kit's own name
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("where = __file__")
    source = "import here, sheet11\nprint(here.where, sheet11.where, sep='\\n', end='')"
    expected = "\n".join(str(tmp_path / name / "__init__.py") for name in ("here", "sheet11"))
    for forked in (True, False):
        executed = execute(build(source, parameters=None), {}, warm=forked, package_folder=tmp_path)
        assert executed.cells[-1].outputs[0].text == expected
    assert (
        error_of(execute(build("import here"), {}, warm=True))
        == "ModuleNotFoundError: No module named 'here'"
    )


def test_cores_are_shared(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=64 << 30))
    assert [warm.share_cores(n) for n in (None, 1, 2, 3, 8, 20)] == [
        (8, 1),
        (1, 8),
        (2, 4),
        (3, 2),
        (8, 1),
        (8, 1),
    ]
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2 << 30))
    assert [warm.share_cores(n) for n in (None, 2, 20)] == [(4, 2), (2, 4), (4, 2)]
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=0))
    assert warm.share_cores(20) == (1, 8)


@pytest.mark.slow
@pytest.mark.parametrize("stem", ["01_encoding", "02_scores"])
def test_forks_store_what_the_notebooks_hold(stem):
    """Which strict nbval, in turn, has found to be what the ordinary kernel stores."""
    path = find_sheet().notebooks[stem]
    stored = read_notebook(path)
    executed = execute(stored, {}, path.parent, warm=True)
    for cell, before in zip(executed.cells, stored.cells, strict=True):
        assert comparable(shown(cell)) == comparable(shown(before)), cell.id


def shown(cell):
    """What nbval compares of a cell: neither images nor records."""
    outputs = json.loads(json.dumps(cell.get("outputs", [])))
    for output in outputs:
        for kind in ("image/png", MIME_TYPE):
            output.get("data", {}).pop(kind, None)
        output.get("metadata", {}).pop("image/png", None)
    return outputs


# what a notebook may do; printed text, displays, errors and widgets must be the ordinary kernel's
FIDELITY = {
    "print and value": "print('a'); print('b'); 1 + 1",
    "shell": "!echo shell\nfiles = !echo one two\nfiles",
    "stderr": "import sys; print('x', file=sys.stderr); print('y')",
    "await": "import asyncio; await asyncio.sleep(0.01); 3",
    "tasks": "task = asyncio.create_task(asyncio.sleep(0.01, 'done')); await task",
    "running loop": "try: asyncio.run(asyncio.sleep(0))\nexcept RuntimeError as error: print(error)",
    "inline": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "svg": "%config InlineBackend.figure_formats = ['png', 'jpeg']\nplt.plot([2, 1]);",
    "update": "from IPython.display import *\nh = display('a', display_id='same'); h.update('b')",
    "later update": "update_display('c', display_id='same')",
    "clear": "print(1); clear_output(); print(2); clear_output(wait=True); print(3)",
    "widget": "import ipywidgets; ipywidgets.IntSlider(5)",
    "in turn": "for i in range(3): print(i); display(i); print(i, end='')",
    "updated in turn": "for i in range(3): print(i); update_display(i, display_id='same')",
    "output widget": "out = ipywidgets.Output()\nwith out: print('in'); display(1)\nprint('out')",
    "its outputs": "out.outputs",
    "cleared": "with out: clear_output()\nout.outputs",
    "rich": "display(HTML('<b>x</b>'), Markdown('*x*'), Latex('$x$'), JSON({'a': [1, None]}), SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'))",
    "data frame": "import pandas; pandas.DataFrame({'a': [1, 2]})",
    "repr fails": "class A:\n    def __repr__(self): raise ValueError('no')\nA()",
    "magics": "%%capture kept\nprint('kept')",
    "captured": "kept.stdout",
    "script": "%%bash\necho $((1 + 1)); echo err >&2",
    "input": "input('name?')",
    "getpass": "import getpass; getpass.getpass()",
    "warning": "import warnings; warnings.warn('careful')",
    "threads": "import threading; t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()",
    "error": "def f(x): return 1 / x\nf(0)",
    "syntax error": "def f(:",
    "exception group": "raise ExceptionGroup('many', [ValueError(1), KeyError('k')])",
    "exit": "import sys; sys.exit(3)",
    "quit": "_, __, In[1], _oh[3], get_ipython().execution_count",
    "help": "len?",
    "stdout": "sys.stdout.write('written'); sys.stdout.isatty(), sys.stdout.encoding",
    "names": "__name__, sorted(name for name in globals() if not name.startswith('_'))[:5], sys.path[0]",
    "work": WORK,
    "tqdm": "from tqdm.auto import tqdm; type(tqdm(range(1), disable=True)).__name__",
}


def test_whatever_a_notebook_does_its_outputs_are_the_ordinary_kernels(tmp_path, monkeypatch):
    for name in THREADS:
        monkeypatch.setenv(name, "1")
    cells = [
        new_code_cell(source, metadata={"tags": ["raises-exception"]})
        for source in FIDELITY.values()
    ]
    notebook = new_notebook(cells=cells)
    warm, cold = (
        execute(notebook, {}, tmp_path, warm=forked, timeout=60) for forked in (True, False)
    )
    for name, ours, theirs in zip(FIDELITY, warm.cells, cold.cells, strict=True):
        assert comparable(ours.outputs) == comparable(theirs.outputs), name
        assert ours.execution_count == theirs.execution_count, name
        if name == "work":
            assert ours.outputs == theirs.outputs, "records and figures, byte for byte"
    assert read_records(warm)["threads"] == 1
    assert warm.metadata.language_info == cold.metadata.language_info
    assert widget_states(warm) == widget_states(cold)


def test_a_widget_may_show_more_than_a_socket_holds(build):
    source = (
        "import ipywidgets\nfrom IPython.display import display\nout = ipywidgets.Output()\n"
        "with out:\n    for i in range(60): display('x' * 9000)"
    )
    executed = execute(build(source, "len(out.outputs)"), {}, warm=True, timeout=60)
    assert executed.cells[-1].outputs[0].data["text/plain"] == "60"


def widget_states(notebook):
    """What is kept of widgets, in an order that does not depend on their random identities."""
    return sorted(
        map(
            comparable,
            notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"].state.values(),
        )
    )


def comparable(outputs):
    """Outputs as text, without addresses, process numbers and random identities."""
    text = json.dumps(outputs, sort_keys=True)
    return re.sub(r"0x[0-9a-f]+|ipykernel_\d+/\d+|[0-9a-f]{32}", "…", text)


def test_nothing_is_written_to_the_users_folders(tmp_path, build):
    command = "from sheet11.course.cli import main; main(['run', 'a.ipynb'])"
    nbformat.write(build("1"), tmp_path / "a.ipynb")
    (tmp_path / "home").mkdir()
    environment = os.environ | {
        "HOME": str(tmp_path / "home"),
        "MPLCONFIGDIR": str(tmp_path / "fonts"),
    }
    subprocess.run(
        [sys.executable, "-c", command],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
    )
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file()] == []


def test_what_is_printed_past_python_is_there_in_order(build):
    # the ordinary kernel shows it, too, now in this cell and now in the next one
    executed = execute(
        build("import os, subprocess\nos.system('echo past')\nsubprocess.run(['echo', 'child'])"),
        {},
        warm=True,
    )
    assert executed.cells[-1].outputs[0] == {
        "output_type": "stream",
        "name": "stdout",
        "text": "past\nchild\n",
    }


def test_a_cell_that_kills_its_process_is_where_the_error_is(build):
    executed = execute(
        build("print('before')", "import os; print('last', flush=True); os._exit(7)", "3"),
        {},
        warm=True,
    )
    assert error_of(executed) == "DeadKernelError: Kernel died"
    *_, before, fatal, after = executed.cells
    assert before.outputs[0].text == "before\n" and [
        output.output_type for output in fatal.outputs
    ] == [
        "stream",
        "error",
    ]
    assert after.outputs == [] and after.execution_count is None


@pytest.mark.parametrize(
    "program", ["sleep 98.76", "setsid sleep 98.76", "nohup setsid sh -c 'sleep 98.76' &"]
)
def test_what_a_notebook_leaves_running_is_ended(build, program):
    source = f"import subprocess, time\nsubprocess.Popen({program!r}, shell=True)\ntime.sleep(0.2)"
    before = {
        process.pid for process in psutil.Process(server().process.pid).children(recursive=True)
    }
    execute(build(source), {}, warm=True)
    left = psutil.Process(server().process.pid).children(recursive=True)
    assert not [process for process in left if process.pid not in before and not gone(process.pid)]


def test_no_state_passes_from_one_kernel_to_the_next(build):
    source = (
        "import numpy as np, random, torch, os\nfrom sheet11 import record\n"
        "record(left=hasattr(np, 'left') or 'LEFT' in os.environ, draws=[np.random.rand(), random.random(), "
        "torch.rand(()).item()], pid=os.getpid())\nnp.left = os.environ['LEFT'] = 'here'"
    )
    first, second = (read_records(execute(build(source), {}, warm=True)) for _ in range(2))
    assert not first["left"] and not second["left"]
    assert (first["draws"] != second["draws"]).all(), "unseeded generators must differ"
    assert first["pid"] != second["pid"]


@pytest.mark.slow
def test_killed_server_costs_no_running_notebook_and_is_replaced(build, monkeypatch):
    monkeypatch.setattr(warm, "Server", functools.partial(Server, modules=[]))
    monkeypatch.setattr(warm, "_server", None)
    old = server().process
    monkeypatch.setenv("SERVER", str(old.pid))
    kill = "import os, signal\nos.kill(int(os.environ['SERVER']), signal.SIGKILL)"
    executed = execute(build(kill, "print('goes on')"), {}, warm=True)
    assert error_of(executed) is None and executed.cells[-1].outputs[0].text == "goes on\n"
    old.wait(10)
    assert error_of(execute(build("1"), {}, warm=True)) is None
    assert server().process.pid != old.pid
    stop_server()


def test_another_interpreter_gets_the_ordinary_kernel(tmp_path, monkeypatch, build):
    spec = {
        "argv": ["/bin/false", "-f", "{connection_file}"],
        "display_name": "other",
        "language": "python",
    }
    (tmp_path / "kernels" / "other").mkdir(parents=True)
    (tmp_path / "kernels" / "other" / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert warm.is_own("python3") and not warm.is_own("other")


SLEEPING = """
import sys
from sheet11.course.execute import execute
from nbformat.v4 import new_code_cell, new_notebook
source = "import os, time\\nopen('pid', 'w').write(f'{os.getpid()} {os.getppid()}')\\ntime.sleep(60)"
notebook = new_notebook(cells=[new_code_cell(source)])
execute(notebook, {}, cwd=sys.argv[1], warm=True)
"""


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_the_client_dies(signum, light, tmp_path):
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    environment = light["run"] | {"TMPDIR": str(scratch)}
    client = subprocess.Popen(
        [sys.executable, "-c", SLEEPING, tmp_path], env=environment, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline and client.poll() is None
        time.sleep(0.05)
    kernel_pid, server_pid = map(int, (tmp_path / "pid").read_text().split())
    client.send_signal(signum)
    client.wait(20)
    assert gone(kernel_pid) and gone(server_pid)
    assert list(scratch.iterdir()) == [], "no connection file, no socket"
