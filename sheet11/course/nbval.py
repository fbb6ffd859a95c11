"""Pytest plugin for `pytest --nbval` that does not compare full-precision records.

The last digits of sines and exponentials differ between processors. A record's text has only stable digits, and is
compared like any other output. Every pytest in this environment loads this file, so it imports nothing else until
nbval collects a notebook.
"""

from typing import Any


def pytest_collectstart(collector: Any) -> None:
    """Add the records' MIME type to those that nbval's collectors skip."""
    if isinstance(skipped := getattr(collector, "skip_compare", None), tuple):
        from sheet11.lab.records import MIME_TYPE

        collector.skip_compare = (*skipped, MIME_TYPE)
