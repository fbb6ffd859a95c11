"""What could tell whose an answer is: names in texts, names of files, and what cameras write into pictures."""

import base64
import functools
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = "▮▮▮"
WIDEST = 1600  # pixels of a picture on the page
NOT_HERE = "<em>a file that was not handed in</em>"
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,([A-Za-z0-9+/=\s]+)")
LINK_TO_FILE = re.compile(r'<a href="(?!https?://|#)[^"]*"[^>]*>.*?</a>', re.DOTALL)
SHORTEST = 4  # characters of a name; shorter ones are also words and symbols
SHORTEST_NUMBER = 6  # digits of somebody's number; shorter ones are also sizes


def pattern_of(names: Iterable[str], subject: str = "") -> re.Pattern[str]:
    """Finds names as whole words, also with the last name first.

    Args:
        names: of people, their logins, addresses.
        subject: texts whose words are left alone if they are also somebody's login: norm, max.
    """
    words_of_subject = set(re.findall(r"\w+", subject.lower()))
    found = set()
    for name in names:
        words = re.findall(r"[^\s,;_]+", name)
        if len(words) > 1:
            found |= {tuple(words), (words[-1], *words[:-1]), (*words[1:], words[0])}
        elif (
            len(name) >= (SHORTEST_NUMBER if name.isdigit() else SHORTEST)
            and name.lower() not in words_of_subject
        ):
            found.add((name,))
    each = (
        r"[\s,;_]+".join(map(re.escape, words)) for words in sorted(found, key=len, reverse=True)
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(each)})(?!\w)" if found else r"(?!)", re.IGNORECASE)


def without_file_names(source: str, attachments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """An answer whose pictures are counted, whatever their files were called."""
    renamed = {}
    for number, (name, content) in enumerate(attachments.items(), 1):
        renamed[f"picture-{number}"] = content
        source = re.sub(
            rf"!\[[^\]]*\]\(attachment:{re.escape(name)}",
            f"![Picture {number}](attachment:{name}",
            source,
        )
        source = source.replace(f"attachment:{name}", f"attachment:picture-{number}")
    return source, renamed


def plain_html(fragment: str) -> str:
    """A fragment of a page whose pictures are only pictures, and whose links do not lead to files by their names."""
    return LINK_TO_FILE.sub(NOT_HERE, PICTURE.sub(lambda found: plain_picture(found[1]), fragment))


@functools.lru_cache(maxsize=64)
def plain_picture(content: str) -> str:
    """A picture as an address that holds it: upright, no wider than a page, and without what its file says besides.

    Args:
        content: of its file, in base64.
    """
    from PIL import Image, ImageOps  # comes with matplotlib

    try:
        with Image.open(
            io.BytesIO(base64.b64decode(content)), formats=["PNG", "JPEG", "GIF", "WEBP"]
        ) as image:
            kind = "JPEG" if image.format == "JPEG" else "PNG"
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((WIDEST, 4 * WIDEST))
            bare = upright.convert(
                "RGBA" if upright.has_transparency_data and kind == "PNG" else "RGB"
            )
            bare.info.clear()
            buffer = io.BytesIO()
            bare.save(buffer, kind)
    except Exception:  # Pillow raises many types for what is no image
        return ""
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
