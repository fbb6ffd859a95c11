"""Execute one notebook with one set of parameters: the step behind runs, sweeps and grading."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbformat.v4 import new_output

from sheet11.course.engine.client import merged, raise_if_exited
from sheet11.course.engine.warm import CAN_FORK, is_own, kernel_for
from sheet11.course.files import TEMPORARY, folder_of_this_process
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
        frames: whether figures with sliders include pictures for several settings.
        instead_of_figures: text that a warm kernel shows instead of drawing each figure.

    Raises:
        NotebookError: the kernel is not installed.
    """
    kernel_name = kernel_of(notebook, kernel)
    notebook = without_outputs(with_parameters(notebook, parameters))
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not code_cells:
        return notebook
    environment = _environment(package_folder, frames)
    client = NotebookClient(
        notebook,
        kernel_name=kernel_name,
        timeout=timeout,
        record_timing=False,
        kernel_manager_class=AsyncKernelManager,
    )
    # a command that ends while threads begin with the next notebook leaves nothing
    parent = folder_of_this_process() if CAN_FORK else None
    with tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True) as folder:
        where = cwd if cwd and os.path.isdir(cwd) else folder
        if warm and is_own(kernel_name):
            started = kernel_for(
                client,
                where,
                env=environment,
                remove=folder,
                instead_of_figures=instead_of_figures,
            )
        else:
            started = _new_kernel(client, where, environment)
        cell = code_cells[0]  # gets the error if no kernel starts
        try:
            with started:
                for index, cell in enumerate(notebook.cells):
                    client.execute_cell(cell, index)
        # a cell raised an error or timed out; or the kernel did not start or died
        except (CellExecutionError, RuntimeError, TimeoutError) as error:
            store_error(cell, error)
    for cell in code_cells:
        cell.outputs = merged(cell.outputs)
    return notebook


@contextlib.contextmanager
def _new_kernel(client: Any, where: str | Path, environment: dict[str, str]) -> Iterator[None]:
    """Start a new interpreter for an nbclient client, and end it."""
    client.resources = {"metadata": {"path": where}}
    client.on_cell_executed = lambda execute_reply, **_: raise_if_exited(execute_reply["content"])
    manager = client.create_kernel_manager()
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=SHORT) as folder:
        manager.connection_file = str(Path(folder, "connection.json"))
        if os.name == "posix":
            # anyone on the machine could connect to TCP ports, but not to sockets in a private folder
            manager.transport = "ipc"
            manager.ip = str(Path(folder, "kernel"))
        with client.setup_kernel(env=environment):
            about = client.wait_for_reply(client.kc.kernel_info())
            client.nb.metadata.language_info = about["content"]["language_info"]
            yield
            client.set_widgets_metadata()


def store_error(cell: NotebookNode, error: BaseException) -> None:
    """Store an error as a cell's last output, unless it is shown already."""
    name = getattr(error, "ename", type(error).__name__)
    if name in [output.get("ename") for output in cell.outputs]:
        return
    text = getattr(error, "evalue", str(error).partition("\n")[0])
    shown = new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
    cell.outputs.append(shown)


def _environment(package_folder: str | Path | None, frames: bool) -> dict[str, str]:
    """Return this process's environment with the package folder first in PYTHONPATH, and with frames if wanted."""
    environment = dict(os.environ)
    if frames:
        environment[FRAMES] = "1"
    if package_folder:
        others = environment.get("PYTHONPATH", "")
        environment["PYTHONPATH"] = f"{package_folder}{os.pathsep}{others}"
    return environment
