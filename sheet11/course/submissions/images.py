"""Images from students: recognised by their content, not by their names, and limited in size."""

import base64
import io
from dataclasses import dataclass

from PIL import Image, ImageOps

LARGEST_SIDE = 2000  # pixels; larger images are scaled down
LARGEST_IMAGE = 1 << 20  # bytes of an image
MOST_PIXELS_OF_ONE = 51_000_000  # as phone cameras produce; they are decoded in memory
MOST_SCANS = 20  # of a JPEG, each of which goes through the whole image; programs write 10 or so
QUALITY = 80  # of the JPEG that replaces a larger image

Image.MAX_IMAGE_PIXELS = None  # `ImageBudget` limits the pixels instead


@dataclass
class ImageBudget:
    """Number of images, and of pixels in all of them together, that may still be opened."""

    images: int
    pixels: int

    def open(self, text: str, *formats: str) -> tuple[bytes, Image.Image]:
        """Decode an image from base64; return its bytes and the image, opened but not decoded.

        Raises:
            Exception: of many types, if it is not an image in these formats, or there is no room for it.
        """
        content = base64.b64decode(text)
        image = Image.open(io.BytesIO(content), formats=formats)
        pixels = image.width * image.height
        if content.count(b"\xff\xda") > MOST_SCANS and image.format == "JPEG":
            raise ValueError("too many scans")
        if not self.images or pixels > min(self.pixels, MOST_PIXELS_OF_ONE):
            raise ValueError("no room")
        self.images -= 1
        self.pixels -= pixels
        return content, image


def as_attachment(text: str, budget: ImageBudget) -> dict[str, str]:
    """Return an image in the form of an attachment, base64 by MIME type; scale a large one down.

    Raises:
        Exception: of many types, if it is not a PNG or JPEG, or damaged, or there is no room for it.
    """
    content, image = budget.open(text, "PNG", "JPEG")
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
    """Return an image as an upright JPEG within the largest side."""
    image.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))  # a JPEG need not be decoded in full
    if image.mode in ("1", "P"):  # thin lines would vanish when these are scaled down
        image = image.convert("L" if image.mode == "1" else "RGBA")
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    written = io.BytesIO()
    on_white(ImageOps.exif_transpose(image)).save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
