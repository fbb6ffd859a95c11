"""Browser shared by these tests."""

import pytest
from chromium import chromium, missing


# not for the whole session: as long as Playwright runs, asyncio.run refuses to work in the same thread
@pytest.fixture(scope="module")
def browser():
    """Chromium, driven by Playwright."""
    if reason := missing():
        pytest.skip(reason)
    with chromium() as browser:
        yield browser
