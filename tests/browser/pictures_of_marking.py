"""Make the guide's pictures of the marking page, of a class that hands in parts of the sheet's own answers.

    python tests/browser/pictures_of_marking.py

Wants the extra `browser` and Chromium.
"""

import argparse
import io
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "course/desk"))
from chromium import chromium, missing
from PIL import Image
from serving import serving
from sheet11.course.grading.exercises import draw_exercises

from sheet11.course.book.marks import Answer
from sheet11.course.book.store import Store
from sheet11.course.grading.grade import asked_of
from sheet11.course.sheet import find_sheet

ROOT = Path(__file__).parents[2]
WINDOW = {"width": 1280, "height": 760}
TASK = "02_scores/d-derivation"
RUBRIC = (
    (0.5, "variance off the diagonal"),
    (0.25, "variance on the diagonal"),
    (0.25, "the ratio"),
    (-0.25, "a factor"),
)
ENDINGS = ("", "\n\nSo it is.", "\n\nThe ratio follows.")


def write_grading(out: Path, changed: bool = False) -> None:
    """The folder of a grading of twelve students, as far as the page wants it."""
    sheet = find_sheet()
    tasks = list(asked_of(draw_exercises(sheet, {}, 0)))
    answers = []
    for number in range(12):
        student = f"student{number}"
        for task in tasks:
            paragraphs = re.sub(r"### (BEGIN|END) SOLUTION\n?", "", task.solution).split("\n\n")
            part = (
                paragraphs[: 1 + (number // 3 + 2) % len(paragraphs)]
                if task.by_hand
                else paragraphs
            )
            source = "\n\n".join(part) + ENDINGS[number % 3]
            if changed and task.name == TASK:
                source += "\n\n**Added:** with $\\sigma^2 = 1/2$ the ratio is $1/\\sqrt{2p}$."
            points = None if task.by_hand else task.points
            answers.append(
                Answer(
                    student,
                    task.name,
                    source,
                    {},
                    points,
                    "to read" if task.by_hand else "correct",
                    "",
                )
            )
        folder = out / "students" / student
        folder.mkdir(parents=True, exist_ok=True)
        for path in sheet.notebooks.values():
            shutil.copy(path, folder)
    with Store(out) as store:
        store.replace_answers(tasks, answers)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "sheet11/course/figures")
    options = parser.parse_args()
    if reason := missing():
        sys.exit(reason)
    options.out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        out = Path(folder, "grade")
        write_grading(out)
        with Store(out) as store:
            for points, words in RUBRIC:
                store.add_item(TASK, points, words)
        with serving(out, Path(folder), name="grace") as server:
            page = browser.new_page(viewport=WINDOW)
            page.goto(f"{server.url}#task={TASK}")
            page.locator("#items label").first.wait_for()
            for key in ("1", "2", "Enter", "1", "b", "Enter", "1", "3", "c"):
                page.keyboard.press(key)
            page.keyboard.type("Say where the independence is used.")
            page.keyboard.press("Escape")
            save(page, options.out / "mark.png")
            write_grading(out, changed=True)
            page.locator("#map .odd").first.wait_for()
            while not page.locator("#answer .version").count():
                page.keyboard.press("j")
                page.wait_for_timeout(500)
            save(page, options.out / "changed.png")


def save(page: object, picture: Path) -> None:
    """Save what the window shows, in few colours."""
    page.wait_for_timeout(1500)
    content = page.screenshot()
    Image.open(io.BytesIO(content)).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(
        picture, optimize=True
    )


if __name__ == "__main__":
    main()
