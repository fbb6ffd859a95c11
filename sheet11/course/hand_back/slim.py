"""Pages of feedback that are small enough for platforms to take."""

import base64
import io
import re
from collections.abc import Iterator
from functools import partial

from PIL import Image

from sheet11.course.submissions.images import on_white

LARGEST_PAGE = 500_000  # bytes
IMAGE = re.compile(r"data:image/(?:png|jpeg|webp);base64,([A-Za-z0-9+/=]+)")
ANSWER = re.compile(r'(<pre class="wrapped">)(.*?)(</pre>)', re.DOTALL)
IMAGES = ((2000, 80), (1200, 60), (700, 30), (300, 10))  # pixels of a side, and quality
LONGEST_ANSWERS = (20_000, 5_000, 1_000, 200)  # characters


def slim(page: str, most: int = LARGEST_PAGE) -> str:
    """Make images smaller, then answers shorter, and at last leave images out, until a page is small enough.

    Args:
        page: HTML with its images inside.
        most: bytes that it may have.
    """
    for smaller in _smaller(page):
        page = smaller
        if len(page.encode()) <= most:
            break
    return page


def _smaller(page: str) -> Iterator[str]:
    """Yield a page, then with less and less in it."""
    yield page
    for side, quality in IMAGES:
        page = IMAGE.sub(partial(_smaller_image, side, quality), page)
        yield page
    for longest in LONGEST_ANSWERS:
        page = ANSWER.sub(partial(_shorter_answer, longest), page)
        yield page
    yield IMAGE.sub("data:,", page)


def _smaller_image(side: int, quality: int, match: re.Match[str]) -> str:
    """Return the address of an image as WebP, or as it was if that is smaller."""
    with Image.open(io.BytesIO(base64.b64decode(match[1]))) as image:
        small = on_white(image)
    small.thumbnail((side, side))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=quality)
    address = f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
    return min(match[0], address, key=len)


def _shorter_answer(longest: int, match: re.Match[str]) -> str:
    head, text, end = match.groups()
    if len(text) <= longest:
        return match[0]
    kept = re.sub(r"&[#\w]*$", "", text[:longest])  # half of an escaped character
    return f"{head}{kept}\n… ({len(text) - longest} characters are left out here){end}"
