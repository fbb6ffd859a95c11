"""Feedback pages small enough for learning platforms."""

import base64
import io
import re
from functools import partial

from PIL import Image

from sheet11.course.submissions.images import on_white

LARGEST_PAGE = 500_000  # bytes
IMAGE = re.compile(r"data:image/(?:png|jpeg|webp);base64,([A-Za-z0-9+/=]+)")
ANSWER = re.compile(r'(?<=<pre class="wrapped">).*?(?=</pre>)', re.DOTALL)
# longest side of an image in pixels, its quality, and characters of an answer
STEPS = ((2000, 80, 20_000), (1200, 60, 5_000), (700, 30, 1_000), (300, 10, 200))


def slim(page: str) -> str:
    """Shrink embedded images and shorten long answers step by step, and at last drop images, until a page is small."""
    for side, quality, longest in STEPS:
        if len(page.encode()) <= LARGEST_PAGE:
            return page
        page = IMAGE.sub(partial(_smaller_image, side, quality), page)
        page = ANSWER.sub(partial(_shorter_answer, longest), page)
    return page if len(page.encode()) <= LARGEST_PAGE else IMAGE.sub("data:,", page)


def _smaller_image(side: int, quality: int, match: re.Match[str]) -> str:
    """Return the data URL of an image as WebP, or the original if that is smaller."""
    with Image.open(io.BytesIO(base64.b64decode(match[1]))) as image:
        small = on_white(image)
    small.thumbnail((side, side))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=quality)
    address = f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
    return min(match[0], address, key=len)


def _shorter_answer(longest: int, match: re.Match[str]) -> str:
    text = match[0]
    if len(text) <= longest:
        return text
    kept = re.sub(r"&[#\w]*$", "", text[:longest])  # drop half of an escaped character
    return f"{kept}\n… ({len(text) - longest} characters are left out here)"
