"""What the benchmarks of the mathematics share: runs in turn, the memory peak, and the bandwidth of a copy."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from processes import Cost

Work = Callable[[], object]

LONG = 2  # seconds; what takes longer is measured once


def clock(work: Work, calls: int = 1) -> Cost:
    """Wall and CPU seconds of one call, of several in a row."""
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        work()
    return Cost((time.perf_counter() - start) / calls, (time.process_time() - cpu) / calls)


def in_turn(works: Mapping[str, Work], repeat: int) -> dict[str, Cost]:
    """Median cost of each; all are called once to warm up, and then take turns. A short one is called many times."""
    calls, costs = {}, {}
    for name, work in works.items():
        first = clock(work)
        costs[name] = [first] if first.wall > LONG else []
        calls[name] = 1 if first.wall > 0.1 else max(1, int(0.005 / clock(work).wall))
    for _ in range(repeat):
        for name, work in works.items():
            if not costs[name] or costs[name][0].wall <= LONG:
                costs[name].append(clock(work, calls[name]))
    return {
        name: Cost(*map(statistics.median, zip(*each, strict=True))) for name, each in costs.items()
    }


def copy_of(num_bytes: float) -> Work:
    """The machine's limit for moving that many bytes: a copy, which reads one half and writes the other."""
    source = torch.ones(max(1, int(num_bytes) // 2), dtype=torch.uint8)
    target = torch.empty_like(source)
    return lambda: target.copy_(source)


def peak(module: Path, work: str, small: str) -> int:
    """Largest memory, in bytes, that an expression needs beyond what its process held before.

    Args:
        module: a benchmark, whose names the expressions may use.
        work: evaluated in a process of its own; it gives a function, whose call is measured.
        small: the same for a small problem, called first, so that libraries are loaded.
    """
    code = f"""
import sys
sys.path.insert(0, {str(module.parent)!r})
from {module.stem} import *

def now(field):
    lines = dict(line.split(":") for line in open("/proc/self/status"))
    return int(lines[field].split()[0]) * 1024

({small})()
work = {work}
open("/proc/self/clear_refs", "w").write("5")  # the high-water mark starts anew
before = now("VmRSS")
result = work()
print(now("VmHWM") - before)
"""
    return int(
        subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
        ).stdout
    )


def table(
    title: str, rows: Mapping[str, Cost], ours: str, memory: Mapping[str, int] | None = None
) -> None:
    """Print medians, their ratio to ours and, where it was measured, the memory peak, as a Markdown table."""
    print(
        f"\n| {title} | seconds | relative | CPU seconds |" + (" memory peak |" if memory else "")
    )
    print("|---|---|---|---|" + ("---|" if memory else ""))
    for name, median in rows.items():
        ratio = median.wall / rows[ours].wall
        wins = " **wins**" if ratio < 1 and name != "floor" else ""
        line = f"| {name} | {median.wall:.3g} | {ratio:.2f}{wins} | {median.cpu:.3g} |"
        print(
            line + (f" {memory[name] / 2**20:.0f} MiB |" if name in memory else " |")
            if memory
            else line,
            flush=True,
        )
