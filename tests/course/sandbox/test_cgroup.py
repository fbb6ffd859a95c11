"""Control groups: the kernel's counts and limits. Most tests need permission to create groups."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sheet11.course.sandbox import cgroup
from sheet11.course.sandbox.bubblewrap import MEGABYTE
from sheet11.course.sandbox.sandbox import Limits, Sandbox

needs_groups = pytest.mark.skipif(cgroup.groups_folder() is None, reason=cgroup.description())
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


def test_without_groups_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(cgroup, "ROOT", tmp_path)
    cgroup.groups_folder.cache_clear()
    (tmp_path / "cgroup.controllers").write_text("cpu io\n")
    assert "every 50 ms (no control group can be made in " in cgroup.description()
    with cgroup.group(1, 1) as own:
        assert own is None
    cgroup.groups_folder.cache_clear()


@pytest.mark.parametrize(
    ("kills", "refused", "microseconds", "met"),
    [
        (0, 0, 2_000_000, None),
        (1, 0, 0, "memory"),
        (0, 3, 0, "processes"),
        (0, 0, 2_000_001, "time"),
    ],
)
def test_limits_that_the_kernel_has_counted(tmp_path, kills, refused, microseconds, met):
    (tmp_path / "memory.events").write_text(f"oom 0\noom_kill {kills}\n")
    (tmp_path / "pids.events").write_text(f"max {refused}\n")
    (tmp_path / "cpu.stat").write_text(f"usage_usec {microseconds}\nuser_usec 1\n")
    assert cgroup.limit_met(tmp_path, 2) == met


@needs_groups
class TestGroups:
    @pytest.fixture
    def run(self, tmp_path):
        tmp_path.chmod(0o755)
        with Sandbox(tmp_path, ["numpy"]) as sandbox:

            def run(source, **limits):
                return sandbox.run([("a", source)], Limits(**limits))

            yield run

    def test_a_task_is_in_its_group_and_the_group_goes_with_it(self, run):
        (shown,) = run("open('/proc/self/cgroup').read()").outputs["a"]
        assert shown["data"]["text/plain"] != "'0::/\\n'"
        assert cgroup.description().startswith("limits: control groups (")
        assert not list(cgroup.groups_folder().glob("*/"))

    def test_time_of_processes_that_are_too_short_to_be_seen(self, run):
        start = time.monotonic()
        assert run(SHORT, seconds=2, processes=500).ended in ("time", "processes")
        assert time.monotonic() - start < 2 * 3

    def test_memory_is_bounded_by_the_kernel(self, run):
        assert run(AT_ONCE, memory=200 * MEGABYTE, seconds=60).ended == "memory", (
            "640 MB in sixteen processes"
        )

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
