"""Many executions at once: the same jobs on this machine's cores or on a Dask cluster, and one progress bar.

Whatever implements `concurrent.futures.Executor` will do; it is the only thing that changes between the two.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from sheet11.course import kernel
from sheet11.course.execute import NotebookError, error_of, execute


class Job(NamedTuple):
    """One execution, with all that it needs: it may happen in another process or on another machine."""

    name: str  # for people
    key: str  # for files
    notebook: str  # the file's content
    parameters: dict[str, Any]
    cwd: str | None = None
    threads: int | None = None


class Done(NamedTuple):
    """What came of a job."""

    job: Job
    notebook: NotebookNode
    error: str | None
    seconds: float


def perform(job: Job) -> tuple[str, float]:
    """Execute a job in a warm kernel of this process's server; the executed notebook's content, and the seconds."""
    kernel.server(job.threads)
    start = time.perf_counter()
    cwd = Path(job.cwd) if job.cwd and os.path.isdir(job.cwd) else None  # another machine may not have the folder
    executed = execute(nbformat.reads(job.notebook, as_version=4), job.parameters, cwd, warm=True)
    return nbformat.writes(executed), time.perf_counter() - start


def perform_all(jobs: Sequence[Job], executor: Executor) -> Iterator[Done]:
    """Perform jobs and yield them as they are done, with a progress bar; where none can be shown, with a line each.

    A job whose worker dies comes back as its notebook with that error; the others go on.
    """
    futures = {executor.submit(perform, job): job for job in jobs}
    pending = set(futures)
    failed = 0
    try:
        with tqdm(total=len(jobs), unit="notebook", disable=None) as bar:
            while pending:
                running = [futures[future].name for future in futures if future in pending and future.running()]
                bar.set_postfix_str(f"failed {failed}, running {', '.join(running[:3])}")
                for future in (finished := wait(pending, timeout=0.5, return_when=FIRST_COMPLETED))[0]:
                    done = _outcome(futures[future], future)
                    failed += done.error is not None
                    bar.update()
                    if done.error or bar.disable:
                        result = f"failed, {done.error}" if done.error else "done"
                        bar.write(f"{done.job.name}: {result} ({done.seconds:.1f} s)", file=sys.stdout)
                    yield done
                pending = finished.not_done
    finally:
        for future in pending:
            future.cancel()


@contextlib.contextmanager
def local_executor(workers: int | None = None) -> Iterator[tuple[Executor, int]]:
    """An executor for this machine, and the threads that each job may use: as many as there are cores in all.

    Args:
        workers: number of jobs at a time; None is `share_cores`'s choice.
    """
    workers, threads = kernel.share_cores(workers)
    kernel.server(threads)  # imports while the caller prepares the jobs
    executor = ThreadPoolExecutor(workers)  # the kernels are processes; the threads only wait for them
    try:
        yield executor, threads
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        kernel.stop_server()  # ends the jobs that are still running after an interrupt
        executor.shutdown()


@contextlib.contextmanager
def cluster_executor(address: str) -> Iterator[tuple[Executor, int]]:
    """An executor for an existing Dask cluster, on whose workers this kit is installed.

    Raises:
        NotebookError: there is no scheduler at the address, or Dask is not installed.
    """
    try:
        from distributed import Client
        from distributed.comm import parse_address
        from distributed.comm.registry import get_backend
    except ImportError as error:
        raise NotebookError("--scheduler needs Dask: pip install 'sheet11[cluster]'") from error
    try:
        get_backend(parse_address(address)[0])  # Client waits long before it says that it does not know the protocol
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NotebookError(f"there is no Dask scheduler at {address!r}") from error
    with client:
        yield client.get_executor(), 1


def _outcome(job: Job, future: Any) -> Done:
    try:
        text, seconds = future.result()
        notebook = nbformat.reads(text, as_version=4)
    except Exception as error:  # the worker died, or what it runs on did; the job's own errors are in its notebook
        notebook, seconds = nbformat.reads(job.notebook, as_version=4), 0.0
        message = (str(error).splitlines() or [""])[0]
        stored = nbformat.v4.new_output("error", ename=type(error).__name__, evalue=message, traceback=[message])
        code = [cell for cell in notebook.cells if cell.cell_type == "code"] or [nbformat.v4.new_code_cell()]
        code[0].outputs = [stored]
        return Done(job, notebook, f"{stored.ename}: {message}", seconds)
    return Done(job, notebook, error_of(notebook), seconds)
