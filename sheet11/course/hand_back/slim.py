"""Pages of feedback that are small enough for platforms to take."""

import base64
import functools
import io
import re
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from sheet11.course.submissions.images import on_white

LARGEST_PAGE = 500_000  # bytes
IMAGE = re.compile(r"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)")
ANSWER = re.compile(r'(<pre class="wrapped">)(.*?)(</pre>)', re.DOTALL)
LONGEST_ANSWERS = (20_000, 5_000, 1_000, 200)  # characters


class Step(NamedTuple):
    """Limits for images."""

    side: int
    colours: int  # of a PNG
    quality: int  # of a JPEG


STEPS = (Step(2000, 128, 85), Step(1200, 64, 70), Step(700, 24, 50), Step(300, 8, 35))


def slim(page: str, most: int = LARGEST_PAGE) -> str:
    """Make images smaller, then answers shorter, and at last leave images out, until a page is small enough.

    Args:
        page: HTML with its images inside.
        most: bytes that it may have.
    """
    changes: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
        *((IMAGE, functools.partial(_smaller_image, step)) for step in STEPS),
        *((ANSWER, functools.partial(_shorter_answer, longest)) for longest in LONGEST_ANSWERS),
        (IMAGE, lambda match: "data:,"),
    ]
    for pattern, change in changes:
        if len(page.encode()) <= most:
            break
        page = pattern.sub(change, page)
    return page


def _smaller_image(step: Step, match: re.Match[str]) -> str:
    """Return the address of an image as PNG or JPEG, whichever is smaller, or as it was."""
    with Image.open(io.BytesIO(base64.b64decode(match[1]))) as image:
        small = on_white(image)
    small.thumbnail((step.side, step.side))
    png, jpeg = io.BytesIO(), io.BytesIO()
    small.quantize(step.colours, Image.Quantize.FASTOCTREE).save(png, "PNG")
    small.save(jpeg, "JPEG", quality=step.quality)
    addresses = [
        f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
        for kind, file in (("png", png), ("jpeg", jpeg))
    ]
    return min(match[0], *addresses, key=len)


def _shorter_answer(longest: int, match: re.Match[str]) -> str:
    head, text, end = match.groups()
    if len(text) <= longest:
        return match[0]
    kept = re.sub(r"&[#\w]*$", "", text[:longest])  # half of an escaped character
    return f"{head}{kept}\n… ({len(text) - longest} characters are left out here){end}"
