"""papermill's client with a forked kernel."""

import contextlib
import os
from typing import Any

from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.log import logger

from sheet11.course.engine.client import LANGUAGE, InFork
from sheet11.course.engine.warm import server, wanted


class Managed(InFork, PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    """papermill's client, which reports each cell to papermill, with a forked kernel."""

    def __init__(self, nb_man: Any, **options: Any) -> None:
        super().__init__(nb_man, log=logger, **options)

    def execute(self) -> NotebookNode:
        """Execute the notebook in papermill's working directory."""
        kernel = server().fork(os.getcwd(), wanted(self.nb), dict(os.environ))
        with contextlib.closing(kernel):
            self.kc = kernel
            self.papermill_execute_cells()
            self.nb.metadata["language_info"] = LANGUAGE
            self.set_widgets_metadata()
        notebook: NotebookNode = self.nb
        return notebook
