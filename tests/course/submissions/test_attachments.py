"""Images attached to text answers."""

import pytest
from pictures import picture

from sheet11.course.submissions.attachments import with_images
from sheet11.course.submissions.images import Room

SMALL, PHOTO = picture(), picture(form="JPEG")
PNG, JPEG = {"image/png": SMALL}, {"image/jpeg": PHOTO}


def result(source, attached=None):
    return with_images(source, attached, Room(30, 10**6))


def test_attached_images_stay_with_their_names():
    text = "See ![a](attachment:scan.png) and ![b](attachment:photo.jpg)."
    attached = {"scan.png": PNG, "photo.jpg": {"image/jpeg": PHOTO[:8] + "\n" + PHOTO[8:]}}
    assert result(text, attached) == (text, {"scan.png": PNG, "photo.jpg": JPEG})


@pytest.mark.parametrize("attached", [None, [], 7, {}, "scan.png"])
def test_no_attachments(attached):
    assert result("text", attached) == ("text", {})


def test_names_become_such_that_need_no_quotes():
    text = "![](attachment:IMG%202023%20%281%29.png) ![](<attachment:a b.png>) ![](attachment:a) ![](attachment:%C3%BC)"
    found = result(
        text, {"IMG 2023 (1).png": PNG, "a b.png": PNG, "a": PNG, "ü": PNG, "a-b.png": JPEG}
    )
    shown = "![](attachment:IMG-2023-1-.png) ![](<attachment:a-b.png>) ![](attachment:a) ![](attachment:image)"
    assert found[0] == f"{shown}\n\n![a-b.png-2](attachment:a-b.png-2)"
    assert found[1] == {
        "IMG-2023-1-.png": PNG,
        "a-b.png": PNG,
        "a": PNG,
        "image": PNG,
        "a-b.png-2": JPEG,
    }


def test_what_the_text_does_not_show_is_put_at_its_end():
    text = "![](attachment:a.png) <img alt='x' src=\"attachment:b.png\" width=100>"
    found = result(text, dict.fromkeys(("a.png", "b.png", "c.png"), PNG))
    assert found[0] == "![](attachment:a.png) ![](attachment:b.png)\n\n![c.png](attachment:c.png)"


def test_images_in_the_text_become_attachments():
    text = f"a ![b](data:image/png;base64,{SMALL}) c <img src='data:image/jpeg;base64,{PHOTO}'>"
    assert result(text, {"embedded": PNG}) == (
        "a ![b](attachment:embedded-2) c ![](attachment:embedded-2-2)\n\n![embedded](attachment:embedded)",
        {"embedded": PNG, "embedded-2": PNG, "embedded-2-2": JPEG},
    )


@pytest.mark.parametrize(
    ("bundle", "why"),
    [
        ({"image/svg+xml": "<svg onload='alert(1)'/>"}, "is no PNG or JPEG"),
        ({"image/png": SMALL[:50]}, "is no PNG or JPEG"),
        ({"image/png": 7}, "is no PNG or JPEG"),
        ([], "is no PNG or JPEG"),
    ],
)
def test_what_is_left_out_is_said(bundle, why):
    assert result("See below.", {"x.png": bundle}) == (
        f"See below.\n\n[left out: x.png, which {why}]",
        {},
    )


def test_images_are_bounded_in_number():
    source, kept = result("", dict.fromkeys((f"{number}.png" for number in range(50_000)), PNG))
    assert list(kept) == [f"{number}.png" for number in range(30)]
    assert source.count("which is one too many") == 30 and len(source) < 10_000
    assert result("![](data:image/png;base64,AAAA)" * 10_000)[1] == {}


def test_names_that_are_none():
    names = ["", "\ud800", "..", "x" * 10**6, "a)](b", "\x1b[2J"]
    assert list(result("", dict.fromkeys(names, PNG))[1]) == [
        "image",
        "image-2",
        "..",
        "x" * 200,
        "a-b",
        "2J",
    ]
