"""The papermill engine of this kit: `papermill --engine sheet11`, or `execute_notebook(…, engine_name="sheet11")`.

The server that kernels are forked from belongs to the process: every notebook after the first starts at once. Where
fork is not to be had, or a notebook wants another kernel, papermill's ordinary engine serves.
"""

import contextlib
import os
from typing import Any

from nbformat import NotebookNode
from papermill.engines import NBClientEngine

from sheet11.course.engine.warm import is_own, server, wanted


class WarmEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """The engine of papermill itself, with forked kernels."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, **options: Any
    ) -> NotebookNode:
        """Called by papermill, with the options of its own engine."""
        with contextlib.ExitStack() as closing:
            if is_own(kernel_name):
                kernel = server().fork(os.getcwd(), wanted(nb_man.nb), dict(os.environ))
                options["km"] = closing.enter_context(contextlib.closing(kernel))
            executed: NotebookNode = super().execute_managed_notebook(
                nb_man, kernel_name, **options
            )
        return executed
