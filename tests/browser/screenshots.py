"""Make the README's pictures of JupyterLab and of the page of a run.

    sheet11 run && python tests/browser/screenshots.py

Wants the extra `browser` and Chromium.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from chromium import chromium, missing
from lab import MINUTE, cell, jupyter_lab, open_notebook, run_all

from sheet11.course.sheet import find_sheet

ROOT = Path(__file__).parents[2]
WINDOW = {"width": 1280, "height": 900}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notebook", default="01_encoding", choices=find_sheet().notebooks)
    parser.add_argument(
        "--cell",
        default="explore",
        help="id of the cell at the top of the picture (default: explore)",
    )
    parser.add_argument(
        "--page",
        type=Path,
        default=ROOT / "build/run/index.html",
        help="default: build/run/index.html",
    )
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "notebooks/figures")
    options = parser.parse_args()
    if reason := missing():
        sys.exit(reason)
    if not options.page.exists():
        sys.exit(f"{options.page} is not there; sheet11 run writes it")
    with chromium() as browser:
        picture_of_page(browser, options.page, options.out / "index.png")
        picture_of_lab(
            browser, find_sheet().notebooks[options.notebook], options.cell, options.out / "lab.png"
        )


def picture_of_page(browser: Any, path: Path, picture: Path) -> None:
    """Save what a window shows of a page on this machine."""
    page = browser.new_page(viewport=WINDOW)
    page.goto(path.resolve().as_uri())
    page.screenshot(path=picture)


def picture_of_lab(browser: Any, path: Path, cell_id: str, picture: Path) -> None:
    """Run a notebook in JupyterLab and save what its window shows when the cell is at the top."""
    cells = nbformat.read(path, as_version=4).cells
    (index,) = [index for index, cell in enumerate(cells) if cell.id == cell_id]
    with tempfile.TemporaryDirectory() as folder, jupyter_lab(Path(folder)) as lab:
        shutil.copy(path, folder)
        page = browser.new_page(viewport=WINDOW)
        page.set_default_timeout(3 * MINUTE * 1000)
        open_notebook(page, lab, path.name, sum(cell.cell_type == "code" for cell in cells))
        run_all(page)
        page.keyboard.press("Control+b")  # no file browser
        shown = cell(page, index)
        shown.locator(".jp-InputArea-prompt").click()
        shown.evaluate("cell => cell.scrollIntoView({block: 'start'})")
        page.wait_for_function("[...document.images].every(image => image.complete)")
        page.screenshot(path=picture)
        page.close()


if __name__ == "__main__":
    main()
