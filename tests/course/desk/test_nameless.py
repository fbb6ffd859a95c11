"""Removal of names and metadata that could reveal a student."""

import base64
import io

import pytest
from PIL import Image

from sheet11.course.desk.nameless import HIDDEN, hider, plain_html, plain_picture


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("by Anna Müller.", f"by {HIDDEN}."),
        ("Müller, Anna", HIDDEN),
        ("anna_müller and ANNA\nMÜLLER", f"{HIDDEN} and {HIDDEN}"),
        ("am1234:", f"{HIDDEN}:"),
        ("anna@uni.example", HIDDEN),
        ("Anna María del Río", HIDDEN),
        ("7654321 of 4096", f"{HIDDEN} of 4096"),
        ("amueller and Amueller", f"{HIDDEN} and {HIDDEN}"),
        (r"$\max_i$ and the norm of am12345", r"$\max_i$ and the norm of am12345"),
    ],
)
def test_names_in_texts(text, hidden):
    names = [
        "Anna Müller",
        "am1234",
        "anna@uni.example",
        "amueller",
        "7654321",
        "4096",
        "max",
        "norm",
        "a1",
        "María del Río Anna",
    ]
    assert hider(names, "The Norm of x")(text) == hidden


def test_links_to_files_are_not_shown_and_others_are():
    page = '<p><a href="anna/scan.png">anna</a> <a href="mailto:anna@x.org">me</a> <a href="https://x.org">x</a></p>'
    shown = plain_html(page + '<img alt="anna" src="data:image/svg+xml;base64,AAAA">')
    assert "anna" not in shown and 'href="https://x.org"' in shown


def picture(size, kind="PNG", **options):
    buffer = io.BytesIO()
    Image.new("RGBA" if kind == "PNG" else "RGB", size, "red").save(buffer, kind, **options)
    return base64.b64encode(buffer.getvalue()).decode()


def decoded(address):
    return base64.b64decode(address.partition("base64,")[2])


def test_a_camera_says_nothing_and_the_picture_is_upright():
    exif = Image.Exif()
    exif[0x013B], exif[0x0112] = "Anna Müller", 6  # the artist; the camera was held sideways
    content = decoded(plain_picture(picture((40, 20), "JPEG", exif=exif)))
    assert b"Anna" not in content and Image.open(io.BytesIO(content)).size == (20, 40)


def test_pictures_are_no_wider_than_a_page():
    content = decoded(plain_picture(picture((5000, 10))))
    assert Image.open(io.BytesIO(content)).width == 1600


@pytest.mark.parametrize(
    "content", ["", "no base64", base64.b64encode(b"\x89PNG\r\n\x1a\n" * 9).decode()]
)
def test_what_is_no_picture(content):
    assert plain_picture(content) == ""
