"""Take the screenshots for the README (JupyterLab and the page of a run) and for the guide (the marking page).

    sheet11 run && PYTHONPATH=tests:tests/course/desk python tests/browser/screenshots.py

Needs the extra `browser` and Chromium.
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from chromium import chromium, missing
from filled import fill
from lab import MINUTE, cell, jupyter_lab, open_notebook, run_all
from PIL import Image
from serving import serving

from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.scores import Status
from sheet11.course.book.store import Store, student_folder
from sheet11.course.sheet import find_sheet

ROOT = Path(__file__).parents[2]
OF_README, OF_GUIDE = ROOT / "notebooks/figures", ROOT / "sheet11/course/figures"
RUBRIC = {
    "variance off the diagonal": 0.5,
    "variance on the diagonal": 0.25,
    "the ratio": 0.25,
    "a factor": -0.25,
}
ADDED = "\n\n**Added:** with $\\sigma^2 = 1/2$ the ratio is $1/\\sqrt{2p}$."


def main():
    """Take all pictures."""
    if reason := missing():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(3 * MINUTE * 1000)
        page.goto((ROOT / "build/run/index.html").as_uri())  # which `sheet11 run` writes
        page.screenshot(path=OF_README / "index.png")
        picture_of_lab(page, Path(folder))
        page.set_viewport_size({"width": 1280, "height": 760})
        pictures_of_marking(page, Path(folder))


def picture_of_lab(page, folder):
    """Run a notebook in JupyterLab, and show its explorer at the top."""
    path = find_sheet().notebooks["01_encoding"]
    cells = nbformat.read(path, as_version=4).cells
    shutil.copy(path, folder)
    with jupyter_lab(folder) as address:
        open_notebook(page, address(path.name), sum(cell.cell_type == "code" for cell in cells))
        run_all(page)
        page.keyboard.press("Control+b")  # no file browser
        shown = cell(page, [cell.id for cell in cells].index("explore"))
        shown.locator(".jp-InputArea-prompt").click()
        shown.evaluate("cell => cell.scrollIntoView({block: 'start'})")
        page.wait_for_function("[...document.images].every(image => image.complete)")
        page.screenshot(path=OF_README / "lab.png")


def pictures_of_marking(page, folder):
    """Mark some answers; then one of them has changed."""
    write_grading(folder / "grade")
    with serving(folder / "grade", folder) as server:
        page.goto(server.url)
        page.locator("#task-list button").press("Enter")
        page.locator("#items label").first.wait_for()
        for key in ("1", "2", "Enter", "1", "b", "Enter", "1", "3", "c"):
            page.keyboard.press(key)
        page.keyboard.type("Say where the independence is used.")
        page.keyboard.press("Escape")
        save(page, "mark.png")
        write_grading(folder / "grade", ADDED)
        page.locator("#map .odd").first.wait_for()
        while not page.locator("#answer .version").count():
            page.keyboard.press("j")
            page.wait_for_timeout(500)
        save(page, "changed.png")


def write_grading(out, added=""):
    """Write the folder of a grading of twelve students, who hand in parts of the sheet's own answer."""
    path = find_sheet().notebooks["02_scores"]
    cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
    solution = cells["d-derivation"].source
    title = "1d.1 · The size of the difference, on paper"
    task = Task("02_scores/d-derivation", title, "", 1.0, True, solution)
    paragraphs = solution.split("\n\n")
    answers = []
    for number in range(12):
        part = paragraphs[: 1 + number // 2 % len(paragraphs)]
        source = "\n\n".join([*part, *["So it is."] * (number % 2)]) + added
        student = f"student{number}"
        answers.append(Answer(student, task.name, source, {}, None, Status.TO_READ, ""))
        folder = student_folder(out, student)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
    with Store(out) as store:
        fill(store, [task], answers)
        for words, points in RUBRIC.items() if not added else ():
            store.set_item(task.name, points, words)


def save(page, name):
    """Save what the window shows, in few colours."""
    page.wait_for_timeout(1500)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(OF_GUIDE / name, optimize=True)


if __name__ == "__main__":
    main()
