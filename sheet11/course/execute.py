"""One notebook, one set of parameters, one executed notebook: the step that runs, sweeps and grading are made of."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbclient
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from sheet11.course.engine.warm import is_own, server, wanted
from sheet11.course.files import TEMPORARY
from sheet11.course.notebooks import kernel_of, with_parameters
from sheet11.lab.frames import VARIABLE as FRAMES


def execute(
    notebook: NotebookNode,
    parameters: Mapping[str, Any],
    cwd: Path | None = None,
    on_cell: Callable[[], None] = lambda: None,
    warm: bool = False,
    package_folder: Path | None = None,
    kernel: str | None = None,
    timeout: int | None = None,
    frames: bool = False,
    instead_of_figures: str | None = None,
) -> NotebookNode:
    """Execute a notebook with parameters and return the executed copy; the argument is left as it is.

    A cell that fails ends the execution. The error is its last output, so that the copy tells what happened
    (`error_of`); that holds for a kernel that dies, too. The result holds no times and no paths.

    Args:
        notebook: with a cell tagged `parameters` if there are any.
        parameters: by name; they replace the defaults in a cell of their own, as papermill does it.
        cwd: working directory of the kernel; None is an empty one that is deleted afterwards.
        on_cell: called after every code cell, for progress.
        warm: fork the kernel from this process's server (see `engine`) instead of starting a new interpreter.
        package_folder: a folder that the notebook imports from, besides its own and the environment's.
        kernel: name of the kernel; None is the one that the notebook asks for.
        timeout: seconds that a cell may take; None is as long as it wants.
        frames: whether figures with sliders come with a picture for every setting, for a page.
        instead_of_figures: a text that a warm kernel shows for every figure, which takes no drawing.

    Raises:
        NotebookError: no kernel of the notebook's name is installed.
    """
    kernel_name = kernel_of(notebook, kernel)
    notebook = with_parameters(notebook, parameters)
    running = [cell for cell in notebook.cells if cell.cell_type == "code"][
        :1
    ]  # blamed if no kernel starts
    environment = _kernel_environment(package_folder, frames)
    forks = server() if warm and is_own(kernel_name) else None
    with (
        tempfile.TemporaryDirectory(prefix=TEMPORARY, ignore_cleanup_errors=True) as folder,
        contextlib.ExitStack() as closing,
    ):
        empty = Path(folder, "work")
        empty.mkdir()
        where = str(cwd or empty)
        fork: Any = None  # nbclient takes whatever does what it asks of a manager
        if forks:
            fork = forks.fork(
                where,
                wanted(notebook),
                environment,
                remove=[folder],
                instead_of_figures=instead_of_figures,
            )
            closing.callback(fork.close)
        client = nbclient.NotebookClient(
            notebook,
            km=fork,
            kernel_name=kernel_name,
            kernel_manager_class=AsyncKernelManager,
            timeout=timeout,
            record_timing=False,
            coalesce_streams=True,  # else it depends on timing how printed text is cut into outputs
            resources={"metadata": {"path": where}},
            on_cell_execute=lambda cell, cell_index: running.append(cell),
            on_cell_complete=lambda cell, cell_index: on_cell(),
        )
        if fork is None:
            manager = client.create_kernel_manager()
            manager.connection_file = str(Path(folder, "connection.json"))
            if (
                os.name == "posix"
            ):  # sockets in a private folder; anyone on the machine could connect to TCP ports
                manager.transport = "ipc"
                manager.ip = str(Path(folder, "kernel"))
        try:
            _complete(client.async_execute(env=environment))
        except CellExecutionError:
            pass  # the kernel has stored the error as an output
        except (
            RuntimeError,
            TimeoutError,
        ) as error:  # no kernel started, it died, or a cell took too long
            if not running:
                raise
            text = str(error).splitlines()[0]
            stored = nbformat.v4.new_output(
                "error", ename=type(error).__name__, evalue=text, traceback=[text]
            )
            running[-1].outputs.append(stored)
    return notebook


def _kernel_environment(package_folder: Path | None, frames: bool) -> dict[str, str]:
    """This process's environment, with a folder to import from before all others, and what asks for frames."""
    folders = [str(package_folder or ""), os.environ.get("PYTHONPATH", "")]
    asked = {FRAMES: "1"} if frames else {}
    return dict(os.environ) | asked | {"PYTHONPATH": os.pathsep.join(filter(None, folders))}


def _complete(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine to its end, in a loop of its own that is closed afterwards, whatever loop the caller runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(coroutine)
    else:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, coroutine).result()
