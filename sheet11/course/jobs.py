"""Many executions at once: the same jobs on this machine's cores or on a Dask cluster, and one progress bar.

Whatever implements `concurrent.futures.Executor` will do; it is the only thing that changes between the two.
"""

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, Protocol, TypeVar

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from sheet11.course.engine import warm
from sheet11.course.errors import NotInstalledError, SchedulerError
from sheet11.course.execute import execute, store_error
from sheet11.course.interrupts import raise_if_interrupted
from sheet11.course.notebooks import content_of, error_of, parse, without_outputs
from sheet11.course.text import visible

FEW = 20  # jobs whose remaining time nobody needs to be told well
OLDEST = 32  # jobs among which those are sought that are said to run; there may be thousands
CONNECT = 10  # seconds that a scheduler may take to answer


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class _Finished(Protocol):
    @property
    def error(self) -> str | None: ...
    @property
    def seconds(self) -> float: ...


J = TypeVar("J", bound=_Named)
R = TypeVar("R")
D = TypeVar("D", bound=_Finished)


class Job(NamedTuple):
    """One execution, with all that it needs: it may happen in another process or on another machine."""

    name: str  # for people
    key: str  # for files
    notebook: str  # the file's content
    parameters: dict[str, Any]
    cwd: str | None = None
    threads: int | None = None
    package_folder: str | None = None  # holds the package that the notebook imports
    frames: bool = False  # figures with sliders get a picture for every setting
    instead_of_figures: str | None = None  # a text, where figures are not to be drawn
    kernel: str | None = None  # None is the one that the notebook asks for
    timeout: int | None = None  # seconds for a cell


class Done(NamedTuple):
    """A job that has ended."""

    job: Job
    notebook: NotebookNode
    error: str | None
    seconds: float


def perform(job: Job) -> tuple[str, float]:
    """Execute a job in a warm kernel of this process's server; the executed notebook's content, and the seconds."""
    warm.server(job.threads)
    start = time.perf_counter()
    executed = execute(
        parse(job.notebook),
        job.parameters,
        cwd=_folder(job.cwd),
        warm=True,
        package_folder=_folder(job.package_folder),
        kernel=job.kernel,
        timeout=job.timeout,
        frames=job.frames,
        instead_of_figures=job.instead_of_figures,
    )
    return content_of(executed), time.perf_counter() - start


def perform_all(jobs: Sequence[Job], executor: Executor) -> Iterator[Done]:
    """Execute notebooks and yield them as they are done; one whose worker dies comes back with that error."""
    return finish_all(perform, jobs, executor, _outcome, "notebook")


def finish_all(
    work: Callable[[J], R],
    jobs: Sequence[J],
    executor: Executor,
    outcome: Callable[[J, R | Exception], D],
    unit: str,
) -> Iterator[D]:
    """Do work for every job and yield its outcome, with a progress bar; where none can be shown, with a line each.

    A job whose worker dies is tried once more at the end, with no other beside it that could be to blame.

    Args:
        work: what is done, here or elsewhere.
        jobs: what it is done with; each has a `name` for people.
        executor: where it is done.
        outcome: makes something with `error` and `seconds` of what the work gave or raised.
        unit: what a job is called.
    """
    suspects = []
    with _Progress(total=len(jobs), unit=unit, disable=None, smoothing=0) as progress:
        for job, result in _results(work, jobs, executor, progress):
            if isinstance(result, Exception):
                suspects.append(job)
                continue
            done = outcome(job, result)
            progress.tell(job, done)
            yield done
        for suspect in suspects:
            for job, result in _results(work, [suspect], executor, progress):
                done = outcome(job, result)
                progress.tell(job, done)
                yield done


def _results(
    work: Callable[[J], R], jobs: Sequence[J], executor: Executor, progress: "_Progress"
) -> Iterator[tuple[J, R | Exception]]:
    """What came of each job as it ends, and is not kept any longer."""
    ended: SimpleQueue[Future[R]] = SimpleQueue()
    futures = {executor.submit(work, job): job for job in jobs}
    for future in futures:
        future.add_done_callback(ended.put)
    try:
        while futures:
            raise_if_interrupted()
            oldest = itertools.islice(futures.items(), OLDEST)
            progress.name_running([job.name for future, job in oldest if future.running()])
            with contextlib.suppress(Empty):
                future = ended.get(timeout=0.5)
                yield futures.pop(future), _result(future)
    finally:
        for future in futures:
            future.cancel()


class _Progress(tqdm):  # type: ignore[misc]  # tqdm has no types
    """A bar with what has failed and what runs."""

    failed = 0

    def tell(self, job: _Named, done: _Finished) -> None:
        """Count a job that has ended, and say so if it has failed or there is no bar."""
        self.failed += done.error is not None
        self.update()
        if self.n == 1 and self.total > FEW:
            # else the estimate would count for each what starting takes once
            self.start_t, self.initial = time.time(), 1
        if done.error or self.disable:
            text = f"failed, {done.error}" if done.error else "done"
            self.write(visible(f"{job.name}: {text} ({done.seconds:.1f} s)"), file=sys.stdout)

    def name_running(self, names: Sequence[str]) -> None:
        """Show which jobs run."""
        self.set_postfix_str(f"failed {self.failed}, running {visible(', '.join(names[:3]))}")


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
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        executor.shutdown(wait=False, cancel_futures=True)
        warm.stop_all_servers()
        raise
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        warm.stop_server()
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


def _result(future: Future[Any]) -> Any:
    """What the future gives, or the exception: the worker died, or what it runs on did."""
    try:
        return future.result()
    except Exception as error:
        return error


def _outcome(job: Job, result: tuple[str, float] | Exception) -> Done:
    if not isinstance(result, Exception):
        notebook = parse(result[0])
        return Done(job, notebook, error_of(notebook), result[1])
    notebook = without_outputs(parse(job.notebook))  # the job's own errors are in its notebook
    message = (str(result).splitlines() or [""])[0]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not code:
        code = [nbformat.v4.new_code_cell()]
    store_error(code[0], type(result).__name__, message)
    return Done(job, notebook, f"{type(result).__name__}: {message}", 0.0)


def _folder(name: str | None) -> Path | None:
    """A folder if there is one of this name; another machine may not have it."""
    return Path(name) if name and os.path.isdir(name) else None
