"""Execute many notebooks at once, on this machine's cores or on a Dask cluster, with one progress bar.

Only the `concurrent.futures.Executor` differs between the two.
"""

import contextlib
import copy
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from tqdm import tqdm

from sheet11.course.engine import warm
from sheet11.course.errors import NotInstalledError, SchedulerError
from sheet11.course.execute import execute, store_error
from sheet11.course.notebooks import content_of, error_of, parse, without_outputs
from sheet11.course.sheet import Sheet
from sheet11.course.text import visible

Work = Callable[[Any], Any]

CONNECT = 10  # seconds to wait for a scheduler


class Job(NamedTuple):
    """One execution with everything it needs to run in another process or on another machine."""

    name: str  # for people
    key: str  # for files
    notebook: NotebookNode
    parameters: dict[str, Any]
    threads: int | None = None
    options: dict[str, Any] = {}  # of `execute`


class Done(NamedTuple):
    """A finished job."""

    job: Job
    notebook: NotebookNode
    error: str | None
    seconds: float


def options_of(path: Path, sheet: Sheet) -> dict[str, Any]:
    """Return the options of `execute` for a notebook file; they hold in any working directory."""
    return {
        "cwd": str(path.parent.resolve()),
        "package_folder": sheet.imports_from,
    }


def perform(job: Job) -> Done:
    """Execute a job in a warm kernel."""
    warm.server(job.threads)
    start = time.perf_counter()
    executed = execute(job.notebook, job.parameters, warm=True, **job.options)
    seconds = time.perf_counter() - start
    notebook = parse(content_of(executed))  # as it will be read from its file
    return Done(job, notebook, error_of(notebook), seconds)


def perform_all(jobs: Sequence[Job], executor: Executor) -> Iterator[Done]:
    """Execute notebooks and yield them as they finish; a worker's death becomes the notebook's error."""
    return finish_all(perform, jobs, executor, _failed, "notebook")


def _failed(job: Job, error: Exception) -> Done:
    cell = new_code_cell(id="error")
    store_error(cell, error)
    notebook = without_outputs(copy.deepcopy(job.notebook))
    notebook.cells.append(cell)
    return Done(job, notebook, error_of(notebook), seconds=0.0)


def finish_all(
    work: Work,
    jobs: Sequence[Any],
    executor: Executor,
    failed: Callable[[Any, Exception], Any],
    unit: str,
) -> Iterator[Any]:
    """Do work for every job and yield the results, with a progress bar, or a line each without a terminal.

    A job whose worker dies is tried once more at the end, alone, because another job may have killed the worker.

    Args:
        work: function of a job; its result has `error` and `seconds`.
        jobs: arguments of `work`, each with a `name` for people.
        executor: where the work is done.
        failed: makes a result of a job and the exception that `work` has raised twice.
        unit: word for a job in the progress bar.
    """
    failures = 0
    with tqdm(total=len(jobs), unit=unit, disable=None) as progress:
        for job, future in _finished(work, jobs, executor):
            error = future.exception()
            done = failed(job, error) if isinstance(error, Exception) else future.result()
            failures += done.error is not None
            progress.set_postfix(failed=failures)
            progress.update()
            if done.error or progress.disable:
                how = f"failed, {done.error}" if done.error else "done"
                progress.write(
                    visible(f"{job.name}: {how} ({done.seconds:.1f} s)"), file=sys.stdout
                )
            yield done


def _finished(work: Work, jobs: Sequence[Any], executor: Executor) -> Iterator[tuple[Any, Any]]:
    """Yield each job with its future when it is finished, those that have failed after a second attempt."""
    futures = {executor.submit(work, job): job for job in jobs}
    suspects = []
    for future in as_completed(futures):
        job = futures.pop(future)  # and drop the result: memory must not grow
        if isinstance(future.exception(), Exception):  # the worker or the cluster has died
            suspects.append(job)
        else:
            yield job, future
    for job in suspects:
        yield job, executor.submit(work, job)


@contextlib.contextmanager
def local_executor(wanted: int | None = None) -> Iterator[tuple[Executor, int]]:
    """Yield an executor for this machine, and the number of threads for each job; together they use all cores.

    Args:
        wanted: most jobs at a time; None leaves it to `share_cores`.
    """
    workers, threads = warm.share_cores(wanted)
    if wanted and workers < wanted:
        print(f"-j {wanted}: there are cores and memory for {workers} at a time", file=sys.stderr)
    # the kernels are processes; the threads only wait for them
    with ThreadPoolExecutor(workers) as executor:
        try:
            yield executor, threads
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            warm.stop_server()  # ends the running jobs


@contextlib.contextmanager
def cluster_executor(address: str) -> Iterator[tuple[Executor, int]]:
    """Yield an executor for an existing Dask cluster that has this kit installed, and one thread for each job.

    Raises:
        SchedulerError: no scheduler answers within 10 seconds.
        NotInstalledError: Dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise NotInstalledError("--scheduler needs Dask: pip install 'sheet11[cluster]'") from error
    try:
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SchedulerError(f"there is no Dask scheduler at {address!r}") from error
    with client:
        # pure would return the earlier result when a job is tried again
        yield client.get_executor(pure=False), 1
