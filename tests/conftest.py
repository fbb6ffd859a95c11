"""Fixtures shared by several folders."""

import gc
import os
from pathlib import Path

import pytest
from hostile import hostile_notebook

from sheet11.course.engine.child import THREADS

# of this process, if it has not loaded what reads them yet, and of all that it starts: matrices are small, and as many
# tests run at once as there are cores, so that more threads only wait for each other
os.environ |= dict.fromkeys(THREADS, "1")


@pytest.fixture(scope="session")
def hostile():
    """Return an executed notebook that tries to run scripts on its page and to reach other hosts."""
    return hostile_notebook()


def pytest_xdist_auto_num_workers(config):
    """One process for a few files: they are done before another one has started; else one for each core."""
    return 0 if all(Path(argument.split("::")[0]).is_file() for argument in config.args) else None


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Leave what tests import alone: Python would look for garbage in it again and again, while it grows and later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config, items):
    """Files with slow tests begin first, then notebooks: one that began last would be waited for.

    What needs a browser is asked for, and so are the commands of the guides, which run and grade everything.
    """
    for kind in ("browser", "commands"):
        if kind in config.option.markexpr or any(kind in argument for argument in config.args):
            continue
        for item in items:
            if item.get_closest_marker(kind):
                item.add_marker(pytest.mark.skip(reason=f"pytest -m {kind} runs these"))
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(
        key=lambda item: (
            item.path not in slow,
            "grading" not in item.path.parts,
            item.path.suffix == ".py",
        )
    )
