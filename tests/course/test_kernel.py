"""Warm kernels: they do what ordinary kernels do, and nothing is left of them, whoever dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import papermill
import psutil
import pytest

from sheet11.course import kernel
from sheet11.course.execute import execute
from sheet11.course.forkserver import THREAD_VARIABLES
from sheet11.course.kernel import CAN_FORK, Server, WarmKernelManager, server, stop_server
from sheet11.course.notebooks import error_of
from sheet11.lab.records import read_records

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="needs fork; elsewhere the ordinary kernel serves")

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
def one_thread():
    stop_server()
    yield server(threads=1)
    stop_server()


def gone(pid):
    """Whether a process ends within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_same_records_and_outputs_as_the_ordinary_kernel(build, monkeypatch):
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "1")
    notebook = build(WORK)
    warm, cold = (execute(notebook, {}, warm=warm) for warm in (True, False))
    assert error_of(warm) is None
    assert read_records(warm)["threads"] == 1
    assert nbformat.writes(warm) == nbformat.writes(cold), "records, text and figures, byte for byte"


def test_server_has_one_thread_also_after_forks(build):
    execute(build("1"), {}, warm=True)
    assert len(os.listdir(f"/proc/{server().process.pid}/task")) == 1


@pytest.mark.slow
def test_a_new_server_imports_torch_for_the_first_kernel_that_wants_it_and_shares_its_threads(build, monkeypatch):
    fresh = Server(threads=2)
    monkeypatch.setattr(kernel, "_server", fresh)
    source = (
        "import sys\nfrom sheet11 import record\nnames = ['tor' + 'ch', 'tor' + 'ch._dynamo', 'seaborn']\n"
        "record(imported=[name in sys.modules for name in names])"
    )
    try:
        imported = [
            read_records(execute(build(text), {}, warm=True))["imported"] for text in (source, f"{source}  # torch")
        ]
        records = read_records(execute(build(WORK), {}, warm=True))
        assert len(os.listdir(f"/proc/{fresh.process.pid}/task")) == 1, "what the first optimizer imports starts none"
    finally:
        fresh.close()
    assert np.array_equal(imported, [[False, False, True], [True, True, True]])
    assert records["threads"] == 2
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
    for name in ("here", "sheet11"):  # an edition of this sheet brings a package of this kit's own name
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("where = __file__")
    source = "import here, sheet11\nprint(here.where, sheet11.where, sep='\\n', end='')"
    expected = "\n".join(str(tmp_path / name / "__init__.py") for name in ("here", "sheet11"))
    for warm in (True, False):
        executed = execute(build(source, parameters=None), {}, warm=warm, package_folder=tmp_path)
        assert executed.cells[-1].outputs[0].text == expected
    assert error_of(execute(build("import here"), {}, warm=True)) == "ModuleNotFoundError: No module named 'here'"


def test_cores_are_shared(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    assert [kernel.share_cores(n) for n in (None, 1, 2, 3, 8, 20)] == [(9, 1), (1, 8), (2, 4), (3, 2), (8, 1), (20, 1)]


@pytest.mark.slow
def test_nbval_passes_on_warm_kernels(build, recording, tmp_path):
    figure = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    nbformat.write(execute(build(recording, figure), {}), tmp_path / "stored.ipynb")
    spec = {
        "argv": [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "warm",
        "language": "python",
        "metadata": {"kernel_provisioner": {"provisioner_name": "sheet11-warm"}},
    }
    (tmp_path / "kernels" / "warm").mkdir(parents=True)
    (tmp_path / "kernels" / "warm" / "kernel.json").write_text(json.dumps(spec))
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-kernel-name", "warm", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, "stored.ipynb"],
        cwd=tmp_path,
        env=os.environ | {"JUPYTER_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout


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


def test_killed_kernel(build):
    executed = execute(build("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "2"), {}, warm=True)
    assert error_of(executed).startswith("DeadKernelError")


@pytest.mark.slow
def test_killed_server_takes_its_kernels_along_and_is_replaced(build):
    old = server().process
    executed = execute(
        build("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time\ntime.sleep(60)"), {}, warm=True
    )
    assert error_of(executed).startswith("DeadKernelError")
    old.wait(10)
    assert error_of(execute(build("1"), {}, warm=True)) is None
    assert server().process.pid != old.pid


def test_another_interpreter_gets_the_ordinary_kernel():
    assert not kernel._is_own_ipykernel(["/usr/bin/other-python", "-m", "ipykernel_launcher", "-f", "file"])
    assert not kernel._is_own_ipykernel([sys.executable, "-m", "xeus", "-f", "file"])
    assert kernel._is_own_ipykernel([sys.executable, "-m", "ipykernel_launcher", "-f", "file"])


@pytest.mark.slow
def test_interrupt_restart_shutdown():
    from jupyter_client.blocking import BlockingKernelClient
    from jupyter_core.utils import run_sync

    manager = WarmKernelManager(kernel_name="python3")
    run_sync(manager.start_kernel)()
    client = BlockingKernelClient()
    client.load_connection_info(manager.get_connection_info())
    client.start_channels()
    try:
        client.wait_for_ready(timeout=30)
        first = manager.provisioner.pid
        identity = client.execute("import time; time.sleep(60)")
        time.sleep(0.5)
        run_sync(manager.interrupt_kernel)()
        reply = client.get_shell_msg(timeout=10)
        assert reply["parent_header"]["msg_id"] == identity and reply["content"]["ename"] == "KeyboardInterrupt"
        run_sync(manager.restart_kernel)(now=True)
        client.wait_for_ready(timeout=30)
        assert manager.provisioner.pid != first and gone(first)
        second = manager.provisioner.pid
    finally:
        client.stop_channels()
        run_sync(manager.shutdown_kernel)(now=False)
    assert gone(second)
    assert not os.path.exists(manager.connection_file)
    assert not list(Path(manager.ip).parent.glob(f"{Path(manager.ip).name}-*")), "sockets"


SLEEPING = """
import sys, nbformat
from sheet11.course.execute import execute
from sheet11.course.kernel import server
source = "import os, time\\nopen('pid', 'w').write(f'{os.getpid()} {os.getppid()}')\\ntime.sleep(60)"
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
execute(notebook, {}, cwd=sys.argv[1], warm=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_the_client_dies(signum, tmp_path):
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    environment = os.environ | {"TMPDIR": str(scratch)}
    client = subprocess.Popen([sys.executable, "-c", SLEEPING, tmp_path], env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline and client.poll() is None
        time.sleep(0.05)
    kernel_pid, server_pid = map(int, (tmp_path / "pid").read_text().split())
    client.send_signal(signum)
    client.wait(20)
    assert gone(kernel_pid) and gone(server_pid)
    assert list(scratch.iterdir()) == [], "no connection file, no socket"


def test_papermill_engine(build, recording, tmp_path):
    path = tmp_path / "in.ipynb"
    nbformat.write(
        build(
            f"{recording}\nimport os, sys\nrecord(parent=os.getppid())",
            kernelspec={"name": "python3", "display_name": "", "language": "python"},
        ),
        path,
    )
    papermill.execute_notebook(path, tmp_path / "out.ipynb", {"n": 6}, engine_name="sheet11", progress_bar=False)
    records = read_records(tmp_path / "out.ipynb")
    assert records["square"] == 36 and records["parent"] == server().process.pid
