"""A pytest plugin for `pytest --nbval`: leave the full-precision records out of the comparison of outputs.

The last digits of sines and exponentials differ from one processor to the next. The text of a record, with as many
digits as are stable, is compared like every other output. Every pytest on this machine imports this file, which
therefore imports nothing until nbval collects a notebook.
"""

from typing import Any


def pytest_collectstart(collector: Any) -> None:
    """Called by pytest for every file; nbval's keep a tuple of MIME types that they do not compare."""
    if isinstance(skipped := getattr(collector, "skip_compare", None), tuple):
        from sheet11.lab.records import MIME_TYPE

        collector.skip_compare = (*skipped, MIME_TYPE)
