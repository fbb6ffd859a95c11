"""Images in base64, as attached to cells."""

import base64
import io
import random
import zlib

from PIL import Image


def encoded(image, form="PNG", **options):
    content = io.BytesIO()
    image.save(content, form, **options)
    return base64.b64encode(content.getvalue()).decode()


def picture(width=3, height=2, form="PNG", **options):
    """A grey area."""
    return encoded(Image.new("L", (width, height), 200), form, **options)


def noise(width, height, form):
    """What cannot be compressed."""
    return encoded(
        Image.frombytes("L", (width, height), random.Random(1).randbytes(width * height)), form
    )


def bomb():
    """A PNG that says it has more than four gigapixels."""
    content = bytearray(base64.b64decode(picture()))
    content[16:24] = bytes([0, 1, 0, 0] * 2)
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return base64.b64encode(content).decode()
