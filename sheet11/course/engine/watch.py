"""Resources used by a kernel and all its child processes together, and the limit they exceed.

`server.py` loads this file from beside it; it imports nothing of this package.

Counted are the processor time of all processes, those that have ended, too; threads; files; and memory: proportional
shares, so that what processes share is counted once, and what sockets may hold. Other memory that is nobody's share,
such as System V segments, cannot be had in a sandbox.
"""

from __future__ import annotations

import os
import resource
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

WALL = 3  # times the seconds of processor time: others want to work, too
TICK, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


class Begun(NamedTuple):
    """How things were before."""

    at: float
    ended: float  # seconds of processor time of children that had ended
    files: int
    seen: dict[
        tuple[int, str], float
    ]  # seconds of each process when it was looked at last, by number and start


def begin(folders: Sequence[str]) -> Begun:
    """Begin to count."""
    return Begun(time.monotonic(), _time_of_ended(), _number_of_files(folders), {})


def exceeded(limits: dict[str, int], begun: Begun, folders: Sequence[str]) -> str:
    """The limit that what is below this process exceeds, or nothing.

    Args:
        limits: `seconds`, `memory`, `processes` and `files`.
        begun: from `begin`.
        folders: in which files can be made.
    """
    found = descendants(os.getpid())
    seconds, threads = _time_of_ended() - begun.ended, 0
    for pid in found:
        start, own, waited, its_threads = _time_and_threads(pid)
        begun.seen[pid, start] = own
        seconds, threads = seconds + own + waited, threads + its_threads
    seconds = max(
        seconds, sum(begun.seen.values())
    )  # nobody waits for the children of who ignores that they end
    if threads > limits["processes"]:
        return "processes"
    if seconds > limits["seconds"] or time.monotonic() - begun.at > WALL * limits["seconds"]:
        return "time"
    if _number_of_files(folders) - begun.files > limits["files"]:
        return "files"
    own = _anonymous(os.getpid())  # most of which all have inherited
    most = limits["memory"] + own - _in_sockets(folders)
    if (
        sum(map(_anonymous, found)) <= most
    ):  # what is shared counted again and again: quick, and mostly enough
        return ""
    return "memory" if sum(map(_share, found)) > most else ""


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    found = children(pid)
    for child in found:
        found += children(child)  # the list grows while it is walked through
    return found


def children(pid: int) -> list[int]:
    """The processes that one has started."""
    try:
        return [
            int(name)
            for path in Path(f"/proc/{pid}/task").iterdir()
            for name in (path / "children").read_text().split()
        ]
    except OSError:
        return []


def _time_and_threads(pid: int) -> tuple[str, float, float, int]:
    """Start of a process, its processor time, that of those children that it has waited for, and its threads."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        user, system, waited_user, waited_system = map(int, fields[11:15])
        return (
            fields[19],
            (user + system) / TICK,
            (waited_user + waited_system) / TICK,
            int(fields[17]),
        )
    except (OSError, ValueError, IndexError):
        return "", 0.0, 0.0, 0


def _time_of_ended() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _number_of_files(folders: Sequence[str]) -> int:
    """Files in file systems of their own; those of the machine are not counted."""
    found = 0
    for folder in folders:
        if os.path.ismount(folder):
            system = os.statvfs(folder)
            found += system.f_files - system.f_ffree
    return found


def _in_sockets(folders: Sequence[str]) -> int:
    """Bytes that sockets may hold; where the network is the machine's, nobody knows whose they are."""
    if not all(map(os.path.ismount, folders)):
        return 0
    one, other = socket.socketpair()
    with one, other, open("/proc/net/unix") as lines:
        return sum(1 for _ in lines) * one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


def _anonymous(pid: int) -> int:
    """Bytes of a process that are not mapped from files, shared or not."""
    try:
        _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
        return (resident - shared) * PAGE
    except (OSError, ValueError):
        return 0


def _share(pid: int) -> int:
    """The same, of what is shared a share; of a process that keeps that secret, all."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return 1024 * sum(
            int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:"))
        )
    except (OSError, ValueError, IndexError):
        return _anonymous(pid)
