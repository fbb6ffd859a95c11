"""Time `sheet11 run` and `sheet11 sweep` against what one would use otherwise, and print tables in Markdown.

    python tests/benchmarks/execution.py run encoding oversmoothing growth --repeat 3

Each contender is a command that starts from nothing and writes the executed notebooks; afterwards it is looked whether
they are complete. They take turns; numbers are medians over the repetitions. Where several work side by side, each has
one thread, as `sheet11` gives it by itself. All but `sheet11 sweep` draw the notebooks' figures. The floor is what the
machine allows: the cells alone, figures drawn, in a warm kernel that is there already, divided by the number of cores.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import click
import nbclient
import nbformat
import psutil
from processes import CORES, ONE_THREAD, Contender, Cost, cost, in_turn, table

from sheet11.course.engine.warm import Server
from sheet11.course.notebooks import with_parameters
from sheet11.course.sheet import find_sheet

PARTS = ("run", "encoding", "oversmoothing", "growth")
KIT = find_sheet().notebooks
RUN = [(stem, {}) for stem in KIT]
Points = list[tuple[str, dict[str, Any]]]  # notebooks and parameters


def peer(tool: str, processes: int, points: Points, folder: Path) -> Cost:
    """The points by a tool of `peers.py`."""
    jobs = [
        (str(KIT[stem]), str(folder / f"{i}.ipynb"), values)
        for i, (stem, values) in enumerate(points)
    ]
    command = [sys.executable, Path(__file__).with_name("peers.py"), tool, processes]
    return cost(command, stdin=json.dumps(jobs), threads=processes == 1)


def copies(points: Points, folder: Path) -> list[Path]:
    """The points as notebooks with their parameters in place and without outputs, for tools that take none."""
    paths = []
    for i, (stem, values) in enumerate(points):
        notebook = with_parameters(nbformat.read(KIT[stem], as_version=4), values)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        paths.append(folder / f"{i}.ipynb")
        nbformat.write(notebook, paths[-1])
    return paths


def jupyter_execute(points: Points, folder: Path) -> Cost:
    """All by one `jupyter execute`."""
    return cost(["jupyter", "execute", "--inplace", *copies(points, folder)])


def jupyter_cache(points: Points, folder: Path) -> Cost:
    """All by jupyter-cache with as many processes as there are cores."""
    project = ["-p", folder / "cache"]
    add = ["jcache", "notebook", *project, "add", *copies(points, folder)]
    added = cost(add, stdin="y\n")  # to be asked whether it may make the folder
    execute = ["jcache", "project", *project, "execute", "-e", "local-parallel", "-t", 600]
    done = cost(execute, threads=False)
    return Cost(added.wall + done.wall, added.cpu + done.cpu)


def sheet11_run(folder: Path) -> Cost:
    """All notebooks, HTML and index included."""
    return cost(["sheet11", "run", "-o", folder])


def sheet11_sweep(points: Points, folder: Path, *options: str) -> Cost:
    """The grid; table, figures of it and page included."""
    stem, first = points[0]
    grid = {name: dict.fromkeys(str(values[name]) for _, values in points) for name in first}
    given = [f"-p{name}={','.join(texts)}" for name, texts in grid.items()]
    return cost(["sheet11", "sweep", stem, *given, "-o", folder, *options])


def floor(points: Points, folder: Path) -> Cost:
    """Seconds that the cells of all points take in one warm kernel with one thread, divided by the cores."""
    return Cost(
        sum(_cells(stem, [p for s, p in points if s == stem]) for stem in dict(points)) / CORES
    )


def _cells(stem: str, points: list[dict[str, Any]]) -> float:
    notebook = nbformat.read(KIT[stem], as_version=4)
    cells = [(index, cell) for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    client = nbclient.NotebookClient(notebook, kernel_name="python3", record_timing=False)

    def execute(point: dict[str, Any]) -> float:
        start = time.perf_counter()
        for index, cell in cells:
            client.execute_cell(cell, index)
            if "parameters" in cell.metadata.get("tags", []) and point:
                client.execute_cell(
                    nbformat.v4.new_code_cell(f"globals().update({point!r})"), index
                )
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
            cells = [
                each for each in nbformat.read(path, as_version=4).cells if each.cell_type == "code"
            ]
            outputs = [output for cell in cells for output in cell.outputs]
            done += bool(outputs) and all(output.output_type != "error" for output in outputs)
        if done < count:
            raise SystemExit(f"{done} of {count} notebooks were executed")
        return found

    return checked


def peers(points: Points) -> dict[str, Contender]:
    """The other tools, each as it is used well."""
    return {
        "papermill.execute_notebook in a loop": partial(peer, "papermill", 1, points),
        f"papermill.execute_notebook in {CORES} processes": partial(
            peer, "papermill", CORES, points
        ),
        "jupyter-cache, local-parallel": partial(jupyter_cache, points),
        f"execnb in {CORES} processes": partial(peer, "execnb", CORES, points),
        f"ploomber-engine in {CORES} processes": partial(peer, "ploomber", CORES, points),
    }


def compare(
    title: str,
    points: Points,
    others: dict[str, Contender],
    ours: dict[str, Contender],
    repeat: int,
) -> None:
    """Print the costs of executing the points, of all tools in turn."""
    contenders = {name: complete(each, len(points)) for name, each in (others | ours).items()}
    table(title, in_turn(contenders | {"floor": partial(floor, points)}, repeat), *ours)


def compare_sweep(points: Points, repeat: int) -> None:
    """A sweep with and without the figures of its points."""
    ours = {
        "sheet11 sweep": lambda folder: sheet11_sweep(points, folder),
        "sheet11 sweep --figures": lambda folder: sheet11_sweep(points, folder, "--figures"),
    }
    compare(f"{len(points)} points of {points[0][0]}", points, peers(points), ours, repeat)


def encoding_points(count: int) -> Points:
    """A grid of p and seed."""
    return [
        ("01_encoding", {"p": p, "seed": seed}) for p in (64, 256) for seed in range(count // 2)
    ]


def growth(repeat: int) -> None:
    """How the time of a sweep grows with the number of points, and what one more kernel costs in memory."""
    counts = (8, 32, 128)
    contenders = {
        f"{count} points": lambda folder, count=count: sheet11_sweep(encoding_points(count), folder)
        for count in counts
    }
    medians = in_turn(contenders, repeat)
    print("\n| sheet11 sweep of 01_encoding | seconds | seconds per further point |\n|---|---|---|")
    before = None
    for count, (name, median) in zip(counts, medians.items(), strict=True):
        slope = f"{(median.wall - before[1]) / (count - before[0]):.3f}" if before else ""
        print(f"| {name} | {median.wall:.1f} | {slope} |")
        before = count, median.wall

    with tempfile.TemporaryDirectory() as folder:
        server = Server(threads=1)
        kernels = [server.fork(folder) for _ in range(2)]
        server.is_ready(60)
        time.sleep(2)  # until they listen
        last = psutil.Process(server.process.pid).children()[
            len(kernels) - 1
        ]  # its keeper, and itself below that
        forked = sum(each.memory_full_info().uss for each in (last, *last.children())) / 2**20
        server.close()
    code = (
        "import torch._dynamo, seaborn, networkx, ipykernel.kernelapp; print(flush=True); input()"
    )
    fresh = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    fresh.stdout.readline()
    ordinary = psutil.Process(fresh.pid).memory_full_info().uss / 2**20
    fresh.communicate(b"\n")
    print(
        f"\nMemory of one more kernel: forked {forked:.0f} MiB, of its own with the same imports {ordinary:.0f} MiB"
    )


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option(
    "--repeat", default=3, show_default=True, help="Repetitions of what takes less than 20 s."
)
@click.option(
    "--points", default=32, show_default=True, help="Points of 01_encoding, and half as many of 04."
)
def main(parts: tuple[str, ...], repeat: int, points: int) -> None:
    """Time the parts that are named, or all."""
    print(f"{CORES} cores")
    for part in parts or PARTS:
        if part == "run":
            others = peers(RUN) | {"jupyter execute": partial(jupyter_execute, RUN)}
            compare("the four notebooks", RUN, others, {"sheet11 run": sheet11_run}, repeat)
        elif part == "encoding":
            compare_sweep(encoding_points(points), repeat)
        elif part == "oversmoothing":
            grid = [
                {"graph": graph, "seed": seed}
                for graph in ("karate", "sbm")
                for seed in range(points // 4)
            ]
            compare_sweep([("04_oversmoothing", point) for point in grid], repeat)
        else:
            growth(repeat)


if __name__ == "__main__":
    main()
