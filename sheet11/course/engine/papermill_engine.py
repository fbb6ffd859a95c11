"""The papermill engine of this kit: `papermill --engine sheet11`, or `execute_notebook(…, engine_name="sheet11")`.

The server that kernels are forked from belongs to the process: every notebook after the first starts at once. Where
fork is not to be had, or a notebook wants another kernel, papermill's ordinary engine serves. Papermill imports this
file wherever it is used, so that all else is imported when a notebook is executed.
"""

from typing import Any

from papermill.engines import NBClientEngine


class WarmEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """The engine of papermill itself, with forked kernels."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """Called by papermill, with the options of its own engine."""
        from sheet11.course.engine.managed import Managed
        from sheet11.course.engine.warm import is_own

        if not is_own(kernel_name):
            return super().execute_managed_notebook(nb_man, kernel_name, **options)
        # as in papermill's own engine
        timeout = options.get("execution_timeout") or options.get("timeout")
        others = ("input_path", "execution_timeout", "timeout", "start_timeout", "startup_timeout")
        given = {name: value for name, value in options.items() if name not in others}
        return Managed(nb_man, timeout=timeout, **given).execute()
