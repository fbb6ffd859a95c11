"""Images attached to text answers."""

import pytest
from pictures import picture

from sheet11.course.submissions.attachments import with_images
from sheet11.course.submissions.images import ImageBudget

SMALL, PHOTO = picture(), picture(form="JPEG")
PNG, JPEG = {"image/png": SMALL}, {"image/jpeg": PHOTO}


def result(source, attached=None):
    return with_images(source, attached, ImageBudget(30, 10**6))


def name_of(bundle):
    """The name that an image gets."""
    (name,) = result("", {"any": bundle})[1]
    return name


P, J = name_of(PNG), name_of(JPEG)


def test_attached_images_are_named_after_their_content():
    text = "See ![a](attachment:{}) and ![b](attachment:{})."
    attached = {"scan.png": PNG, "photo.jpg": JPEG}
    assert result(text.format("scan.png", "photo.jpg"), attached) == (
        text.format(P, J),
        {P: PNG, J: JPEG},
    )


def test_lines_of_an_image_are_joined():
    (image,) = result("", {"a": {"image/jpeg": [PHOTO[:8], "\n", PHOTO[8:]]}})[1].values()
    assert image == JPEG


@pytest.mark.parametrize("attached", [None, [], 7, {}, "scan.png"])
def test_no_attachments(attached):
    assert result("text", attached) == ("text", {})


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("![](attachment:IMG%202023%20%281%29.png)", "IMG 2023 (1).png"),
        ("![](<attachment:a b.png>)", "a b.png"),
        ("![](attachment:%C3%BC)", "ü"),
        ("<img alt='x' src=\"attachment:b.png\" width=100>", "b.png"),
    ],
)
def test_images_are_known_however_their_names_are_written(written, name):
    source, images = result(written, {name: PNG})
    assert source.replace("<", "").replace(">", "") == f"![](attachment:{P})"
    assert images == {P: PNG}


def test_what_the_text_does_not_show_is_put_at_its_end():
    found = result("![](attachment:a.png)", {"a.png": PNG, "b.jpg": JPEG})
    assert found[0] == f"![](attachment:{P})\n\n![](attachment:{J})"


def test_images_in_the_text_become_attachments():
    text = f"a ![b](data:image/png;base64,{SMALL}) c <img src='data:image/jpeg;base64,{PHOTO}'>"
    assert result(text, {"a": PNG}) == (
        f"a ![b](attachment:{P}) c ![](attachment:{J})",
        {P: PNG, J: JPEG},
    )


@pytest.mark.parametrize(
    "bundle",
    [
        {"image/svg+xml": "<svg onload='alert(1)'/>"},
        {"image/png": SMALL[:50]},
        {"image/png": 7},
        [],
    ],
)
def test_what_is_left_out_is_said(bundle):
    source, images = result("See below.", {"x.png": bundle})
    assert source.startswith("See below.\n\n[left out: x.png: ") and images == {}


def test_images_are_bounded_in_number():
    images = (picture(width) for width in range(1, 61))
    attached = {f"{number}.png": {"image/png": image} for number, image in enumerate(images)}
    source, kept = result("", attached | dict.fromkeys(map(str, range(50_000)), PNG))
    assert [*kept.values()] == [*attached.values()][:30]
    assert source.count("one too many") == 30 and len(source) < 10_000
    assert result("![](data:image/png;base64,AAAA)" * 10_000)[1] == {}


def test_names_that_are_none():
    names = ["", "\ud800", "..", "x" * 10**6, "a)](b", "\x1b[2J"]
    assert result("", dict.fromkeys(names, PNG)) == (f"\n\n![](attachment:{P})", {P: PNG})
    left_out, _ = result("", dict.fromkeys(names))
    assert len(left_out) < 1000 and left_out.encode()
