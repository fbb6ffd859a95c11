"""Resources used by a kernel and all its child processes together, and the limit they exceed.

`server.py` loads this file from beside it; it imports nothing of this package.

Counted are the processor time of all processes, those that have ended, too; threads; files; and memory: proportional
shares, so that what processes share is counted once, and what sockets may hold. Other memory that is nobody's share,
such as System V segments, cannot be had in a sandbox.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

WALL = 3  # times the seconds of processor time: others want to work, too


class Begun(NamedTuple):
    """How things were before."""

    at: float
    ended: float  # seconds of processor time of children that had ended
    files: int
    seen: dict[psutil.Process, float]  # seconds of each process when it was looked at last


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
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            user, system, *waited = process.cpu_times()[:4]
            begun.seen[process] = user + system
            seconds += user + system + sum(waited)
            threads += process.num_threads()
    # nobody waits for the children of who ignores that they end
    seconds = max(seconds, sum(begun.seen.values()))
    if threads > limits["processes"]:
        return "processes"
    if seconds > limits["seconds"] or time.monotonic() - begun.at > WALL * limits["seconds"]:
        return "time"
    if _number_of_files(folders) - begun.files > limits["files"]:
        return "files"
    own = _anonymous(os.getpid())  # most of which all have inherited
    most = limits["memory"] + own - _in_sockets(folders)
    # with what is shared counted again and again: quick, and mostly enough
    if sum(map(_anonymous, found)) <= most:
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
    found: list[int] = []
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (path / "children").read_text().split())
    return found


def _time_of_ended() -> float:
    """Processor time of this process's children that have ended."""
    used = psutil.Process().cpu_times()
    return float(used.children_user + used.children_system)


def _number_of_files(folders: Sequence[str]) -> int:
    """Files in file systems of their own; those of the machine are not counted."""
    systems = [os.statvfs(folder) for folder in folders if os.path.ismount(folder)]
    return sum(system.f_files - system.f_ffree for system in systems)


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
        used = psutil.Process(pid).memory_info()
        return int(used.rss - used.shared)
    except psutil.Error:
        return 0


def _share(pid: int) -> int:
    """The same, of what is shared a share; of a process that keeps that secret, all."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        kilobytes = [line.split()[1] for line in lines if line.startswith(("Pss_A", "Pss_S"))]
        return 1024 * sum(map(int, kilobytes))
    except OSError:
        return _anonymous(pid)
