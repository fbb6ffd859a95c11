"""This kit's engine for papermill: `papermill --engine sheet11` or `execute_notebook(…, engine_name="sheet11")`.

Kernels are forked from this process's server, so every notebook after the first starts at once. papermill's own engine
takes over where fork is unavailable or a notebook needs another kernel. papermill imports this file on every use, so
everything else is imported only when a notebook is executed.
"""

import os
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from papermill.log import logger
from papermill.utils import remove_args

# of papermill's own engine, not of its client
OPTIONS = ["input_path", "execution_timeout", "timeout", "start_timeout", "startup_timeout"]


class WarmEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """papermill's own engine with forked kernels."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """Execute a notebook in papermill's working directory, with the options of papermill's own engine."""
        from sheet11.course.engine.warm import is_own, kernel_for

        if not is_own(kernel_name):
            return super().execute_managed_notebook(nb_man, kernel_name, **options)
        timeout = options.get("execution_timeout") or options.get("timeout")
        given = remove_args(OPTIONS, **options)
        client = PapermillNotebookClient(nb_man, log=logger, timeout=timeout, **given)
        with kernel_for(client, os.getcwd(), env=dict(os.environ)):
            client.papermill_execute_cells()
        return client.nb
