"""Outputs of answers: what is kept of them."""

import base64
import io

import pytest
from PIL import Image

from sheet11.course.grading import outputs
from sheet11.course.grading.outputs import harmless_outputs
from sheet11.course.grading.sandbox import Batch
from sheet11.lab.records import MIME_TYPE


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


def test_text_is_cut():
    (shown,) = kept(output_type="stream", name="stderr", text="x" * 10**5)
    assert shown["text"] == "x" * outputs.LONGEST_TEXT and shown["name"] == "stderr"
    assert kept(output_type="stream", name="<b>", text="")[0]["name"] == "stdout"


def test_errors_are_cut():
    (shown,) = kept(output_type="error", ename="E" * 999, evalue="v" * 10**5, traceback=["t" * 10**5] * 99)
    assert len(shown["ename"]) == 200 and len(shown["evalue"]) == outputs.LONGEST_TEXT
    assert len(shown["traceback"]) == 20 and len(shown["traceback"][0]) == outputs.LONGEST_TEXT


def test_only_text_images_and_records_stay():
    data = {"text/html": "<script>", "text/plain": "t", "application/javascript": "x", MIME_TYPE: {"a": 1}}
    assert display(**data)[0]["data"] == {"text/plain": "t", MIME_TYPE: {"a": 1}}
    assert display(**{"text/html": "<script>"}) == []
    assert display(**{"text/plain": ["t"], MIME_TYPE: [1]}) == []


@pytest.mark.parametrize("content", ["", "no image", base64.b64encode(b"<svg onload='x'>").decode(), png(1)[:-40]])
def test_what_is_no_image(content):
    assert display(**{"image/png": content}) == []


def test_images():
    assert display(**{"image/png": png(3)}) == [
        {"output_type": "display_data", "data": {"image/png": png(3)}, "metadata": {}}
    ]
    assert display(**{"image/png": png(5000, 5000)}) == [], "too many pixels"
