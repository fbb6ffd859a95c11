"""A page of feedback that can be handed back: no larger than platforms like it, and complete by itself."""

import base64
import functools
import io
import re

from PIL import Image

from sheet11.course.submissions.images import on_white

LARGEST_PAGE = 500_000  # bytes
STEPS = (
    (2000, 128, 85),
    (1200, 64, 70),
    (800, 32, 55),
    (500, 16, 45),
    (300, 8, 35),
)  # side, colours, JPEG's quality
IMAGE = re.compile(r"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)")
NOTEBOOK_LINK = re.compile(r'<p><a href="[^"]*\.ipynb">[^<]*</a></p>\n?')
ANSWER = re.compile(r'(<pre class="wrapped">)(.*?)(</pre>)', re.DOTALL)
LONGEST_ANSWERS = (20_000, 5_000, 1_000, 200)  # characters, where a page is still too large


def slim(page: str, most: int = LARGEST_PAGE) -> str:
    """A page without links to the files beside it, and with images and texts small enough for it.

    Args:
        page: of feedback, with its images inside.
        most: bytes that it may have.
    """
    page = found = NOTEBOOK_LINK.sub("", page)
    for step in STEPS[
        len(page) // most > 6 :
    ]:  # the first step cannot be enough, and takes the longest
        if len(found.encode()) <= most:
            return found
        found = IMAGE.sub(functools.partial(_readdressed, step), page)
    for longest in LONGEST_ANSWERS:
        if len(found.encode()) <= most:
            return found
        found = ANSWER.sub(functools.partial(_shortened, longest), found)
    if len(found.encode()) > most:
        found = IMAGE.sub("data:,", found)
    return found


def _readdressed(step: tuple[int, int, int], address: re.Match[str]) -> str:
    return _smaller_image(address[1], *step)


@functools.lru_cache(maxsize=32)
def _smaller_image(content: str, side: int, colours: int, quality: int) -> str:
    """An image as an address that holds it: as PNG with few colours or as JPEG, whichever is smaller."""
    with Image.open(io.BytesIO(base64.b64decode(content)), formats=["PNG", "JPEG"]) as image:
        rgba = image.convert("RGBA")
    rgba.thumbnail((side, side))
    plain = on_white(rgba)
    png, jpeg = io.BytesIO(), io.BytesIO()
    plain.quantize(colours, Image.Quantize.FASTOCTREE).save(png, "PNG")
    plain.save(jpeg, "JPEG", quality=quality)
    kind, smaller = min(
        (("png", png.getvalue()), ("jpeg", jpeg.getvalue())), key=lambda each: len(each[1])
    )
    address = f"data:image/{kind};base64,{base64.b64encode(smaller).decode()}"
    return (
        min(address, f"data:image/png;base64,{content}", key=len)
        if content.startswith("iVBOR")
        else address
    )


def _shortened(longest: int, answer: re.Match[str]) -> str:
    """An answer with the beginning of its text, which is escaped."""
    head, text, end = answer.groups()
    if len(text) <= longest:
        return answer[0]
    text, more = re.sub(r"&[#\w]*$", "", text[:longest]), len(text) - longest
    return f"{head}{text}\n… ({more} characters are left out here){end}"
