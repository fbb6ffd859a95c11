"""Control groups: the kernel's counts and limits. Most tests need permission to create groups."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sheet11.course.sandbox import cgroup
from sheet11.course.sandbox.bubblewrap import MEGABYTE
from sheet11.course.sandbox.sandbox import Limits, Sandbox

needs_groups = pytest.mark.skipif(cgroup.place() is None, reason=cgroup.described())
SHORT = """import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
while True:
    if not os.fork():
        os._exit(sum(range(10**5)) * 0)"""
AT_ONCE = """import numpy as np, os, time
for _ in range(4): os.fork()
x = np.ones(40 << 20, np.uint8)
time.sleep(9)"""
LEAVE = """
from sheet11.course.sandbox import cgroup
import os, time
with cgroup.group(1 << 30, 9) as own:
    print(own, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def no_groups(monkeypatch, tmp_path):
    """Replace the hierarchy by an ordinary folder, and return the folder."""
    monkeypatch.setattr(cgroup, "ROOT", tmp_path)
    cgroup.place.cache_clear()
    yield tmp_path
    cgroup.place.cache_clear()


def test_without_groups_it_is_said(no_groups):
    assert cgroup.described() == (
        "limits: a look at all processes every 50 ms (this machine has no control groups of version 2)"
    )
    with cgroup.group(1, 1) as own:
        assert own is None
    (no_groups / "cgroup.controllers").write_text("cpu io\n")
    cgroup.place.cache_clear()
    assert "(no control group here may be divided" in cgroup.described()


def test_what_is_counted_and_which_limit_that_is(tmp_path):
    def counted(**files):
        contents = {
            "memory.events": "oom 0\noom_kill 0\n",
            "pids.events": "max 0\n",
            "cpu.stat": "usage_usec 2000000\n",
        }
        for name, content in (
            contents | {name.replace("_", "."): text for name, text in files.items()}
        ).items():
            (tmp_path / name).write_text(content)
        return cgroup.limit_met(tmp_path, 2)

    assert counted() is None
    assert counted(memory_events="oom 2\noom_kill 1\n") == "memory"
    assert counted(pids_events="max 3\n") == "processes"
    assert counted(cpu_stat="usage_usec 2000001\nuser_usec 1\n") == "time"


@needs_groups
class TestGroups:
    @pytest.fixture
    def run(self, tmp_path):
        tmp_path.chmod(0o755)
        with Sandbox(tmp_path, ["numpy"]) as sandbox:

            def run(source, **limits):
                return sandbox.run([("a", source)], Limits(**limits))

            yield run

    def test_it_is_said(self):
        assert cgroup.described().startswith("limits: control groups (")

    def test_a_task_is_in_its_group_and_the_group_goes_with_it(self, run):
        assert (
            run("open('/proc/self/cgroup').read()").outputs["a"][0]["data"]["text/plain"]
            != "'0::/\\n'"
        )
        assert not list(cgroup.place().glob("*/"))

    def test_time_of_processes_that_are_too_short_to_be_seen(self, run):
        start = time.monotonic()
        assert run(SHORT, seconds=2, processes=500).ended in ("time", "processes")
        assert time.monotonic() - start < 2 * 3

    def test_memory_is_bounded_by_the_kernel(self, run):
        assert run(AT_ONCE, memory=200 * MEGABYTE, seconds=60).ended == "memory", (
            "640 MB in sixteen processes"
        )

    def test_the_group_alone_ends_what_takes_too_much(self):
        with cgroup.group(100 * MEGABYTE, 20) as own:
            command = f"echo 0 > {own}/cgroup.procs; exec {sys.executable} -c 'bytearray(1 << 30)'"
            assert (
                subprocess.run(["/bin/sh", "-c", command], check=False).returncode
                == -signal.SIGKILL
            )
            assert cgroup.limit_met(own, 60) == "memory"

    def test_nothing_is_left_of_who_was_killed(self):
        with subprocess.Popen(
            [sys.executable, "-c", LEAVE], stdout=subprocess.PIPE, text=True
        ) as leaver:
            left = Path(leaver.stdout.readline().strip())
            leaver.kill()
        assert left.is_dir()
        after = [sys.executable, "-c", LEAVE.replace("time.sleep(60)", "")]
        subprocess.run(after, check=True, stdout=subprocess.DEVNULL)
        assert not left.exists() and not left.parent.exists()
