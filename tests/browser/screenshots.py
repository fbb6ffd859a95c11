"""Make the README's pictures of JupyterLab and of the page of a run.

    sheet11 run && python tests/browser/screenshots.py

Wants the extra `browser` and Chromium.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from chromium import chromium, missing
from lab import MINUTE, cell, jupyter_lab, open_notebook, run_all

from sheet11.course.sheet import find_sheet

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "build/run/index.html"
PICTURES = ROOT / "notebooks/figures"
NOTEBOOK, CELL = "01_encoding", "explore"  # that is at the top of the picture
WINDOW = {"width": 1280, "height": 900}


def main():
    """Take both pictures."""
    if reason := missing():
        sys.exit(reason)
    if not PAGE.exists():
        sys.exit(f"{PAGE} is missing; sheet11 run writes it")
    with chromium() as browser:
        page = browser.new_page(viewport=WINDOW)
        page.goto(PAGE.as_uri())
        page.screenshot(path=PICTURES / "index.png")
        picture_of_lab(browser)


def picture_of_lab(browser):
    """Run a notebook in JupyterLab and save what its window shows when the cell is at the top."""
    path = find_sheet().notebooks[NOTEBOOK]
    cells = nbformat.read(path, as_version=4).cells
    with tempfile.TemporaryDirectory() as folder, jupyter_lab(Path(folder)) as lab:
        shutil.copy(path, folder)
        page = browser.new_page(viewport=WINDOW)
        page.set_default_timeout(3 * MINUTE * 1000)
        open_notebook(page, lab, path.name, sum(cell.cell_type == "code" for cell in cells))
        run_all(page)
        page.keyboard.press("Control+b")  # no file browser
        shown = cell(page, [cell.id for cell in cells].index(CELL))
        shown.locator(".jp-InputArea-prompt").click()
        shown.evaluate("cell => cell.scrollIntoView({block: 'start'})")
        page.wait_for_function("[...document.images].every(image => image.complete)")
        page.screenshot(path=PICTURES / "lab.png")


if __name__ == "__main__":
    main()
