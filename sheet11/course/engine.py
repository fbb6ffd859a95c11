"""A papermill engine with warm kernels: `papermill --engine sheet11`, or `execute_notebook(…, engine_name="sheet11")`.

The kernel server belongs to the process: every notebook after the first that the same process executes starts at once.
"""

from typing import Any

from nbformat import NotebookNode
from papermill.engines import NBClientEngine

from sheet11.course.kernel import WarmKernelManager


class WarmEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """The engine of papermill itself, with another kernel manager."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> NotebookNode:
        """Called by papermill, with the options of its own engine."""
        options["kernel_manager_class"] = WarmKernelManager
        executed: NotebookNode = super().execute_managed_notebook(nb_man, kernel_name, **options)
        return executed
