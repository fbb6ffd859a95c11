"""What the benchmarks of commands share: wall and CPU seconds of a command with all that it starts, and tables.

CPU seconds are those of every process below this one, also of servers that a command leaves behind or whose parent has
ended: this process adopts them, and waits for them before it reads the account.
"""

import ctypes
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

CORES = len(os.sched_getaffinity(0))
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
LONG = 20  # seconds; what takes longer is measured once
PATIENCE = 10  # seconds that a server may take to end after its command


class Cost(NamedTuple):
    """What something took."""

    wall: float
    cpu: float | None = None


Contender = Callable[[Path], Cost]


def cost(
    *commands: Sequence[Any],
    cwd: Path | Sequence[Path] = Path(),
    stdin: str = "",
    threads: bool = True,
) -> Cost:
    """Run commands of this environment beside each other to their end; they must succeed.

    Args:
        commands: each a program's name and its arguments.
        cwd: where they run, one folder for all or one for each.
        stdin: what they read.
        threads: whether BLAS and torch may use as many threads as they like, instead of one.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path} | ({} if threads else ONE_THREAD)
    folders = [cwd] * len(commands) if isinstance(cwd, Path) else cwd
    before, start = _cpu(), time.perf_counter()
    with tempfile.TemporaryFile("w+") as errors, tempfile.TemporaryFile("w+") as given:
        given.write(stdin)
        given.flush()
        started = []
        for command, folder in zip(commands, folders, strict=True):
            given.seek(0)
            arguments = [str(argument) for argument in command]
            started.append(
                subprocess.Popen(
                    arguments,
                    cwd=folder,
                    env=environment,
                    stdin=given,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                )
            )
        failed = [process.args for process in started if process.wait()]
        wall = time.perf_counter() - start
        if failed:
            errors.seek(0)
            raise SystemExit(f"{failed[0]} failed: {errors.read()[-2000:]}")
    for _ in _orphans():
        time.sleep(0.02)
    return Cost(wall, _cpu() - before)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _orphans() -> Iterator[None]:
    """Wait for the processes that commands have left behind, but not for ever."""
    end = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < end:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                yield
    except ChildProcessError:  # there are none
        pass


def in_turn(contenders: dict[str, Contender], repeat: int) -> dict[str, Cost]:
    """Median cost of each contender; each call gets an empty folder. What takes long is not repeated."""
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for turn in range(repeat):
        for name, contender in contenders.items():
            if turn and costs[name][0].wall > LONG:
                continue
            with tempfile.TemporaryDirectory() as folder:
                costs[name].append(contender(Path(folder)))
            print(f"  {name}: {costs[name][-1].wall:.1f} s", file=sys.stderr, flush=True)
    return {name: Cost(*map(_median, zip(*every, strict=True))) for name, every in costs.items()}


def _median(values: tuple[float | None, ...]) -> float | None:
    return None if None in values else statistics.median(values)


def table(title: str, medians: dict[str, Cost], *ours: str) -> None:
    """Print medians, and their ratios to ours, in Markdown; where a peer takes less, the table says so."""
    print(f"\n| {title} |", end="")
    for what in ("seconds", "CPU seconds"):
        print(f" {what} |" + "".join(f" relative to `{name}` |" for name in ours), end="")
    print("\n|" + "---|" * (3 + 2 * len(ours)))
    for name, median in medians.items():
        line = f"| {name} |"
        for which, value in enumerate(median):
            line += f" {value:.1f} |" if value is not None else " |"
            for own in ours:
                ratio = value / medians[own][which] if value is not None else None
                wins = (
                    ratio is not None
                    and ratio < 1
                    and name not in ours
                    and not name.startswith("floor")
                )
                line += (
                    (f" {ratio:.2f}{' **wins**' if wins else ''} |") if ratio is not None else " |"
                )
        print(line, flush=True)
