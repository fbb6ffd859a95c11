"""What tests in several folders share."""

from pathlib import Path

import pytest
from hostile import hostile_notebook


@pytest.fixture(scope="session")
def hostile():
    """An executed notebook that tries to run scripts on its page and to reach other hosts."""
    return hostile_notebook()


def pytest_xdist_auto_num_workers(config):
    """One process for a few files: they are done before another one has started; else one for each core."""
    return 0 if all(Path(argument.split("::")[0]).is_file() for argument in config.args) else None
