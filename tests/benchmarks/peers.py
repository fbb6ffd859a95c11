"""Execute or grade notebooks with another tool, so that it can be measured as a command.

    python tests/benchmarks/peers.py papermill|execnb|ploomber|otter PROCESSES < jobs.json

The jobs are a list of [notebook, output, parameters], for Otter of [submission, autograder.zip, {}]. PROCESSES work
side by side: of a pool that is started with `spawn`, or in this process if it is one. It imports no more than the tool
itself needs.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

Job = tuple[str, str, dict[str, Any]]


def papermill(job: Job) -> None:
    """By papermill's Python interface: a kernel of its own for each."""
    import papermill as tool

    notebook, output, parameters = job
    tool.execute_notebook(notebook, output, parameters, progress_bar=False)


def execnb(job: Job) -> None:
    """By execnb, in this process; figures of the ordinary resolution instead of twice as many pixels."""
    from execnb.shell import CaptureShell

    notebook, output, parameters = job
    with open(notebook, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    index = next(
        i for i, cell in enumerate(cells) if "parameters" in cell["metadata"].get("tags", [])
    )
    lines = [
        "".join(cells[index]["source"]),
        *(f"{name} = {value!r}" for name, value in parameters.items()),
    ]
    shell = CaptureShell(mpl_format="png")
    shell.execute(notebook, output, exc_stop=True, inject_code="\n".join(lines), inject_idx=index)
    shell.close()


def ploomber(job: Job) -> None:
    """By ploomber-engine, in this process."""
    from ploomber_engine import execute_notebook

    notebook, output, parameters = job
    execute_notebook(notebook, output, parameters=parameters, progress_bar=False)


def otter(job: Job) -> None:
    """Grade a submission by Otter with the tests of an autograder.zip; the score is left beside it."""
    from otter.api import grade_submission

    submission, autograder, _ = job
    result = grade_submission(submission, autograder, quiet=True)
    with open(submission.removesuffix(".ipynb") + ".json", "w", encoding="utf-8") as file:
        json.dump({"total": result.total, "possible": result.possible}, file)


def by(tool: str, job: Job) -> None:
    """By the tool of that name; its shell may have taken the place of the module where the pool looks for the next."""
    own = sys.modules["__main__"]
    globals()[tool](job)
    sys.modules["__main__"] = own


def main() -> None:
    """Execute the jobs."""
    tool, processes = partial(by, sys.argv[1]), int(sys.argv[2])
    jobs = json.load(sys.stdin)
    if processes == 1:
        for job in jobs:
            tool(job)
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            list(pool.map(tool, jobs))


if __name__ == "__main__":
    main()
