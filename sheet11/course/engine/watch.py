"""Resources used by a kernel and all its child processes together, and the limit they exceed.

`server.py` loads this file from beside it; it imports nothing of this package.

It measures the processor time of running and ended processes; threads; files; and memory: proportional shares, which
count shared pages once, and the capacity of sockets. A sandbox permits no other memory outside of processes, such as
System V segments.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

WALL = 3  # limit of elapsed time, as a multiple of processor time: the machine may be busy


class Begun(NamedTuple):
    """State before the kernel started."""

    at: float
    ended: float  # processor time of ended children, in seconds
    files: int
    seen: dict[psutil.Process, float]  # processor time of each process when last measured


def begin(folders: Sequence[str]) -> Begun:
    """Return the state from which `exceeded` measures."""
    return Begun(time.monotonic(), _time_of_ended(), _number_of_files(folders), {})


def exceeded(limits: dict[str, int], begun: Begun, folders: Sequence[str]) -> str:
    """Return the limit that the processes below this one exceed; empty if there is none.

    Args:
        limits: `seconds`, `memory`, `processes` and `files`.
        begun: from `begin`.
        folders: whose files are counted.
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
    # children of a process that ignores SIGCHLD are missing from the time of ended ones
    seconds = max(seconds, sum(begun.seen.values()))
    if threads > limits["processes"]:
        return "processes"
    if seconds > limits["seconds"] or time.monotonic() - begun.at > WALL * limits["seconds"]:
        return "time"
    if _number_of_files(folders) - begun.files > limits["files"]:
        return "files"
    own = _anonymous(os.getpid())  # mostly inherited by all kernels
    most = limits["memory"] + own - _in_sockets(folders)
    # a quick upper bound, which counts shared pages repeatedly
    if sum(map(_anonymous, found)) <= most:
        return ""
    return "memory" if sum(map(_share, found)) > most else ""


def descendants(pid: int) -> list[int]:
    """Return all processes below one."""
    found = [pid]
    for each in found:  # the list grows during the loop
        for path in glob.glob(f"/proc/{each}/task/*/children"):
            with contextlib.suppress(OSError):
                found += map(int, Path(path).read_text().split())
    return found[1:]


def _time_of_ended() -> float:
    """Return the processor time of this process's ended children."""
    used = os.times()
    return used.children_user + used.children_system


def _number_of_files(folders: Sequence[str]) -> int:
    """Return the number of files in folders that are mounts; other folders share the machine's file system."""
    systems = [os.statvfs(folder) for folder in folders if os.path.ismount(folder)]
    return sum(system.f_files - system.f_ffree for system in systems)


def _in_sockets(folders: Sequence[str]) -> int:
    """Return the bytes that sockets may hold; 0 outside a sandbox, where all processes share the list of sockets."""
    if not all(map(os.path.ismount, folders)):
        return 0
    with socket.socket(socket.AF_UNIX) as one, open("/proc/net/unix") as lines:
        return sum(1 for _ in lines) * one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


def _anonymous(pid: int) -> int:
    """Return the bytes of a process that are not mapped from files, shared pages included."""
    try:
        used = psutil.Process(pid).memory_info()
        return int(used.rss - used.shared)
    except psutil.Error:
        return 0


def _share(pid: int) -> int:
    """Return the proportional share of these bytes, or all if the process is not readable."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return _anonymous(pid)
    return 1024 * sum(map(int, re.findall(r"Pss_[AS]\w+: +(\d+)", text)))
