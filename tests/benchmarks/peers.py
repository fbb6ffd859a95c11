"""Execute notebooks with another tool, so that it can be measured as a command.

    python tests/benchmarks/peers.py papermill|execnb PROCESSES JOBS

JOBS is a JSON file: a list of [notebook, output, parameters]. PROCESSES work side by side: of a pool that is started
with `spawn`, or in this process if it is one. It imports no more than the tool itself needs.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any


def papermill(notebook: str, output: str, parameters: dict[str, Any]) -> None:
    """Execute by papermill's Python interface: a kernel of its own for each."""
    import papermill as tool

    tool.execute_notebook(notebook, output, parameters, progress_bar=False)


def execnb(notebook: str, output: str, parameters: dict[str, Any]) -> None:
    """Execute by execnb, in this process; figures of the ordinary resolution instead of twice as many pixels."""
    from execnb.shell import CaptureShell

    with open(notebook, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    tagged = ["parameters" in cell["metadata"].get("tags", []) for cell in cells]
    index = tagged.index(True)
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    code = "\n".join(["".join(cells[index]["source"]), *lines])
    own = sys.modules[
        "__main__"
    ]  # the shell takes its place, and the pool looks there for the next job
    shell = CaptureShell(mpl_format="png")
    shell.execute(notebook, output, exc_stop=True, inject_code=code, inject_idx=index)
    shell.close()
    sys.modules["__main__"] = own


def main() -> None:
    """Execute the jobs."""
    tool = {"papermill": papermill, "execnb": execnb}[sys.argv[1]]
    processes = int(sys.argv[2])
    with open(sys.argv[3], encoding="utf-8") as file:
        jobs = json.load(file)
    if processes == 1:
        for job in jobs:
            tool(*job)
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            list(pool.map(tool, *zip(*jobs, strict=True)))


if __name__ == "__main__":
    main()
