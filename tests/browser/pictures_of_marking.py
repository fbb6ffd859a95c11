"""Make the guide's pictures of the marking page.

    python tests/browser/pictures_of_marking.py

Wants the extra `browser` and Chromium.
"""

import io
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "course/desk"))
from chromium import chromium, missing
from class_of_thirteen import NAMES, hand_in, login, write_class
from PIL import Image
from serving import serving

from sheet11.course.book.store import Store

PICTURES = Path(__file__).parents[2] / "sheet11/course/figures"
WINDOW = {"width": 1280, "height": 760}
TASK = "1_waves/proof"
RUBRIC = {"the idea": 1, "the sum in the middle": 0.5, "the last step": 0.5, "a sign": -0.5}


def main():
    """Mark some answers of a small class, and take the pictures."""
    if reason := missing():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        out = Path(folder, "grade")
        write_class(out)
        with Store(out) as store:
            for words, points in RUBRIC.items():
                store.add_item(TASK, points, words)
        with serving(out, Path(folder)) as server:
            page = browser.new_page(viewport=WINDOW)
            page.goto(f"{server.url}#task={TASK}")
            page.locator("#items label").first.wait_for()
            for key in ("1", "2", "Enter", "1", "b", "Enter", "1", "3", "c"):
                page.keyboard.press(key)
            page.keyboard.type("Say where the symmetry is used.")
            page.keyboard.press("Escape")
            save(page, "mark.png")
            hand_in(out, changed={(login(name), TASK) for name in NAMES})
            page.locator("#answer .version").first.wait_for()
            save(page, "changed.png")


def save(page, name):
    """Save what the window shows, in few colours."""
    page.wait_for_timeout(1500)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(PICTURES / name, optimize=True)


if __name__ == "__main__":
    main()
