"""A browser without a window."""

import os
import shutil

import pytest

NAMES = ["chromium", "chromium-browser", "google-chrome"]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="module")  # its event loop counts as running, which tests elsewhere would stumble over
def browser():
    """Chromium, driven by Playwright; tests that want it are skipped where one of them is missing."""
    wanted = "wants `pip install -e '.[browser]'` and Chromium: `apt-get install chromium`, or its path in CHROMIUM"
    sync_api = pytest.importorskip("playwright.sync_api", reason=wanted)
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.skip(wanted)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()
