"""Execute one notebook with one set of parameters: the step behind runs, sweeps and grading."""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from sheet11.course.engine.client import LANGUAGE, Client, Kernel, merged, raise_if_exited
from sheet11.course.engine.warm import is_own, server, wanted
from sheet11.course.files import TEMPORARY
from sheet11.course.notebooks import kernel_of, with_parameters, without_outputs
from sheet11.lab.frames import VARIABLE as FRAMES

# socket paths must be short
SHORT = "/tmp" if os.name == "posix" else None


def execute(
    notebook: NotebookNode,
    parameters: Mapping[str, Any],
    cwd: str | Path | None = None,
    warm: bool = False,
    package_folder: str | Path | None = None,
    kernel: str | None = None,
    timeout: int | None = None,
    frames: bool = False,
    instead_of_figures: str | None = None,
) -> NotebookNode:
    """Execute a notebook with parameters and return the executed copy; the argument does not change.

    A failing cell ends the execution, and the error becomes its last output (see `error_of`); so does a kernel that
    dies. The result holds no times and no paths.

    Args:
        notebook: has a cell tagged `parameters` if there are any.
        parameters: by name; they override the defaults in an injected cell, as in papermill.
        cwd: working directory of the kernel; an empty temporary folder if missing or None.
        warm: fork the kernel from this process's server (see `engine`) instead of starting a new interpreter.
        package_folder: extra folder to import from.
        kernel: name of the kernel; by default the one the notebook asks for.
        timeout: limit for each cell in seconds; None is no limit.
        frames: whether figures with sliders include a picture for every setting.
        instead_of_figures: text that a warm kernel shows instead of drawing each figure.

    Raises:
        NotebookError: the kernel is not installed.
    """
    kernel_name = kernel_of(notebook, kernel)
    notebook = without_outputs(with_parameters(notebook, parameters))
    environment = _environment(package_folder, frames)
    # the first cell gets the error if no kernel starts
    running = [cell for cell in notebook.cells if cell.cell_type == "code"][:1]
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, ignore_cleanup_errors=True) as folder:
        work = Path(folder, "work")
        work.mkdir()
        where = str(cwd if cwd and os.path.isdir(cwd) else work)
        options: dict[str, Any] = {"timeout": timeout, "record_timing": False}
        try:
            if warm and is_own(kernel_name):
                fork = server().fork(
                    where,
                    wanted(notebook),
                    environment,
                    remove=[folder],
                    instead_of_figures=instead_of_figures,
                )
                with contextlib.closing(fork):
                    _run_in_fork(Client(notebook, **options), fork, running)
            else:
                client = NotebookClient(notebook, kernel_name=kernel_name, **options)
                client.resources = {"metadata": {"path": where}}
                _run_in_new_kernel(client, environment, running)
        except CellExecutionError as error:
            if not any(output.output_type == "error" for output in running[-1].outputs):
                store_error(running[-1], error.ename, error.evalue)
        except (RuntimeError, TimeoutError) as error:
            if not running:
                raise
            # the kernel did not start or died, or a cell timed out
            store_error(running[-1], type(error).__name__, str(error).partition("\n")[0])
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = merged(cell.outputs)
    return notebook


def _run_in_fork(client: Client, kernel: Kernel, running: list[NotebookNode]) -> None:
    client.kc = kernel
    client.nb.metadata.language_info = nbformat.from_dict(LANGUAGE)
    for index, cell in enumerate(client.nb.cells):
        if cell.cell_type == "code":
            running.append(cell)
            client.execute_cell(cell, index)
    client.set_widgets_metadata()


def _run_in_new_kernel(
    client: NotebookClient, environment: dict[str, str], running: list[NotebookNode]
) -> None:
    client.kernel_manager_class = AsyncKernelManager
    client.on_cell_execute = lambda cell, cell_index: running.append(cell)
    client.on_cell_executed = lambda execute_reply, **_: raise_if_exited(execute_reply["content"])
    manager = client.create_kernel_manager()
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=SHORT) as folder:
        manager.connection_file = str(Path(folder, "connection.json"))
        if os.name == "posix":
            # anyone on the machine could connect to TCP ports, but not to sockets in a private folder
            manager.transport = "ipc"
            manager.ip = str(Path(folder, "kernel"))
        client.execute(env=environment)


def store_error(cell: NotebookNode, name: str, text: str) -> None:
    """Store an error as a cell's last output."""
    error = nbformat.v4.new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
    cell.outputs.append(error)


def _environment(package_folder: str | Path | None, frames: bool) -> dict[str, str]:
    """Return this process's environment with the package folder first in PYTHONPATH, and with frames if wanted."""
    folders = [str(package_folder or ""), os.environ.get("PYTHONPATH", "")]
    asked = {FRAMES: "1"} if frames else {}
    return dict(os.environ) | asked | {"PYTHONPATH": os.pathsep.join(filter(None, folders))}
