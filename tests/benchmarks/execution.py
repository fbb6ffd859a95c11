"""Time `sheet11 run` and `sheet11 sweep` against what one would use otherwise, and print tables in Markdown.

    python tests/benchmarks/execution.py run encoding oversmoothing growth --repeat 3

The contenders take turns, and every number is a median over the repetitions. The floor is what the machine allows: the
cells alone, in a warm kernel that is there already, divided by the number of cores.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
import nbclient
import nbformat
import papermill
import psutil

from sheet11.course.forks.forked import THREADS
from sheet11.course.forks.warm import Server
from sheet11.course.sheet import find_sheet

CORES = len(os.sched_getaffinity(0))
BIN = Path(sys.executable).parent
KIT = find_sheet().notebooks
Points = list[dict[str, Any]]


def command(*arguments: Any) -> None:
    """Run a command of this environment; it must succeed."""
    subprocess.run([BIN / arguments[0], *map(str, arguments[1:])], check=True, capture_output=True)


def papermill_commands(folder: str) -> None:
    """Each notebook by the papermill command, one after another."""
    for stem, path in KIT.items():
        command("papermill", path, Path(folder, f"{stem}.ipynb"))


def jupyter_execute(folder: str) -> None:
    """All notebooks by one `jupyter execute`."""
    copies = [shutil.copy(path, folder) for path in KIT.values()]
    command("jupyter", "execute", *copies)


def sheet11_run(folder: str) -> None:
    """All notebooks by `sheet11 run`, HTML and index included."""
    command("sheet11", "run", "-o", folder)


def papermill_command(stem: str, point: dict[str, Any], folder: str) -> None:
    """One point by papermill's command."""
    parameters = [text for name, value in point.items() for text in ("-p", name, value)]
    command("papermill", KIT[stem], Path(folder, "-".join(map(str, point.values())) + ".ipynb"), *parameters)


def papermill_point(stem: str, point: dict[str, Any], folder: str) -> None:
    """One point by papermill's Python interface."""
    out = Path(folder, "-".join(map(str, point.values())) + ".ipynb")
    papermill.execute_notebook(KIT[stem], out, point, progress_bar=False)


def papermill_loop(stem: str, points: Points, folder: str) -> None:
    """One point after another, in a process that has imported papermill."""
    for point in points:
        papermill_point(stem, point, folder)


def papermill_pool(stem: str, points: Points, folder: str) -> None:
    """As many points at a time as there are cores."""
    with ProcessPoolExecutor(CORES) as pool:
        list(pool.map(papermill_point, [stem] * len(points), points, [folder] * len(points)))


def sheet11_sweep(stem: str, points: Points, folder: str) -> None:
    """The grid by `sheet11 sweep`, table, figures and page included."""
    values = {name: dict.fromkeys(str(point[name]) for point in points) for name in points[0]}
    command("sheet11", "sweep", stem, *(f"-p{name}={','.join(texts)}" for name, texts in values.items()), "-o", folder)


def floor(stem: str, points: Points) -> float:
    """Seconds that the cells of all points take in one warm kernel with one thread, divided by the cores."""
    notebook = nbformat.read(KIT[stem], as_version=4)
    cells = [(index, cell) for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    client = nbclient.NotebookClient(notebook, kernel_name="python3", record_timing=False)

    def execute(point: dict[str, Any]) -> float:
        start = time.perf_counter()
        for index, cell in cells:
            client.execute_cell(cell, index)
            if "parameters" in cell.metadata.get("tags", []) and point:
                client.execute_cell(nbformat.v4.new_code_cell(f"globals().update({point!r})"), index)
        return time.perf_counter() - start

    with client.setup_kernel(env=os.environ | dict.fromkeys(THREADS, "1")):
        execute(points[0])  # imports, and loads fonts
        return sum(map(execute, points)) / CORES


def in_turn(contenders: dict[str, Callable[[str], Any]], repeat: int) -> dict[str, float]:
    """Median seconds of each contender; each call gets an empty folder, or returns the seconds that count."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeat):
        for name, contender in contenders.items():
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                counted = contender(folder)
                times[name].append(counted if isinstance(counted, float) else time.perf_counter() - start)
            click.echo(f"  {name}: {times[name][-1]:.1f} s", err=True)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def table(title: str, medians: dict[str, float], ours: str) -> None:
    """Print medians, and the ratio of each to ours."""
    click.echo(f"\n| {title} | seconds | relative to `{ours}` |\n|---|---|---|")
    for name, seconds in medians.items():
        click.echo(f"| {name} | {seconds:.1f} | {seconds / medians[ours]:.2f} |")


def compare_sweep(stem: str, points: Points, repeat: int) -> None:
    """A sweep against papermill one by one and several at a time, by its command and in Python."""

    def commands(at_a_time: int, folder: str) -> None:
        with ThreadPoolExecutor(at_a_time) as pool:
            list(pool.map(papermill_command, [stem] * len(points), points, [folder] * len(points)))

    contenders: dict[str, Callable[[str], Any]] = {
        "papermill commands, one by one": lambda folder: commands(1, folder),
        f"papermill commands, {CORES} at a time": lambda folder: commands(CORES, folder),
        "papermill.execute_notebook in a loop": lambda folder: papermill_loop(stem, points, folder),
        f"papermill.execute_notebook in {CORES} processes": lambda folder: papermill_pool(stem, points, folder),
        "sheet11 sweep": lambda folder: sheet11_sweep(stem, points, folder),
        "floor": lambda folder: floor(stem, points),
    }
    table(f"{len(points)} points of {stem}", in_turn(contenders, repeat), "sheet11 sweep")


def compare_run(repeat: int) -> None:
    """All notebooks once."""
    contenders: dict[str, Callable[[str], Any]] = {
        "papermill, four commands": papermill_commands,
        "jupyter execute": jupyter_execute,
        "sheet11 run": sheet11_run,
        "floor": lambda folder: sum(floor(stem, [{}]) for stem in KIT),
    }
    table("the four notebooks", in_turn(contenders, repeat), "sheet11 run")


def encoding_points(count: int) -> Points:
    """A grid of p and seed."""
    return [{"p": p, "seed": seed} for p in (64, 256) for seed in range(count // 2)]


def growth(repeat: int) -> None:
    """How the time of a sweep grows with the number of points, and what one more kernel costs in memory."""
    counts = (8, 32, 128)
    contenders = {
        f"{count} points": lambda folder, count=count: sheet11_sweep("01_encoding", encoding_points(count), folder)
        for count in counts
    }
    medians = in_turn(contenders, repeat)
    click.echo("\n| sheet11 sweep of 01_encoding | seconds | seconds per further point |\n|---|---|---|")
    before = None
    for count, (name, seconds) in zip(counts, medians.items(), strict=True):
        slope = f"{(seconds - before[1]) / (count - before[0]):.2f}" if before else ""
        click.echo(f"| {name} | {seconds:.1f} | {slope} |")
        before = count, seconds

    with tempfile.TemporaryDirectory() as folder:
        server = Server(threads=1)
        kernels = [server.fork(folder) for _ in range(2)]
        server.is_ready(60)
        time.sleep(2)  # until they listen
        last = psutil.Process(server.process.pid).children()[len(kernels) - 1]  # its keeper, and itself below that
        forked = sum(each.memory_full_info().uss for each in (last, *last.children())) / 2**20
        server.close()
    code = "import torch._dynamo, seaborn, networkx, ipykernel.kernelapp; print(flush=True); input()"
    fresh = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    fresh.stdout.readline()
    ordinary = psutil.Process(fresh.pid).memory_full_info().uss / 2**20
    fresh.communicate(b"\n")
    click.echo(
        f"\nMemory of one more kernel: forked {forked:.0f} MiB, of its own with the same imports {ordinary:.0f} MiB"
    )


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(["run", "encoding", "oversmoothing", "growth"]))
@click.option("--repeat", default=3, show_default=True, help="Repetitions.")
def main(parts: tuple[str, ...], repeat: int) -> None:
    """Time the parts that are named, or all."""
    for part in parts or ("run", "encoding", "oversmoothing", "growth"):
        if part == "run":
            compare_run(repeat)
        elif part == "encoding":
            compare_sweep("01_encoding", encoding_points(32), repeat)
        elif part == "oversmoothing":
            points = [{"graph": graph, "seed": seed} for graph in ("karate", "sbm") for seed in range(8)]
            compare_sweep("04_oversmoothing", points, repeat)
        else:
            growth(repeat)


if __name__ == "__main__":
    main()
