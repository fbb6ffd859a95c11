"""Time `sheet11 run` and `sheet11 sweep` against what one would use otherwise, in turn, and print tables.

    python tests/benchmarks/execution.py [run] [sweep] [growth] [--repeat N]

Every table holds medians over the repetitions, in which the contenders take turns. The floor is what the machine
allows: the same cells executed in one warm kernel that is already there, divided by the number of cores.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import papermill

from sheet11.course.execute import parameters_of
from sheet11.course.library import kit_notebooks

CORES = len(os.sched_getaffinity(0))
BIN = Path(sys.executable).parent
KIT = kit_notebooks()


def command(*arguments: Any) -> None:
    """Run a command of the environment, quietly; it must succeed."""
    subprocess.run([BIN / arguments[0], *map(str, arguments[1:])], check=True, capture_output=True)


def papermill_point(stem: str, parameters: dict[str, Any], folder: str) -> None:
    """One point as a script that uses papermill does it."""
    out = Path(folder, "-".join(map(str, parameters.values())) + ".ipynb")
    papermill.execute_notebook(KIT[stem], out, parameters, progress_bar=False)


def papermill_loop(stem: str, points: list[dict[str, Any]], folder: str) -> None:
    """One point after another."""
    for point in points:
        papermill_point(stem, point, folder)


def papermill_pool(stem: str, points: list[dict[str, Any]], folder: str) -> None:
    """As many processes as cores."""
    with ProcessPoolExecutor(CORES) as pool:
        list(pool.map(papermill_point, [stem] * len(points), points, [folder] * len(points)))


def sheet11_sweep(stem: str, points: list[dict[str, Any]], folder: str) -> None:
    """The command line, from its start to its end."""
    values = {name: ",".join(str(value) for value in dict.fromkeys(p[name] for p in points)) for name in points[0]}
    options = [part for name, text in values.items() for part in ("-p", f"{name}={text}")]
    command("sheet11", "sweep", stem, *options, "-o", folder)


def floor(stems: list[str], points: list[dict[str, Any]]) -> float:
    """Seconds that the cells alone take in one warm kernel, divided by the cores."""
    total = 0.0
    for stem in stems:
        notebook = nbformat.read(KIT[stem], as_version=4)
        client = nbclient.NotebookClient(notebook, kernel_name="python3", record_timing=False)
        with client.setup_kernel(env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}):
            for point in [points[0], *points]:  # the first warms up
                start = time.perf_counter()
                for index, cell in enumerate(notebook.cells):
                    if "parameters" in cell.metadata.get("tags", []):
                        defaults = {name: text for name, text in parameters_of(notebook).items()}
                        values = defaults | {name: repr(value) for name, value in point.items() if name in defaults}
                        cell = nbformat.v4.new_code_cell("\n".join(f"{n} = {v}" for n, v in values.items()))
                    client.execute_cell(cell, index)
                seconds = time.perf_counter() - start
                total += seconds
            total -= 0 if len(points) == 0 else first_pass(client, seconds)
    return total / CORES


def first_pass(client: nbclient.NotebookClient, seconds: float) -> float:
    """Placeholder."""
    return seconds


@contextlib.contextmanager
def scratch() -> Iterator[str]:
    """A folder that is gone afterwards."""
    folder = tempfile.mkdtemp()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
