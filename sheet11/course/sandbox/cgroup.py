"""Control groups (v2): the kernel itself counts what a task uses, and bounds it, where the machine lets us make them.

Each task has a group of its own, a folder in `sheet11-PID`, which lies in the nearest group around this process that
may be divided. Its bounds are a little above the limits that `watch.py` enforces and names, so that tables are the same
with groups and without; what happens between two looks ends at them.
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
)  # with cpu, tasks share processors evenly, however many processes they have
PATIENCE = 5  # seconds that killed processes may take to end


@functools.cache
def place() -> Path | None:
    """Return the folder of this process's groups, or None where it can make none; remove what others have left.

    A group that holds processes cannot hold groups that are controlled, except at the root of the hierarchy: so neither
    this process's own group is of use, nor one that a shell is in.
    """
    for folder in _around():
        with contextlib.suppress(OSError):
            there = (folder / "cgroup.controllers").read_text().split()
            if NEEDED.issubset(there) and os.access(folder / "cgroup.procs", os.W_OK):
                names = " ".join(f"+{name}" for name in WANTED if name in there)
                (folder / "cgroup.subtree_control").write_text(names)
                _remove_left(folder)
                own = folder / f"{TEMPORARY}{os.getpid()}"
                own.mkdir(exist_ok=True)  # two threads may be here
                atexit.register(_remove, own)
                (own / "cgroup.subtree_control").write_text(names)
                if (own / "cgroup.kill").exists():  # since Linux 5.14
                    return own
    return None


@contextlib.contextmanager
def group(memory: int, processes: int) -> Iterator[Path | None]:
    """Yield a group for one task, whose processes end with it; None where there can be none."""
    if (parent := place()) is None:
        yield None
        return
    own = Path(tempfile.mkdtemp(dir=parent))
    try:
        (own / "memory.max").write_text(str(memory))
        (own / "memory.oom.group").write_text("1")  # or one process would end, and the others go on
        with contextlib.suppress(OSError):  # the kernel knows no swap
            (own / "memory.swap.max").write_text("0")
        (own / "pids.max").write_text(str(processes))
        yield own
    finally:
        end(own)
        _remove(own)


def limit_met(own: Path, seconds: int) -> str | None:
    """Return the limit that a group has met, or None."""
    if _counted(own / "memory.events", "oom_kill"):
        return "memory"
    if _counted(own / "pids.events", "max"):
        return "processes"
    return "time" if _counted(own / "cpu.stat", "usage_usec") > 1_000_000 * seconds else None


def end(own: Path) -> None:
    """Kill all processes of a group, also those that are being made."""
    (own / "cgroup.kill").write_text("1")


def described() -> str:
    """Return a line that says how limits are kept here."""
    if own := place():
        names = ", ".join((own / "cgroup.subtree_control").read_text().split())
        return f"limits: control groups ({names}), and a look at all processes every 50 ms"
    return f"limits: a look at all processes every 50 ms (no control group can be made in {ROOT})"


def _around() -> list[Path]:
    """Return this process's group and those that it lies in, from the inside out."""
    own = ROOT / Path("/proc/self/cgroup").read_text().rpartition("0::/")[2].rstrip("\n")
    return [folder for folder in (own, *own.parents) if folder.is_relative_to(ROOT)]


def _remove_left(folder: Path) -> None:
    """Remove the groups of processes that were killed before they could; those that hold processes stay."""
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
