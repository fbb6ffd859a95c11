"""Images from students: which are valid, and how they are converted."""

import base64
import io

import pytest
from pictures import bomb, encoded, noise, picture
from PIL import Image

from sheet11.course.submissions.images import ImageBudget, as_attachment


def opened(bundle):
    ((kind, content),) = bundle.items()
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    assert kind == {"PNG": "image/png", "JPEG": "image/jpeg"}[image.format]
    return image


def room(images=1, pixels=10**8):
    return ImageBudget(images, pixels)


def test_small_images_stay_as_they_are():
    for form, kind in (("PNG", "image/png"), ("JPEG", "image/jpeg")):
        assert as_attachment(picture(form=form), room()) == {kind: picture(form=form)}
    assert as_attachment(picture()[:8] + "\n " + picture()[8:], room()) == {"image/png": picture()}


@pytest.mark.parametrize(
    "content",
    [
        base64.b64encode(b"<svg onload='alert(1)'/>").decode(),
        picture(form="GIF"),
        "a",
        picture(100, 100)[:100],
        picture(100, 100, "JPEG")[:-80],
        bomb(),
        encoded(Image.new("1", (8000, 8000))),
    ],
    ids=["SVG", "GIF", "none", "half a PNG", "half a JPEG", "bomb", "too many pixels"],
)
def test_what_is_no_image(content):
    with pytest.raises((ValueError, OSError)):  # Pillow's are OSErrors
        as_attachment(content, room())


def test_room_ends():
    here = room(images=3, pixels=14)
    as_attachment(picture(3, 2), here)
    as_attachment(picture(3, 2), here)
    with pytest.raises(ValueError, match="no room"):
        as_attachment(picture(3, 1), here)
    as_attachment(picture(2, 1), here)
    with pytest.raises(ValueError, match="no room"):
        as_attachment(picture(1, 1), here)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_large_images_are_made_smaller(form):
    kept = as_attachment(noise(2500, 1200, form), room())
    assert (opened(kept).format, opened(kept).size) == ("JPEG", (2000, 960))
    assert len(kept["image/jpeg"]) < 3 << 20


def test_a_photo_that_lies_on_its_side_is_turned():
    exif = Image.Exif()
    exif[274] = 6  # orientation: to be turned to the right
    assert opened(as_attachment(picture(2400, 600, "JPEG", exif=exif), room())).size == (500, 2000)


def test_thin_lines_of_a_scan_are_still_there():
    page = Image.new("1", (4000, 4000), 1)
    page.paste(0, (0, 2001, 4000, 2002))  # a line that every second pixel would miss
    image = opened(as_attachment(encoded(page), room()))
    assert min(image.convert("L").crop((0, 995, 10, 1005)).tobytes()) < 200


def test_what_is_transparent_becomes_white():
    image = opened(as_attachment(encoded(Image.new("RGBA", (2001, 10), (255, 0, 0, 0))), room()))
    assert image.convert("L").getextrema() == (255, 255)
