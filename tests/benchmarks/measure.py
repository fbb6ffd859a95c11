"""Costs of commands and of function calls, their medians in turn, and tables of them.

CPU seconds of a command are those of every process below this one, also of servers that a command leaves behind: this
process adopts them, and waits for them before it reads the account.
"""

import ctypes
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sheet11.course.engine.child import THREADS

CORES = len(os.sched_getaffinity(0))
ONE_THREAD = dict.fromkeys(THREADS, "1")
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
LONG = 10  # seconds; what takes longer is measured once
PATIENCE = 10  # seconds that a server may take to end after its command


class Cost(NamedTuple):
    """Seconds that something took."""

    wall: float
    cpu: float


Contender = Callable[[Path], Cost]


def cost(
    *commands: Sequence[Any], cwd: Path | Sequence[Path] = Path(), threads: bool = True
) -> Cost:
    """Run commands of this environment beside each other to their end; they must succeed.

    Args:
        commands: each a program's name and its arguments.
        cwd: where they run, one folder for all or one for each.
        threads: let BLAS and torch use as many threads as they like, instead of one.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path} | ({} if threads else ONE_THREAD)
    folders = [cwd] * len(commands) if isinstance(cwd, Path) else cwd
    before, start = _cpu(), time.perf_counter()
    with tempfile.TemporaryFile("w+") as errors:
        started = []
        for command, folder in zip(commands, folders, strict=True):
            arguments = [str(argument) for argument in command]
            process = subprocess.Popen(
                arguments, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=errors
            )
            started.append(process)
        failed = [process.args for process in started if process.wait()]
        wall = time.perf_counter() - start
        if failed:
            errors.seek(0)
            raise SystemExit(f"{failed[0]} failed: {errors.read()[-2000:]}")
    _wait_for_orphans()
    return Cost(wall, _cpu() - before)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _wait_for_orphans() -> None:
    """Wait for the processes that commands have left behind, but not for ever."""
    end = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < end:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.02)
    except ChildProcessError:  # there are none
        pass


def calls_of(work: Callable[[], object]) -> Contender:
    """Measure one call of a function that has been called before; a short one is called many times."""
    work()
    first = _clock(work, 1).wall
    calls = 1 if first > 0.1 else max(1, int(0.005 / first))
    return lambda folder: _clock(work, calls)


def _clock(work: Callable[[], object], calls: int) -> Cost:
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        work()
    return Cost((time.perf_counter() - start) / calls, (time.process_time() - cpu) / calls)


def copy_of(num_bytes: float) -> Contender:
    """Measure the machine's limit for moving that many bytes: a copy, which reads one half and writes the other."""
    import torch

    source = torch.ones(max(1, int(num_bytes) // 2), dtype=torch.uint8)
    target = torch.empty_like(source)
    return calls_of(lambda: target.copy_(source))


def in_turn(contenders: Mapping[str, Contender], repeat: int) -> dict[str, Cost]:
    """Median cost of each contender; each call gets an empty folder. What takes long is not repeated."""
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for turn in range(repeat):
        for name, contender in contenders.items():
            if turn and costs[name][0].wall > LONG:
                continue
            with tempfile.TemporaryDirectory() as folder:
                costs[name].append(contender(Path(folder)))
            print(f"  {name}: {costs[name][-1].wall:.3g} s", file=sys.stderr, flush=True)
    return {
        name: Cost(*map(statistics.median, zip(*each, strict=True))) for name, each in costs.items()
    }


def peak(module: str, work: str, small: str) -> int:
    """Largest memory, in bytes, that an expression needs beyond what its process held before.

    Args:
        module: path of a benchmark, whose names the expressions may use.
        work: evaluated in a process of its own; it gives a function, whose call is measured.
        small: the same for a small problem, called first, so that libraries are loaded.
    """
    code = f"""
import runpy

names = runpy.run_path({module!r})

def now(field):
    lines = dict(line.split(":") for line in open("/proc/self/status"))
    return int(lines[field].split()[0]) * 1024

eval({small!r}, names)()
work = eval({work!r}, names)
open("/proc/self/clear_refs", "w").write("5")  # the high-water mark starts anew
before = now("VmRSS")
result = work()
print(now("VmHWM") - before)
"""
    return int(subprocess.check_output([sys.executable, "-c", code], cwd=Path(__file__).parent))


def table(
    title: str, medians: Mapping[str, Cost], *ours: str, memory: Mapping[str, int] | None = None
) -> None:
    """Print medians, their ratios to ours and memory peaks in Markdown; where a peer takes less, the table says so."""
    head = [title]
    for unit in ("seconds", "CPU seconds"):
        head += [unit, *(f"relative to `{own}`" for own in ours)]
    if memory:
        head.append("memory peak")
    print(f"\n| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for name, median in medians.items():
        row = [name]
        for which, value in enumerate(median):
            row.append(f"{value:.3g}")
            for own in ours:
                ratio = value / medians[own][which]
                wins = ratio < 1 and name not in (*ours, "floor")
                row.append(f"{ratio:.2f}{' **wins**' if wins else ''}")
        if memory:
            row.append(f"{memory[name] / 2**20:.0f} MiB" if name in memory else "")
        print(f"| {' | '.join(row)} |", flush=True)
