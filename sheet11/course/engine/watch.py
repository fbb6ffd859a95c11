"""Resources used by a kernel and all its child processes together, and the limit they exceed.

`server.py` loads this file from beside it; it imports nothing of this package.

It measures the processor time of running and ended processes; threads; files; and memory: proportional shares, which
count shared pages once, page tables, and the capacity of sockets. A sandbox permits no other memory outside of
processes, such as System V segments.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

CHANGED = "changed"  # reason for the end of a kernel that would leave something for the next one
WALL = 3  # limit of elapsed time, as a multiple of processor time: the machine may be busy


def watch(limits: dict[str, int], folders: Sequence[str]) -> Callable[[], str]:
    """Return a function that returns the limit that the processes below this one have exceeded since, or "".

    Args:
        limits: `seconds`, `memory`, `processes` and `files`.
        folders: whose files are counted, if they are mounts; others share the machine's file system.
    """
    begun, ended = time.monotonic(), _time_of_ended()
    mounts = list(filter(os.path.ismount, folders))
    files = _number_of_files(mounts)
    seen: dict[psutil.Process, float] = {}  # processor time of each process when last measured

    def exceeded() -> str:
        pids = descendants(os.getpid())
        seconds, threads = _time_of_ended() - ended, 0
        for pid in pids:
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(pid)
                user, system, *waited = process.cpu_times()[:4]
                seen[process] = user + system
                seconds += user + system + sum(waited)
                threads += process.num_threads()
        # children of a process that ignores SIGCHLD are missing from the time of ended ones
        seconds = max(seconds, sum(seen.values()))
        if threads > limits["processes"]:
            return "processes"
        if seconds > limits["seconds"] or time.monotonic() - begun > WALL * limits["seconds"]:
            return "time"
        if _number_of_files(mounts) - files > limits["files"]:
            return "files"
        own = _anonymous(os.getpid())  # mostly inherited by all kernels
        # outside a sandbox all processes share the list of sockets
        most = limits["memory"] + own - (_in_sockets() if mounts else 0)
        # a quick upper bound, which counts shared pages repeatedly
        if sum(map(_anonymous, pids)) <= most:
            return ""
        return "memory" if sum(map(_share, pids)) > most else ""

    return exceeded


def descendants(pid: int) -> list[int]:
    """Return all processes below one."""
    pids = [pid]
    for each in pids:  # the list grows during the loop
        for path in glob.glob(f"/proc/{each}/task/*/children"):
            with contextlib.suppress(OSError):
                pids += map(int, Path(path).read_text().split())
    return pids[1:]


def _time_of_ended() -> float:
    """Return the processor time of this process's ended children."""
    return sum(os.times()[2:4])


def _number_of_files(mounts: Sequence[str]) -> int:
    """Return the number of files in mounts."""
    systems = map(os.statvfs, mounts)
    return sum(system.f_files - system.f_ffree for system in systems)


def _in_sockets() -> int:
    """Return the bytes that sockets may hold."""
    with socket.socket(socket.AF_UNIX) as one, open("/proc/net/unix") as lines:
        return sum(1 for _ in lines) * one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


def _anonymous(pid: int) -> int:
    """Return the bytes of a process that are not mapped from files, shared pages and page tables included."""
    try:
        used = psutil.Process(pid).memory_info()
        return int(used.rss - used.shared) + _in_tables(pid)
    except psutil.Error:
        return 0


def _in_tables(pid: int) -> int:
    """Return the bytes of a process's page tables, which no process shares."""
    try:
        found = re.search(r"VmPTE:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return 1024 * int(found[1]) if found else 0  # it is ending


def _share(pid: int) -> int:
    """Return the proportional share of these bytes, or all if the process is not readable."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return _anonymous(pid)
    return 1024 * sum(map(int, re.findall(r"Pss_[AS]\w+: +(\d+)", text))) + _in_tables(pid)
