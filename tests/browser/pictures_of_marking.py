"""Make the guide's pictures of the marking page, of a class that hands in parts of the sheet's own answer.

    python tests/browser/pictures_of_marking.py

Wants the extra `browser` and Chromium.
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "course/desk")]
from chromium import chromium, missing
from filled import fill
from PIL import Image
from serving import serving

from sheet11.course.book.marks import Answer, Task
from sheet11.course.book.scores import Status
from sheet11.course.book.store import Store, student_folder
from sheet11.course.sheet import find_sheet

PICTURES = Path(__file__).parents[2] / "sheet11/course/figures"
WINDOW = {"width": 1280, "height": 760}
NOTEBOOK, CELL = "02_scores", "d-derivation"
TITLE = "1d.1 · The size of the difference, on paper"
RUBRIC = {
    "variance off the diagonal": 0.5,
    "variance on the diagonal": 0.25,
    "the ratio": 0.25,
    "a factor": -0.25,
}
ENDINGS = ("", "\n\nSo it is.", "\n\nThe ratio follows.")
ADDED = "\n\n**Added:** with $\\sigma^2 = 1/2$ the ratio is $1/\\sqrt{2p}$."


def write_grading(out, added=""):
    """Write the folder of a grading of twelve students, as far as the page needs it."""
    path = find_sheet().notebooks[NOTEBOOK]
    (cell,) = [cell for cell in nbformat.read(path, as_version=4).cells if cell.id == CELL]
    task = Task(f"{NOTEBOOK}/{CELL}", TITLE, "", 1.0, True, cell.source)
    paragraphs = cell.source.split("\n\n")
    answers = []
    for number in range(12):
        student = f"student{number}"
        part = paragraphs[: 1 + (number // 3 + 2) % len(paragraphs)]
        source = "\n\n".join(part) + ENDINGS[number % 3] + added
        answers.append(Answer(student, task.name, source, {}, None, Status.TO_READ, ""))
        folder = student_folder(out, student)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
    with Store(out) as store:
        fill(store, [task], answers)
        if not added:
            for words, points in RUBRIC.items():
                store.add_item(task.name, points, words)


def main():
    """Mark some answers, and take the pictures."""
    if reason := missing():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        out = Path(folder, "grade")
        write_grading(out)
        with serving(out, Path(folder)) as server:
            page = browser.new_page(viewport=WINDOW)
            page.goto(f"{server.url}#task={NOTEBOOK}/{CELL}")
            page.locator("#items label").first.wait_for()
            for key in ("1", "2", "Enter", "1", "b", "Enter", "1", "3", "c"):
                page.keyboard.press(key)
            page.keyboard.type("Say where the independence is used.")
            page.keyboard.press("Escape")
            save(page, "mark.png")
            write_grading(out, ADDED)
            page.locator("#map .odd").first.wait_for()
            while not page.locator("#answer .version").count():
                page.keyboard.press("j")
                page.wait_for_timeout(500)
            save(page, "changed.png")


def save(page, name):
    """Save what the window shows, in few colours."""
    page.wait_for_timeout(1500)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(PICTURES / name, optimize=True)


if __name__ == "__main__":
    main()
