"""Headless Chromium, driven by Playwright."""

import contextlib
import os
import shutil

HOW_TO_GET_ONE = "pip install -e '.[browser]' and, on Debian, apt-get install chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox",  # Chromium refuses to run as root without, as in a container; it sees nothing but our own pages
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",  # this and the next three: no talk with anyone but our own server
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)


def missing():
    """Say what keeps `chromium` from working on this machine, if anything."""
    if "CHROMIUM" in os.environ:
        return None  # who names a browser wants it: anything wrong with it is then an error
    try:
        import playwright  # noqa: F401
    except ImportError:
        return f"no Playwright; {HOW_TO_GET_ONE}"
    return None if _executable() else f"no Chromium; {HOW_TO_GET_ONE}"


@contextlib.contextmanager
def chromium():
    """Playwright's `Browser`, while the context lasts. The environment variable CHROMIUM names another executable."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_executable(), args=OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


def errors_of(page):
    """Collect from now on what the page reports as errors: on the console, and exceptions that nobody caught."""
    errors = []
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


def _executable():
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
