"""Outputs of answers: which are kept."""

import base64
import io

import pytest
from PIL import Image

from sheet11.course.sandbox.sandbox import Batch
from sheet11.course.submissions.outputs import harmless_outputs
from sheet11.lab.records import MIME_TYPE, read_records


def kept(**output):
    batch = Batch({"a": [output]}, {"a"}, None)
    assert harmless_outputs(batch)._replace(outputs={}) == batch._replace(outputs={})
    return harmless_outputs(batch).outputs["a"]


def display(**data):
    return kept(output_type="display_data", data=data, metadata={})


def png(width, height=1):
    content = io.BytesIO()
    Image.new("1", (width, height)).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


def test_only_text_images_and_records_stay():
    data = {
        "text/html": "<script>",
        "text/plain": "t",
        "application/javascript": "x",
        MIME_TYPE: {"a": 1},
    }
    assert display(**data)[0]["data"] == {"text/plain": "t", MIME_TYPE: {"a": 1}}
    assert display(**{"text/html": "<script>"}) == []
    assert display(**{"text/plain": ["t"], MIME_TYPE: [1]}) == []


def test_images_stay_and_nothing_else_that_is_called_one():
    image = png(3)
    assert display(**{"image/png": image})[0]["data"] == {"image/png": image}
    svg = base64.b64encode(b"<svg onload='x'>").decode()
    for content in ("", "no image", svg, image[:-40]):
        assert display(**{"image/png": content}) == []


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "item",
    [
        nested(600),
        {"a": 1},
        {"dtype": "<f8", "shape": [1], "values": "AAAAAAAA8D8=", "more": 1},
        {"dtype": "<f8", "shape": nested(600), "values": ""},
        {"dtype": [["f", "<f8"]] * 10**5, "shape": [1], "values": ""},
        {"dtype": "f8," * 10**6, "shape": [1], "values": ""},
        {"dtype": "<f8", "shape": [1.0], "values": ""},
        {"dtype": "<f8", "shape": [1], "values": ["AAAAAAAA8D8="]},
    ],
)
def test_what_is_no_record_is_damaged(item):
    shown = display(**{MIME_TYPE: {"y": 2, "x": item}})
    with pytest.raises(ValueError, match="^damaged record 'x': "):
        read_records({"cells": [{"outputs": shown}]})


def test_records_stay_as_they_are():
    table = {"dtype": [["n", "<i8"], ["x", "<f8", [2]]], "shape": [0], "values": ""}
    item = {"a": None, "b": True, "c": 10**30, "d": 0.5, "e": "é", "f": table}
    assert display(**{MIME_TYPE: item})[0]["data"] == {MIME_TYPE: item}


def many(output, number):
    return harmless_outputs(
        Batch({"a": [output] * number, "b": [output] * number}, set(), None)
    ).outputs


def test_outputs_are_bounded_in_number_but_records_are_kept():
    text = {"output_type": "display_data", "data": {"text/plain": "t"}, "metadata": {}}
    assert [len(shown) for shown in many(text, 400).values()] == [400, 100]
    record = {"output_type": "display_data", "data": {MIME_TYPE: {"x": 1}}, "metadata": {}}
    assert [len(shown) for shown in many(record, 400).values()] == [400, 400]


def test_images_are_bounded_in_number_and_in_pixels():
    image = {"output_type": "display_data", "data": {"image/png": png(3)}, "metadata": {}}
    assert [len(shown) for shown in many(image, 25_000).values()] == [50, 0]
    image = {"output_type": "display_data", "data": {"image/png": png(4000, 4000)}, "metadata": {}}
    assert [len(shown) for shown in many(image, 50).values()] == [6, 0]


def test_texts_are_cut_and_can_be_encoded():
    long, cut = "\ud800" + "x" * 10**5, "\\ud800" + "x" * 19_999
    stream = {"output_type": "stream", "name": "stdout", "text": long}
    assert kept(**stream) == [stream | {"text": cut}]
    (shown,) = kept(output_type="error", ename=long, evalue=long, traceback=[long] * 99)
    assert (shown["evalue"], shown["traceback"]) == (cut, [cut] * 20)
    assert display(**{"text/plain": long})[0]["data"] == {"text/plain": cut}
    assert display(**{MIME_TYPE: {"\ud800": 1}})[0]["data"] == {MIME_TYPE: {"\\ud800": 1}}
