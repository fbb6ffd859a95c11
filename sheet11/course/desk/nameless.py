"""Names of students in texts, in names of files and in metadata of pictures, hidden."""

import base64
import functools
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from PIL import Image, ImageOps  # comes with matplotlib

HIDDEN = "▮▮▮"
WIDEST = 1600  # pixels of a picture on the page
NOT_HERE = "<em>a file that was not handed in</em>"
FORMATS = ["PNG", "JPEG", "GIF", "WEBP"]
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,([A-Za-z0-9+/=\s]+)")
LINK_TO_FILE = re.compile(r'<a href="(?!https?://|#)[^"]*"[^>]*>.*?</a>', re.DOTALL)
SHORTEST = 4  # characters of a name; shorter ones are also words and symbols
SHORTEST_NUMBER = 6  # digits of a student's number; shorter ones are also sizes


def pattern_of(names: Iterable[str], subject: str = "") -> re.Pattern[str]:
    """Pattern that finds names as whole words, also with the last name first.

    Args:
        names: of people, their logins, addresses.
        subject: texts whose words stay although they are also a login: norm, max.
    """
    usual = re.findall(r"\w+", subject.lower())
    found = set()
    for name in names:
        words = re.findall(r"[^\s,;_]+", name)
        shortest = SHORTEST_NUMBER if name.isdigit() else SHORTEST
        if len(words) > 1:
            found |= {_joined(words), _joined(words[-1:] + words[:-1])}
            found.add(_joined(words[1:] + words[:1]))
        elif len(name) >= shortest and name.lower() not in usual:
            found.add(re.escape(name))
    if not found:
        return re.compile(r"(?!)")
    longest_first = sorted(found, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE)


def _joined(words: list[str]) -> str:
    return r"[\s,;_]+".join(map(re.escape, words))


def without_file_names(source: str, attachments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Number the pictures of an answer in place of the names of their files."""
    renamed = {}
    for number, (name, content) in enumerate(attachments.items(), 1):
        renamed[f"picture-{number}"] = content
        image = rf"!\[[^\]]*\]\(attachment:{re.escape(name)}"
        source = re.sub(image, f"![Picture {number}](attachment:{name}", source)
        source = source.replace(f"attachment:{name}", f"attachment:picture-{number}")
    return source, renamed


def plain_html(fragment: str) -> str:
    """Strip pictures in a fragment of a page, and replace links to files, which are called by their names."""
    fragment = PICTURE.sub(lambda found: plain_picture(found[1]), fragment)
    return LINK_TO_FILE.sub(NOT_HERE, fragment)


@functools.lru_cache(maxsize=64)
def plain_picture(content: str) -> str:
    """Address that holds a picture, upright, no wider than a page, and without metadata; empty if it is no picture.

    Args:
        content: of its file, in base64.
    """
    file = io.BytesIO()
    try:
        original = Image.open(io.BytesIO(base64.b64decode(content)), formats=FORMATS)
        image = ImageOps.exif_transpose(original)
        image.thumbnail((WIDEST, 4 * WIDEST))
        kind = "JPEG" if original.format == "JPEG" else "PNG"
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image.info.clear()
        image.save(file, kind)
    except Exception:  # Pillow raises many types for what is no image
        return ""
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"
