"""Control groups (v2), with which the Linux kernel itself counts and limits the resources of an execution.

Each execution has its own group: a folder in `sheet11-PID`, inside the nearest group above this process that may have
subgroups. Its limits are slightly above those of `watch.py`, which names the limit that was exceeded, so that tables
are the same with and without groups; they stop what happens between two of its checks.
"""

import atexit
import contextlib
import functools
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sheet11.course.files import TEMPORARY

ROOT = Path("/sys/fs/cgroup")
NEEDED = {"memory", "pids"}
WANTED = (
    "memory",
    "pids",
    "cpu",
)  # with cpu, executions share processors evenly, however many processes they have
PATIENCE = 5  # seconds that killed processes may take to end


@functools.cache
def groups_folder() -> Path | None:
    """Return the folder of this process's groups, or None if it cannot make any; remove groups left by others.

    Except at the root of the hierarchy, a group that holds processes cannot have controlled subgroups. So neither this
    process's own group nor a group with a shell in it can be used.
    """
    for folder in _around():
        with contextlib.suppress(OSError):
            there = (folder / "cgroup.controllers").read_text().split()
            if NEEDED.issubset(there) and os.access(folder / "cgroup.procs", os.W_OK):
                names = " ".join(f"+{name}" for name in WANTED if name in there)
                (folder / "cgroup.subtree_control").write_text(names)
                _remove_left(folder)
                own = folder / f"{TEMPORARY}{os.getpid()}"
                own.mkdir(exist_ok=True)  # two threads may get here
                atexit.register(_remove, own)
                (own / "cgroup.subtree_control").write_text(names)
                if (own / "cgroup.kill").exists():  # since Linux 5.14
                    return own
    return None


@contextlib.contextmanager
def group(memory: int, processes: int) -> Iterator[Path | None]:
    """Yield a group for one execution, and end its processes afterwards; None if there can be no groups."""
    if (parent := groups_folder()) is None:
        yield None
        return
    own = Path(tempfile.mkdtemp(dir=parent))
    try:
        (own / "memory.max").write_text(str(memory))
        (own / "memory.oom.group").write_text("1")  # otherwise only one process would be killed
        with contextlib.suppress(OSError):  # kernels without swap
            (own / "memory.swap.max").write_text("0")
        (own / "pids.max").write_text(str(processes))
        yield own
    finally:
        end(own)
        _remove(own)


def limit_met(own: Path, seconds: int) -> str | None:
    """Return the limit that a group has reached, or None."""
    if _counted(own / "memory.events", "oom_kill"):
        return "memory"
    if _counted(own / "pids.events", "max"):
        return "processes"
    return "time" if _counted(own / "cpu.stat", "usage_usec") > 1_000_000 * seconds else None


def end(own: Path) -> None:
    """Kill all processes of a group, including those that are just being started."""
    (own / "cgroup.kill").write_text("1")


def description() -> str:
    """Return a line that says how limits are enforced on this machine."""
    if own := groups_folder():
        names = ", ".join((own / "cgroup.subtree_control").read_text().split())
        return f"limits: control groups ({names}), and a check of all processes every 50 ms"
    return f"limits: a check of all processes every 50 ms (no control group can be made in {ROOT})"


def _around() -> list[Path]:
    """Return this process's group and those around it, from the inside out."""
    own = ROOT / Path("/proc/self/cgroup").read_text().rpartition("0::/")[2].rstrip("\n")
    return [folder for folder in (own, *own.parents) if folder.is_relative_to(ROOT)]


def _remove_left(folder: Path) -> None:
    """Remove groups of gradings that were killed, unless they hold processes."""
    for left in folder.glob(f"{TEMPORARY}*"):
        if not Path("/proc", left.name.removeprefix(TEMPORARY)).exists():
            for each in (*left.glob("*/"), left):
                with contextlib.suppress(OSError):
                    each.rmdir()


def _remove(own: Path) -> None:
    """Remove a group as soon as its processes have ended."""
    patience = time.monotonic() + PATIENCE
    while own.exists() and time.monotonic() < patience:
        with contextlib.suppress(OSError):
            own.rmdir()
        time.sleep(0.002)


def _counted(file: Path, name: str) -> int:
    """Return a number from a file with a name and a number on each line."""
    numbers = dict(line.split() for line in file.read_text().splitlines())
    return int(numbers.get(name, 0))
