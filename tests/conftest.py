"""What tests in several folders share."""

import pytest
from hostile import hostile_notebook


@pytest.fixture(scope="session")
def hostile():
    """An executed notebook that tries to run scripts on its page and to reach other hosts."""
    return hostile_notebook()
