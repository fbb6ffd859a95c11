"""Images that come from students: known by what they are, not by what they are called, and bounded."""

import base64
import io
from dataclasses import dataclass

from PIL import Image, ImageOps

LARGEST_SIDE = 2000  # pixels of an image that is kept as it is; a page of handwriting is legible
LARGEST_IMAGE = 1 << 20  # bytes of one
MOST_PIXELS_OF_ONE = 51_000_000  # what the cameras of telephones give; they are decoded in memory
QUALITY = 80  # of the JPEG that becomes of a larger one

Image.MAX_IMAGE_PIXELS = None  # pixels are counted here


@dataclass
class Room:
    """How many images, and pixels of all of them, may be opened yet."""

    images: int
    pixels: int

    def open(self, text: str, *formats: str) -> tuple[bytes, Image.Image]:
        """Return an image in base64 as bytes, and opened without decoding its pixels.

        Raises:
            Exception: of many types, if it is none in these formats, or there is no room for it.
        """
        content = base64.b64decode(text)
        image = Image.open(io.BytesIO(content), formats=formats)
        pixels = image.width * image.height
        if not self.images or pixels > min(self.pixels, MOST_PIXELS_OF_ONE):
            raise ValueError("no room")
        self.images -= 1
        self.pixels -= pixels
        return content, image


def moderate(text: str, room: Room) -> dict[str, str]:
    """Return an image as attachments have it, base64 by MIME type; a large one is made smaller.

    Raises:
        Exception: of many types, if it is neither PNG nor JPEG, or damaged, or there is no room for it.
    """
    content, image = room.open(text, "PNG", "JPEG")
    kind = Image.MIME[image.format or "JPEG"]
    if len(content) > LARGEST_IMAGE or max(image.size) > LARGEST_SIDE:
        kind = "image/jpeg"
        content = _smaller(image)
    else:
        image.load()
    return {kind: base64.b64encode(content).decode()}


def on_white(image: Image.Image) -> Image.Image:
    """Return an image on a white background."""
    rgba = image.convert("RGBA")
    white = Image.new("RGB", rgba.size, "white")
    white.paste(rgba, mask=rgba)
    return white


def _smaller(image: Image.Image) -> bytes:
    """Return an upright JPEG whose sides are within the limit."""
    image.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))  # a JPEG need not be decoded in full
    if image.mode in ("1", "P"):  # which would lose lines where they are made smaller
        image = image.convert("L" if image.mode == "1" else "RGBA")
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    written = io.BytesIO()
    on_white(ImageOps.exif_transpose(image)).save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
