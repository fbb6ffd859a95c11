"""Removal of students' names from texts, file names and picture metadata."""

import base64
import functools
import io
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image, ImageOps  # comes with matplotlib

from sheet11.course.pages.render import cells_html
from sheet11.course.text import visible

Hide = Callable[[str], str]

HIDDEN = "▮▮▮"
WIDEST = 1600  # pixels, largest width of a picture on the page
NOT_HERE = "<em>a file that was not handed in</em>"
FORMATS = ["PNG", "JPEG", "GIF", "WEBP"]
# of the attributes, the content of a picture that is shown is captured
IMAGE = re.compile(
    r'<img(?: src="data:image/(?:png|jpeg|gif|webp);base64,([^"]+)"| [\w-]+="[^"]*")*+>'
)
LINK_TO_FILE = re.compile(r'<a (?!href="(?:https?://|#))[^>]*>.*?</a>', re.DOTALL)
SHORTEST = 4  # characters of a name; shorter names may be words or symbols
SHORTEST_NUMBER = 6  # digits of a student's number; shorter numbers may be sizes


def hider(names: Iterable[str], subject: str = "") -> Hide:
    """Return a function that hides names in a text: whole words, also with the last name first.

    Args:
        names: names, logins and addresses of people.
        subject: texts whose words are kept even if they are also logins, such as norm or max.
    """
    usual = re.findall(r"\w+", subject.lower())
    patterns = {"(?!)"}  # matches nothing
    for name in names:
        words = re.findall(r"[^\s,;_]+", name)
        shortest = SHORTEST_NUMBER if name.isdigit() else SHORTEST
        if len(words) == 1 and (len(name) < shortest or name.lower() in usual):
            continue
        for first in range(len(words)):
            patterns.add(r"[\s,;_]+".join(map(re.escape, words[first:] + words[:first])))
    longest_first = sorted(patterns, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE)
    return functools.partial(pattern.sub, HIDDEN)


def nameless_html(hide: Hide, kind: str, source: str, attachments: Mapping[str, Any]) -> str:
    """Return a cell, code or markdown, as HTML without names."""
    source = hide(visible(source, lines=True))
    files = {hide(name): file for name, file in attachments.items()}
    is_code = kind == "code"
    cell = new_code_cell(source) if is_code else new_markdown_cell(source, attachments=files)
    return plain_html(cells_html(new_notebook(cells=[cell])))


def plain_html(fragment: str) -> str:
    """Replace images in an HTML fragment by plain pictures, and links to files, which contain names, by a note."""
    pictures = IMAGE.sub(
        lambda image: f'<img alt="Picture" src="{plain_picture(image[1] or "")}">', fragment
    )
    return LINK_TO_FILE.sub(NOT_HERE, pictures)


@functools.lru_cache(maxsize=64)
def plain_picture(content: str) -> str:
    """Return a data URL of a picture, upright, no wider than a page and without metadata; empty if it is invalid.

    Args:
        content: content of the picture's file, in base64.
    """
    file = io.BytesIO()
    try:
        original = Image.open(io.BytesIO(base64.b64decode(content)), formats=FORMATS)
        image = ImageOps.exif_transpose(original).convert("RGBA")
        image.thumbnail((WIDEST, 4 * WIDEST))
        image.info.clear()
        image.save(file, "WEBP")
    except Exception:  # Pillow raises many types for invalid images
        return ""
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
