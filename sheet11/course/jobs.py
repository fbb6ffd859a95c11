"""Execute many notebooks at once, on this machine's cores or on a Dask cluster, with one progress bar.

Only the `concurrent.futures.Executor` differs between the two.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from sheet11.course.engine import warm
from sheet11.course.errors import NotInstalledError, SchedulerError
from sheet11.course.execute import execute, store_error
from sheet11.course.notebooks import content_of, error_of, parse, without_outputs
from sheet11.course.sheet import Sheet
from sheet11.course.text import visible

CONNECT = 10  # seconds to wait for a scheduler


class Job(NamedTuple):
    """One execution with everything it needs to run in another process or on another machine."""

    name: str  # for people
    key: str  # for files
    notebook: str  # the file's content
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


def perform(job: Job) -> tuple[str, float]:
    """Execute a job in a warm kernel; return the executed notebook's content and the seconds."""
    warm.server(job.threads)
    start = time.perf_counter()
    executed = execute(parse(job.notebook), job.parameters, warm=True, **job.options)
    return content_of(executed), time.perf_counter() - start


def perform_all(jobs: Sequence[Job], executor: Executor) -> Iterator[Done]:
    """Execute notebooks and yield them as they finish; a worker's death becomes the notebook's error."""
    return finish_all(perform, jobs, executor, _outcome, "notebook")


def finish_all(
    work: Callable[[Any], Any],
    jobs: Sequence[Any],
    executor: Executor,
    outcome: Callable[[Any, Any], Any],
    unit: str,
) -> Iterator[Any]:
    """Do work for every job and yield the outcomes, with a progress bar, or a line each without a terminal.

    A job whose worker dies is tried once more at the end, alone, because another job may have killed the worker.

    Args:
        work: function of a job.
        jobs: arguments of `work`, each with a `name` for people.
        executor: where the work is done.
        outcome: turns a result or exception of `work` into an object with `error` and `seconds`.
        unit: word for a job in the progress bar.
    """
    with _Progress(total=len(jobs), unit=unit, disable=None) as progress:
        for job, result in _attempts(work, jobs, executor):
            yield progress.told(job, outcome(job, result))


def _attempts(
    work: Callable[[Any], Any], jobs: Sequence[Any], executor: Executor
) -> Iterator[tuple[Any, Any]]:
    """Yield each finished job with its result, or the exception of the second attempt."""
    suspects = []
    for job, result in _results(work, jobs, executor):
        if isinstance(result, Exception):
            suspects.append(job)
        else:
            yield job, result
    for suspect in suspects:
        yield from _results(work, [suspect], executor)


def _results(
    work: Callable[[Any], Any], jobs: Sequence[Any], executor: Executor
) -> Iterator[tuple[Any, Any]]:
    """Yield each finished job with its result or exception, and drop it: memory must not grow."""
    futures = {executor.submit(work, job): job for job in jobs}
    try:
        for future in as_completed(futures):
            try:
                result = future.result()
            except Exception as error:  # the worker or the cluster has died
                result = error
            yield futures.pop(future), result
    finally:
        for future in futures:
            future.cancel()


class _Progress(tqdm):  # type: ignore[misc]  # tqdm has no types
    """Progress bar that counts failures."""

    failed = 0

    def told(self, job: Any, done: Any) -> Any:
        """Count a finished job; print it if it failed or there is no bar."""
        self.failed += done.error is not None
        self.set_postfix_str(f"failed {self.failed}", refresh=False)
        self.update()
        if done.error or self.disable:
            text = f"failed, {done.error}" if done.error else "done"
            self.write(visible(f"{job.name}: {text} ({done.seconds:.1f} s)"), file=sys.stdout)
        return done


@contextlib.contextmanager
def local_executor(
    workers: int | None = None, kernels: bool = True
) -> Iterator[tuple[Executor, int]]:
    """Yield an executor for this machine, and the number of threads for each job; together they use all cores.

    Args:
        workers: most jobs at a time; None leaves it to `share_cores`.
        kernels: whether the jobs need warm kernels.
    """
    wanted = workers
    workers, threads = warm.share_cores(wanted)
    if wanted and workers < wanted:
        print(f"-j {wanted}: there are cores and memory for {workers} at a time", file=sys.stderr)
    if kernels:
        warm.server(threads)  # it imports while the caller prepares the jobs
    # the kernels are processes; the threads only wait for them
    executor = ThreadPoolExecutor(workers)
    try:
        yield executor, threads
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        warm.stop_server()  # ends the running jobs
        executor.shutdown()


@contextlib.contextmanager
def cluster_executor(address: str) -> Iterator[tuple[Executor, int]]:
    """Yield an executor for an existing Dask cluster that has this kit installed, and one thread for each job.

    Raises:
        SchedulerError: no scheduler answers within 10 seconds.
        NotInstalledError: Dask is not installed.
    """
    try:
        from distributed import Client
        from distributed.comm.addressing import parse_address
        from distributed.comm.registry import get_backend
    except ImportError as error:
        raise NotInstalledError("--scheduler needs Dask: pip install 'sheet11[cluster]'") from error
    try:
        # Client reports an unknown protocol only after a long wait
        get_backend(parse_address(address)[0])
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SchedulerError(f"there is no Dask scheduler at {address!r}") from error
    with client:
        # pure would return the earlier result when a job is tried again
        yield client.get_executor(pure=False), 1


def _outcome(job: Job, result: tuple[str, float] | Exception) -> Done:
    if isinstance(result, Exception):  # the job's own errors are in its notebook
        notebook, seconds = without_outputs(parse(job.notebook)), 0.0
        notebook.cells.append(nbformat.v4.new_code_cell(id="error"))
        store_error(notebook.cells[-1], type(result).__name__, str(result).partition("\n")[0])
    else:
        content, seconds = result
        notebook = parse(content)
    return Done(job, notebook, error_of(notebook), seconds)
