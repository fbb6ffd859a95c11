"""Time `sheet11 run` and `sheet11 sweep` against what one would use otherwise, and print tables in Markdown.

    python tests/benchmarks/execution.py run encoding oversmoothing --repeat 3

Each contender is a command that starts from nothing and writes the executed notebooks; afterwards it is looked whether
they are complete. They take turns; numbers are medians over the repetitions. Where several work side by side, each has
one thread, as `sheet11` gives it by itself. All but `sheet11 sweep` draw the notebooks' figures. The floor is what the
machine allows: the cells alone, figures drawn, in a warm kernel that is there already, divided by the number of cores.
"""

import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import click
import nbclient
import nbformat
from measure import CORES, ONE_THREAD, Contender, Cost, cost, in_turn, table

from sheet11.course.notebooks import error_of, with_parameters
from sheet11.course.sheet import find_sheet

PARTS = ("run", "encoding", "oversmoothing")
KIT = find_sheet().notebooks
Points = list[tuple[str, dict[str, Any]]]  # notebooks and parameters


def peer(tool: str, processes: int, points: Points, folder: Path) -> Cost:
    """Execute the points by a tool of `peers.py`."""
    jobs = [
        (str(KIT[stem]), str(folder / f"{number}.ipynb"), values)
        for number, (stem, values) in enumerate(points)
    ]
    path = folder / "jobs.json"
    path.write_text(json.dumps(jobs))
    command = [sys.executable, Path(__file__).with_name("peers.py"), tool, processes, path]
    return cost(command, threads=processes == 1)


def sheet11_run(folder: Path) -> Cost:
    """Execute all notebooks, HTML and index included."""
    return cost(["sheet11", "run", "-o", folder])


def sheet11_sweep(points: Points, options: list[str], folder: Path) -> Cost:
    """Execute the grid; table, figures of it and page included."""
    stem, first = points[0]
    given = []
    for name in first:
        texts = dict.fromkeys(str(values[name]) for _, values in points)
        given.append(f"-p{name}={','.join(texts)}")
    return cost(["sheet11", "sweep", stem, *given, "-o", folder, *options])


def floor(points: Points, folder: Path) -> Cost:
    """Execute the cells of all points in warm kernels with one thread; seconds are divided by the cores."""
    seconds = 0.0
    for stem in dict(points):
        seconds += _cells(stem, [values for name, values in points if name == stem])
    return Cost(seconds / CORES, seconds)


def _cells(stem: str, points: list[dict[str, Any]]) -> float:
    notebook = nbformat.read(KIT[stem], as_version=4)
    client = nbclient.NotebookClient(notebook, kernel_name="python3", record_timing=False)

    def execute(point: dict[str, Any]) -> float:
        client.nb = with_parameters(notebook, point)
        start = time.perf_counter()
        for index, cell in enumerate(client.nb.cells):
            if cell.cell_type == "code":
                client.execute_cell(cell, index)
        return time.perf_counter() - start

    with client.setup_kernel(env=os.environ | ONE_THREAD):
        execute(points[0])  # imports, and loads fonts
        return sum(map(execute, points))


def complete(contender: Contender, count: int) -> Contender:
    """A contender that must leave as many notebooks as it was given, executed to their end without an error."""

    def checked(folder: Path) -> Cost:
        found = contender(folder)
        done = 0
        for path in folder.rglob("*.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            executed = any(cell.get("outputs") for cell in notebook.cells)
            done += executed and error_of(notebook) is None
        if done < count:
            raise SystemExit(f"{done} of {count} notebooks were executed")
        return found

    return checked


def compare(title: str, points: Points, ours: dict[str, Contender], repeat: int) -> None:
    """Print the costs of executing the points, of all tools in turn."""
    contenders = {
        "papermill.execute_notebook in a loop": partial(peer, "papermill", 1, points),
        f"papermill.execute_notebook in {CORES} processes": partial(
            peer, "papermill", CORES, points
        ),
        f"execnb in {CORES} processes": partial(peer, "execnb", CORES, points),
    }
    checked = {
        name: complete(contender, len(points)) for name, contender in (contenders | ours).items()
    }
    table(title, in_turn(checked | {"floor": partial(floor, points)}, repeat), *ours)


def compare_sweep(stem: str, grid: list[dict[str, Any]], repeat: int) -> None:
    """Compare a sweep with and without the figures of its points."""
    points = [(stem, values) for values in grid]
    ours = {
        "sheet11 sweep": partial(sheet11_sweep, points, []),
        "sheet11 sweep --figures": partial(sheet11_sweep, points, ["--figures"]),
    }
    compare(f"{len(points)} points of {stem}", points, ours, repeat)


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option(
    "--repeat", default=3, show_default=True, help="Repetitions of what takes less than 10 s."
)
@click.option(
    "--points", default=32, show_default=True, help="Points of 01_encoding, and half as many of 04."
)
def main(parts: tuple[str, ...], repeat: int, points: int) -> None:
    """Time the parts that are named, or all."""
    print(f"{CORES} cores")
    for part in parts or PARTS:
        if part == "run":
            run: Points = [(stem, {}) for stem in KIT]
            compare("the four notebooks", run, {"sheet11 run": sheet11_run}, repeat)
        elif part == "encoding":
            grid = [{"p": p, "seed": seed} for p in (64, 256) for seed in range(points // 2)]
            compare_sweep("01_encoding", grid, repeat)
        else:
            graphs = ("karate", "sbm")
            grid = [{"graph": name, "seed": seed} for name in graphs for seed in range(points // 4)]
            compare_sweep("04_oversmoothing", grid, repeat)


if __name__ == "__main__":
    main()
