"""A pytest plugin for `pytest --nbval`: leave the full-precision records out of the comparison of outputs.

The last digits of sines and exponentials differ from one processor to the next. What a record shows as text, with as
many digits as are stable, is compared like every other output.
"""

from typing import Any

import pytest

from sheet11.lab.records import MIME_TYPE


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Called by pytest for every file; nbval's keep a tuple of MIME types that they do not compare."""
    skipped: Any = getattr(collector, "skip_compare", None)
    if isinstance(skipped, tuple):
        collector.skip_compare = (*skipped, MIME_TYPE)
