"""Forked kernels are isolated: nothing that one does changes the outputs of another."""

from concurrent.futures import ThreadPoolExecutor

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from sheet11.course.engine.warm import CAN_FORK
from sheet11.course.execute import execute
from sheet11.course.notebooks import error_of

pytestmark = pytest.mark.skipif(
    not CAN_FORK, reason="needs fork; elsewhere the ordinary kernel serves"
)

NEIGHBOUR = (
    "import builtins, os, resource, signal, sys, threading, time\nimport matplotlib as mpl\nimport numpy as np\n"
    "names = sorted(os.environ), os.listdir(), list(sys.path), os.umask(0o22)\nnames",
    "time.sleep(0.1)  # while others are at work\nnp.random.default_rng(0).random(3), np.sum([1, 2]), np.geterr()",
    "mpl.pyplot.figure(figsize=(2, 1))\nmpl.pyplot.plot([1, 3, 2]);",
    "print(len('four'), threading.active_count(), sys.getrecursionlimit(), sorted(vars(builtins))[:3])",
    "[signal.getsignal(number).__repr__()[:20] for number in (2, 10, 15)], resource.getrlimit(resource.RLIMIT_AS)",
    "os.system('echo a program'), mpl.rcParams['lines.linewidth'], mpl.get_backend()",
    "def fails():\n    raise ValueError('an error')\nfails()",
)
TORCH = "import torch\ntorch.manual_seed(0)\ntorch.nn.Linear(2, 2)(torch.ones(2)), torch.get_default_dtype()"
HARMS = {
    "settings": "import matplotlib as mpl, sys\nmpl.rcParams['lines.linewidth'] = 9\nmpl.use('svg')\n"
    "sys.setrecursionlimit(99)",
    "numpy": "import numpy as np\nnp.seterr(all='raise')\nnp.random.default_rng = np.sum = np.zeros = np.dtype = None",
    "torch": "import torch\ntorch.set_default_dtype(torch.float64)\ntorch.set_num_threads(7)\ntorch.nn.Linear = None",
    "builtins": "import builtins, sys\nbuiltins.print = builtins.open = lambda *_: 7\nsys.modules.clear()",
    "threads": "import threading\nfor _ in range(5):\n    threading.Thread(target=threading.Event().wait).start()",
    "processes": "import os, subprocess\nsubprocess.Popen(['setsid', 'sleep', '97.53'])\n"
    "if os.fork() == 0:\n    os.setsid()\n    while True: pass",
    "environment": "import os, sys\nos.chdir('/')\nos.environ.clear()\nos.umask(0o777)\nsys.path.clear()",
    "signals": "import signal\nfor number in {*range(1, 65)} - {9, 19, 32, 33}:\n"
    "    signal.signal(number, lambda *_: None)\n"
    "signal.setitimer(0, 0.01, 0.01)\nsignal.pthread_sigmask(0, range(1, 65))",
    "exit": "import os\nos._exit(3)",
    "keeper": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "memory": "import resource\nmost = 4 << 30\nresource.setrlimit(resource.RLIMIT_AS, (most, most))\nkept = []\n"
    "while True: kept.append(bytes(64 << 20))",  # zeros that take no memory
}
FATAL = {
    "builtins": "ImportError: cannot import name 'open' from 'builtins' (unknown location)",
    "exit": "DeadKernelError: Kernel died",
    "keeper": "DeadKernelError: Kernel died",
    "memory": "MemoryError: ",
}


@pytest.fixture(scope="module")
def neighbours(new_server):
    """Run a notebook without torch and one with it on a fresh server, and return them with their outputs."""
    notebooks = [
        new_notebook(cells=list(map(new_code_cell, cells)))
        for cells in (NEIGHBOUR, [*NEIGHBOUR[:-1], TORCH])
    ]
    return [(notebook, outcome(notebook)) for notebook in notebooks]


def outcome(notebook):
    return nbformat.writes(execute(notebook, {}, warm=True))


@pytest.mark.parametrize("harm", HARMS)
def test_neighbours_of_any_notebook_give_what_they_give_alone(harm, neighbours, build):
    notebook, alone = neighbours[harm == "torch"]
    assert alone.count('"output_type": "error"') == (harm != "torch"), "it does what it is to do"
    with ThreadPoolExecutor(2) as two:  # as with -j 2
        harmful = two.submit(
            execute, build(HARMS[harm], "import time\ntime.sleep(0.2)"), {}, warm=True, timeout=60
        )
        beside, after = two.map(outcome, [notebook] * 2)
    assert error_of(harmful.result()) == FATAL.get(harm)
    assert beside == alone and after == alone and outcome(notebook) == alone
    assert not [
        each for each in psutil.process_iter(["cmdline"]) if "97.53" in (each.info["cmdline"] or [])
    ]
