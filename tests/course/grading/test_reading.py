"""One notebook file that somebody else has written: what is taken of it, and what it may cost."""

import base64
import io
import json
import os
import random
import socket
import tracemalloc
import zlib

import pytest
from PIL import Image

from sheet11.course.grading import reading
from sheet11.course.grading.reading import UnreadableError, answers_in, read_answers

IDS = ["f", "proof"]


def cell(source, grade_id=None, kind="markdown", **fields):
    return {"cell_type": kind, "source": source, "metadata": {"nbgrader": {"grade_id": grade_id}}, **fields}


def picture(width=3, height=2, form="PNG", **options):
    content = io.BytesIO()
    Image.new("L", (width, height), 200).save(content, form, **options)
    return base64.b64encode(content.getvalue()).decode()


def noise(width, height, form):
    content = io.BytesIO()
    Image.frombytes("L", (width, height), random.Random(1).randbytes(width * height)).save(content, form)
    return base64.b64encode(content.getvalue()).decode()


def bomb():
    """A PNG that says it has more than four gigapixels."""
    content = bytearray(base64.b64decode(picture()))
    content[16:24] = bytes([0, 1, 0, 0] * 2)
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return base64.b64encode(content).decode()


@pytest.fixture
def problem(tmp_path):
    """What is said of a file with this content."""

    def problem(content):
        path = tmp_path / "01.ipynb"
        path.write_bytes(content)
        with pytest.raises(UnreadableError) as caught:
            read_answers(path, IDS)
        return str(caught.value)

    return problem


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'"cells"',
        b'{"nbformat": 4}',
        b'{"cells": 7}',
        b'{"cells": [7], "nbformat": 4}',
        b'{"cells": {"source": 1}}',
        b'{"worksheets": [7]}',
        b"[" * 9999,
        b'{"cells": ' + b"9" * 9999 + b"}",
        b'{"cells": ["\xff"]}',
    ],
)
def test_no_notebook(problem, content):
    assert problem(content) == "01.ipynb is no Jupyter notebook"


def test_nothing_is_parsed_that_would_fill_the_memory(problem):
    content = b'{"cells": [' + b"{}," * 1_500_000 + b"{}]}"  # 4.5 MB, and 250 MB once it is parsed
    tracemalloc.start()
    try:
        assert problem(content) == "01.ipynb has more than 2000000 values"
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with open(tmp_path / "01.ipynb", "wb") as file:
        file.truncate(reading.LARGEST + 1)
    with pytest.raises(UnreadableError, match="^01.ipynb has more than 50 MB$"):
        read_answers(tmp_path / "01.ipynb", IDS)


def no_regular_file(path):
    with pytest.raises(UnreadableError, match=f"^{path.name} is no regular file$"):
        read_answers(path, IDS)


def test_what_is_no_regular_file_is_not_waited_for(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    os.symlink(__file__, tmp_path / "link")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # a socket's path must be short
        server.bind("socket")
        for name in ("pipe", "link", "socket"):
            no_regular_file(tmp_path / name)
    no_regular_file(tmp_path.__class__("/dev/zero"))


def test_a_file_that_becomes_a_pipe_is_not_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "01.ipynb"
    path.write_text("{}")
    real = os.open

    def swapped(name, *arguments):
        path.unlink()
        os.mkfifo(path)
        return real(name, *arguments)

    monkeypatch.setattr(os, "open", swapped)
    no_regular_file(path)


def test_a_file_that_is_not_there_is_no_fault_of_the_notebook(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_answers(tmp_path / "01.ipynb", IDS)


@pytest.mark.parametrize("name", [["f"], {"f": 1}, 1, None])
def test_names_that_are_none(name):
    assert answers_in([cell("1", name, id=name)], IDS).sources == {}
    assert answers_in([cell("1", name, id="f")], IDS).sources == {"f": "1"}


@pytest.mark.parametrize("metadata", [None, [], {"nbgrader": 7}, {"nbgrader": ["f"]}])
def test_metadata_that_are_none(metadata):
    assert answers_in([{"source": "1", "id": "f", "metadata": metadata}], IDS).sources == {"f": "1"}


@pytest.mark.parametrize("source", [7, None, {}, ["a", 7], [["a"]]])
def test_a_source_that_is_no_text_is_no_answer(source):
    assert answers_in([cell("1", "f"), cell(source, "f"), cell(["a\n", "b"], "proof")], IDS).sources == {
        "f": "1",
        "proof": "a\nb",
    }


def test_half_a_character_is_written_out(tmp_path):
    (tmp_path / "01.ipynb").write_text(
        json.dumps({"cells": [cell("x = '\ud800'", "f"), cell("\ud83d\ude00", "proof")]})
    )
    found = read_answers(tmp_path / "01.ipynb", IDS).sources
    assert found == {"f": "x = '\\ud800'", "proof": "😀"}


def test_an_answer_that_is_too_long_is_missed_alone():
    found = answers_in([cell("x" * 100_001, "f"), cell("x" * 100_000, "proof")], IDS)
    assert found.sources.keys() == {"proof"}
    assert found.problems == {"f": "the answer has more than 100000 characters"}


def test_attached_images_belong_to_an_answer():
    small, photo = picture(), picture(form="JPEG")
    attached = {"scan.png": {"image/png": small}, "photo.heic": {"image/jpeg": photo[:8] + "\n" + photo[8:]}}
    found = answers_in([cell("See ![](attachment:scan.png).", "proof", attachments=attached)], IDS)
    assert found.sources == {"proof": "See ![](attachment:scan.png)."}
    assert found.attachments == {"proof": {"scan.png": {"image/png": small}, "photo.heic": {"image/jpeg": photo}}}
    assert answers_in([cell("", "f", "code", attachments=attached)], IDS).attachments == {}


def test_images_in_the_text_become_attachments():
    text = f"a ![b](data:image/png;base64,{picture()}) c <img src='data:image/jpeg;base64,{picture(form='JPEG')}'>"
    found = answers_in([cell(text, "proof", attachments={"embedded-1": {"image/png": picture(9)}})], IDS)
    assert found.sources == {"proof": "a ![b](attachment:embedded-2) c <img src='attachment:embedded-3'>"}
    assert found.attachments["proof"] == {
        "embedded-1": {"image/png": picture(9)},
        "embedded-2": {"image/png": picture()},
        "embedded-3": {"image/jpeg": picture(form="JPEG")},
    }


def test_an_image_in_a_text_is_not_counted_as_characters():
    text = f"![](data:image/png;base64,{noise(400, 400, 'PNG')})"
    assert len(text) > reading.LONGEST
    found = answers_in([cell(text, "proof")], IDS)
    assert (found.sources, found.problems) == ({"proof": "![](attachment:embedded-1)"}, {})


@pytest.mark.parametrize(
    ("bundle", "reason"),
    [
        ({"image/svg+xml": "<svg onload='alert(1)'/>"}, "is no PNG or JPEG"),
        ({"image/png": base64.b64encode(b"<svg onload='alert(1)'/>").decode()}, "is no PNG or JPEG"),
        ({"image/png": picture(form="GIF")}, "is no PNG or JPEG"),
        ({"image/png": "a"}, "is no base64"),
        ({"image/png": picture(100, 100)[:100]}, "is a damaged image"),
        ({"image/jpeg": picture(100, 100, "JPEG")[:-80]}, "is a damaged image"),
        ({"image/png": 7}, "is no PNG or JPEG"),
        ([], "is no PNG or JPEG"),
        ({"image/png": bomb()}, "has too many pixels"),
    ],
)
def test_what_is_left_out_is_said(bundle, reason):
    found = answers_in([cell("See below.", "proof", attachments={"x.png": bundle})], IDS)
    assert found.attachments == {}
    assert found.sources == {"proof": f"See below.\n\n[left out: x.png, which {reason}]"}


def test_images_are_bounded_in_number():
    attached = dict.fromkeys((f"{number}.png" for number in range(50_000)), {"image/png": picture()})
    (kept,) = answers_in([cell("", "proof", attachments=attached)], IDS).attachments.values()
    assert list(kept) == [f"{number}.png" for number in range(30)]


def test_images_are_bounded_in_pixels(monkeypatch):
    monkeypatch.setattr(reading, "MOST_PIXELS", 25_000)
    attached = dict.fromkeys("abc", {"image/png": picture(100, 100)})
    found = answers_in([cell("", "proof", attachments=attached)], IDS)
    assert list(found.attachments["proof"]) == ["a", "b"]
    assert found.sources["proof"].endswith("[left out: c, which has too many pixels]")


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_large_images_are_made_smaller(form):
    large = noise(2500, 1200, form)
    bundle = {"image/png": large}
    kept = answers_in([cell("", "proof", attachments={"x": bundle})], IDS).attachments["proof"]["x"]
    content = base64.b64decode(kept["image/jpeg"])
    assert len(content) < 2 << 20
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("JPEG", (2000, 960))


def test_thin_lines_of_a_scan_are_still_there():
    page = Image.new("1", (4000, 4000), 1)
    page.paste(0, (0, 2001, 4000, 2002))  # a line that every second pixel would miss
    content = io.BytesIO()
    page.save(content, "PNG")
    bundle = {"image/png": base64.b64encode(content.getvalue()).decode()}
    kept = answers_in([cell("", "proof", attachments={"x": bundle})], IDS).attachments["proof"]["x"]
    with Image.open(io.BytesIO(base64.b64decode(kept["image/jpeg"]))) as image:
        assert min(image.convert("L").crop((0, 995, 10, 1005)).tobytes()) < 200


def test_a_photo_that_lies_on_its_side_is_turned():
    exif = Image.Exif()
    exif[274] = 6  # orientation: to be turned to the right
    kept = answers_in(
        [cell("", "proof", attachments={"x": {"image/jpeg": picture(2400, 600, "JPEG", exif=exif)}})], IDS
    )
    with Image.open(io.BytesIO(base64.b64decode(kept.attachments["proof"]["x"]["image/jpeg"]))) as image:
        assert image.size == (500, 2000)
