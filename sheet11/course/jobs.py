"""Many executions at once: the same jobs on this machine's cores or on a Dask cluster, and one progress bar.

Whatever implements `concurrent.futures.Executor` will do; it is the only thing that changes between the two.
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

CONNECT = 10  # seconds that a scheduler may take to answer


class Job(NamedTuple):
    """One execution, with all that it needs: it may happen in another process or on another machine."""

    name: str  # for people
    key: str  # for files
    notebook: str  # the file's content
    parameters: dict[str, Any]
    threads: int | None = None
    options: dict[str, Any] = {}  # of `execute`


class Done(NamedTuple):
    """A job that has ended."""

    job: Job
    notebook: NotebookNode
    error: str | None
    seconds: float


def options_of(
    path: Path, sheet: Sheet | None, kernel: str | None, timeout: int | None
) -> dict[str, Any]:
    """Options of `execute` for a notebook file, wherever it is executed."""
    return {
        "cwd": str(path.parent.resolve()),
        "package_folder": sheet.imports_from if sheet else None,
        "kernel": kernel,
        "timeout": timeout,
    }


def perform(job: Job) -> tuple[str, float]:
    """Execute a job in a warm kernel of this process's server; the executed notebook's content, and the seconds."""
    warm.server(job.threads)
    start = time.perf_counter()
    executed = execute(parse(job.notebook), job.parameters, warm=True, **job.options)
    return content_of(executed), time.perf_counter() - start


def perform_all(jobs: Sequence[Job], executor: Executor) -> Iterator[Done]:
    """Execute notebooks and yield them as they are done; one whose worker dies comes back with that error."""
    return finish_all(perform, jobs, executor, _outcome, "notebook")


def finish_all(
    work: Callable[[Any], Any],
    jobs: Sequence[Any],
    executor: Executor,
    outcome: Callable[[Any, Any], Any],
    unit: str,
) -> Iterator[Any]:
    """Do work for every job and yield its outcome, with a progress bar; where none can be shown, with a line each.

    A job whose worker dies is tried once more at the end, with no other beside it that could be to blame.

    Args:
        work: what is done, here or elsewhere.
        jobs: what it is done with; each has a `name` for people.
        executor: where it is done.
        outcome: makes something with `error` and `seconds` of what the work gave or raised.
        unit: what a job is called.
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
            except Exception as error:  # its worker has died, or what it runs on
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
    """An executor for this machine, and the threads that each job may use: as many as there are cores in all.

    Args:
        workers: number of jobs at a time, which `share_cores` bounds, and chooses if it is None.
        kernels: whether the jobs want warm kernels.
    """
    wanted = workers
    workers, threads = warm.share_cores(wanted)
    if wanted and workers < wanted:
        print(f"-j {wanted}: there are cores and memory for {workers} at a time", file=sys.stderr)
    if kernels:
        warm.server(threads)  # imports while the caller prepares the jobs
    # the kernels are processes; the threads only wait for them
    executor = ThreadPoolExecutor(workers)
    try:
        yield executor, threads
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        warm.stop_server()  # with which jobs that run end
        executor.shutdown()


@contextlib.contextmanager
def cluster_executor(address: str) -> Iterator[tuple[Executor, int]]:
    """An executor for an existing Dask cluster, on whose workers this kit is installed.

    Raises:
        SchedulerError: none answers at the address within 10 seconds.
        NotInstalledError: Dask is not installed.
    """
    try:
        from distributed import Client
        from distributed.comm.addressing import parse_address
        from distributed.comm.registry import get_backend
    except ImportError as error:
        raise NotInstalledError("--scheduler needs Dask: pip install 'sheet11[cluster]'") from error
    try:
        # Client waits long before it says that it does not know the protocol
        get_backend(parse_address(address)[0])
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SchedulerError(f"there is no Dask scheduler at {address!r}") from error
    with client:
        # not pure: a job that is tried again would be told what came of it before
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
