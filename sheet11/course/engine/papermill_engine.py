"""This kit's engine for papermill: `papermill --engine sheet11` or `execute_notebook(…, engine_name="sheet11")`.

Kernels are forked from this process's server, so every notebook after the first starts at once. papermill's own engine
takes over where fork is unavailable or a notebook needs another kernel. papermill imports this file on every use, so
everything else is imported only when a notebook is executed.
"""

from typing import Any

from papermill.engines import NBClientEngine


class WarmEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """papermill's own engine with forked kernels."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """Execute a notebook with the options of papermill's own engine."""
        from sheet11.course.engine.managed import Managed
        from sheet11.course.engine.warm import is_own

        if not is_own(kernel_name):
            return super().execute_managed_notebook(nb_man, kernel_name, **options)
        # as in papermill's own engine
        timeout = options.get("execution_timeout") or options.get("timeout")
        others = ("input_path", "execution_timeout", "timeout", "start_timeout", "startup_timeout")
        given = {name: value for name, value in options.items() if name not in others}
        return Managed(nb_man, timeout=timeout, **given).execute()
